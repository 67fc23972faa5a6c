"""The client as one member sees it: what the member sends goes to the client, mapped.

It does not decide how anything is mapped; its `Surroundings` do.
"""

from __future__ import annotations

from typing import Protocol

from mcpgrpc.binding.ids import Id
from mcpgrpc.stream.writer import StreamClosedError
from mcpgrpc.v1 import envelope_pb2
from mcpgrpc_server.backend import Client
from mcpgrpc_server.caller import Caller
from mcpgrpc_server.merge import answers, json_edit
from mcpgrpc_server.merge.kinds import UPDATED_METHOD, changed_kinds
from mcpgrpc_server.merge.progress import ProgressTokens


class Surroundings(Protocol):
    """What a member's messages pass on their way to the client."""

    def list_changed(self, method: str) -> None:
        """A list of a member has changed; `method` says which."""
        ...

    def offered_uri(self, member: int, uri: str) -> str:
        """What a member's URI is offered as, as far as is known."""
        ...


class MemberClient:
    """The client of one stream, for one member.

    Args:
        member: the member's place.
        client: the client itself.
        surroundings: what maps and hears.
        tokens: the progress tokens of the stream.
    """

    def __init__(
        self, member: int, client: Client, surroundings: Surroundings, tokens: ProgressTokens
    ) -> None:
        self._member = member
        self._client = client
        self._surroundings = surroundings
        self._tokens = tokens

    @property
    def caller(self) -> Caller:
        """Who it is."""
        return self._client.caller

    @property
    def takes_requests(self) -> bool:
        """Whether the RPC can carry server-to-client requests at all."""
        return self._client.takes_requests

    async def notify(
        self, method: str, params_json: str | None, related_request_id: Id | None
    ) -> None:
        """Pass a notification on, unless it belongs to a request that the client has not made."""
        if changed_kinds(method):
            self._surroundings.list_changed(method)
        elif answers.is_own_id(related_request_id):
            return
        if method == UPDATED_METHOD and params_json is not None:
            params_json = self.mapped(params_json)
        await self._client.notify(method, params_json, _known_id(related_request_id))

    def mapped(self, params_json: str) -> str:
        """The params of `notifications/resources/updated` with the URI that the client knows."""
        try:
            return json_edit.with_strings(params_json, [("uri",)], self._offered)
        except json_edit.JsonTextError:
            return params_json

    def next_request_id(self) -> int:
        """An id that no other request to the client has, of whatever member."""
        return self._client.next_request_id()

    async def request(
        self,
        request_id: Id,
        method: str,
        params_json: str | None,
        related_request_id: Id | None,
        timeout_seconds: float | None,
    ) -> envelope_pb2.JsonRpcResponse:
        """Ask the client."""
        with self._tokens.waiting(self._member, params_json) as sent_json:
            return await self._client.request(
                request_id, method, sent_json, _known_id(related_request_id), timeout_seconds
            )

    def close_request_stream(self, request_id: Id) -> None:
        """Ask the door to end the SSE stream of a request."""
        if not answers.is_own_id(request_id):
            self._client.close_request_stream(request_id)

    def close_standalone_stream(self) -> None:
        """Ask the door to end the standalone SSE stream."""
        self._client.close_standalone_stream()

    def _offered(self, uri: str) -> str:
        return self._surroundings.offered_uri(self._member, uri)


class ListingClient:
    """The client of requests that a merged server makes for itself: it hears nothing.

    Args:
        caller: for whom they are made.
    """

    takes_requests = False

    def __init__(self, caller: Caller) -> None:
        self.caller = caller

    async def notify(
        self, method: str, params_json: str | None, related_request_id: Id | None
    ) -> None:
        """Nobody listens."""

    def next_request_id(self) -> int:
        """Never asked: this client takes no requests."""
        return 0

    async def request(
        self,
        request_id: Id,
        method: str,
        params_json: str | None,
        related_request_id: Id | None,
        timeout_seconds: float | None,
    ) -> envelope_pb2.JsonRpcResponse:
        """Never asked: this client takes no requests."""
        raise StreamClosedError(f"nobody is there to answer {method}")

    def close_request_stream(self, request_id: Id) -> None:
        """There is no such stream."""

    def close_standalone_stream(self) -> None:
        """There is no such stream."""


def _known_id(request_id: Id | None) -> Id | None:
    return None if answers.is_own_id(request_id) else request_id
