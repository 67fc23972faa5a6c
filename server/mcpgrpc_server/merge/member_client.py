"""The client as one member sees it: what the member sends goes to the client, mapped.

It does not decide how anything is mapped.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from mcpgrpc.binding.ids import Id
from mcpgrpc.binding.json_text import JsonTextError
from mcpgrpc.v1 import envelope_pb2
from mcpgrpc_server.backend import Client
from mcpgrpc_server.caller import Caller
from mcpgrpc_server.merge import answers, json_edit
from mcpgrpc_server.merge.kinds import UPDATED_METHOD, changed_kinds
from mcpgrpc_server.merge.progress import ProgressTokens

ListChanged: TypeAlias = Callable[[str], None]
"""Hears that a list of a member has changed; the notification's method says which."""

OfferedUri: TypeAlias = Callable[[int, str], str]
"""What a URI of a member, given by its place, is offered as, as far as is known."""


class MemberClient:
    """The client of one stream, for one member.

    Args:
        member: the member's place.
        client: the client itself.
        list_changed: hears of changed lists, before the client does.
        offered_uri: maps URIs.
        tokens: the progress tokens of the stream.
    """

    def __init__(
        self,
        member: int,
        client: Client,
        list_changed: ListChanged,
        offered_uri: OfferedUri,
        tokens: ProgressTokens,
    ) -> None:
        self._member = member
        self._client = client
        self._list_changed = list_changed
        self._offered_uri = offered_uri
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
        if answers.is_own_id(related_request_id) and not changed_kinds(method):
            return
        passed_json = self.noted(method, params_json)
        await self._client.notify(method, passed_json, _known_id(related_request_id))

    def noted(self, method: str, params_json: str | None) -> str | None:
        """Hear what a notification says; gives its params as the client gets them."""
        if changed_kinds(method):
            self._list_changed(method)
        if method != UPDATED_METHOD or params_json is None:
            return params_json
        try:
            return json_edit.with_strings(params_json, [("uri",)], self._offered)
        except JsonTextError:
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
        return self._offered_uri(self._member, uri)


def _known_id(request_id: Id | None) -> Id | None:
    return None if answers.is_own_id(request_id) else request_id
