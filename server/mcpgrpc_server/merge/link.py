"""One client's connection to one member: made when it is needed.

It does not know which requests go to the member.
"""

from __future__ import annotations

import logging

from mcpgrpc.binding import errors
from mcpgrpc.v1 import envelope_pb2
from mcpgrpc_server.backend import BackendConnection, ClientNotification, ServerCall
from mcpgrpc_server.merge import answers
from mcpgrpc_server.merge.background import Background
from mcpgrpc_server.merge.member import Member
from mcpgrpc_server.merge.member_client import MemberClient

logger = logging.getLogger(__name__)


class MemberLink:
    """The way to a member.

    Args:
        at: the member's place in the order of the members.
        member: the member.
        client: the client as it sees it.
        background: what closes a connection that is given up.
    """

    def __init__(
        self, at: int, member: Member, client: MemberClient, background: Background
    ) -> None:
        self.at = at
        self.member = member
        self._client = client
        self._background = background
        self._connection: BackendConnection | None = None

    @property
    def name(self) -> str:
        """The member's name."""
        return self.member.name

    @property
    def serving(self) -> bool:
        """Whether the member can answer now."""
        return self.member.serving

    async def ask(self, call: ServerCall) -> envelope_pb2.JsonRpcResponse:
        """Have the member answer a request; one that is down has not started it."""
        if not self.serving:
            return answers.unavailable(self.name)
        try:
            return await self._connected().handle_request(call)
        except Exception:
            logger.exception("%s raised on %s", self.name, call.request.method)
            return errors.failure(errors.INTERNAL_ERROR, "Internal server error")

    async def tell(self, notification: ClientNotification) -> None:
        """Hand the member a notification; one that is down misses it."""
        if not self.serving:
            return
        try:
            await self._connected().handle_notification(notification)
        except Exception:
            logger.exception("%s raised on %s", self.name, notification.method)

    def give_up(self) -> None:
        """Begin anew with the next message: the member has not taken this client in."""
        if self._connection is not None:
            self._background.spawn(
                self._connection.aclose(), f"closing a connection to {self.name}"
            )
            self._connection = None

    async def aclose(self) -> None:
        """The client is gone."""
        connection, self._connection = self._connection, None
        if connection is not None:
            await connection.aclose()

    def _connected(self) -> BackendConnection:
        if self._connection is None:
            self._connection = self.member.backend.connect(self._client)
        return self._connection
