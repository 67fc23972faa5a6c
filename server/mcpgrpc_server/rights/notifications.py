"""A backend that hears only the notifications which the policy gives their sender.

It judges no request: the stage beside it does. A notification has no answer, so one that is not
given is dropped without a word to its sender.
"""

from __future__ import annotations

import logging
from contextlib import AbstractAsyncContextManager

from mcpgrpc.v1 import envelope_pb2
from mcpgrpc_server.availability import Availability
from mcpgrpc_server.backend import (
    Backend,
    BackendConnection,
    Client,
    ClientNotification,
    ServerCall,
    Summary,
)
from mcpgrpc_server.rights.stage import RightsStage

logger = logging.getLogger(__name__)


class JudgedBackend:
    """Stands before a backend where there is a policy.

    Args:
        backend: what answers.
        rights: who may say what.
    """

    def __init__(self, backend: Backend, rights: RightsStage) -> None:
        self._backend = backend
        self._rights = rights

    @property
    def availability(self) -> Availability:
        """That of the backend."""
        return self._backend.availability

    def lifespan(self) -> AbstractAsyncContextManager[None]:
        """That of the backend."""
        return self._backend.lifespan()

    def connect(self, client: Client) -> BackendConnection:
        """A client whose notifications are judged."""
        return JudgedConnection(self._backend.connect(client), client, self._rights)

    async def summary(self) -> Summary:
        """What the backend serves."""
        return await self._backend.summary()


class JudgedConnection:
    """One client of it."""

    def __init__(self, connection: BackendConnection, client: Client, rights: RightsStage) -> None:
        self._connection = connection
        self._client = client
        self._rights = rights

    async def handle_request(self, call: ServerCall) -> envelope_pb2.JsonRpcResponse:
        """Pass on a request, which was judged before."""
        return await self._connection.handle_request(call)

    async def handle_notification(self, notification: ClientNotification) -> None:
        """Pass on a notification that the policy gives its sender as it is known now."""
        if self._rights.takes(notification.method, self._client.caller):
            await self._connection.handle_notification(notification)
        else:
            logger.debug("dropped a notification that no rule gives its sender")

    def listen_completion(self, call: ServerCall) -> envelope_pb2.JsonRpcResponse:
        """That of the backend."""
        return self._connection.listen_completion(call)

    async def aclose(self) -> None:
        """The client is gone."""
        await self._connection.aclose()
