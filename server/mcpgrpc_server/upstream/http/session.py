"""A legacy session as its upstream knows it: an id and a version, in the fields of every request.

It carries no exchanges and keeps nothing alive. A server may have no sessions: then there is no id,
and nothing that could end.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Final

import httpx2

from mcpgrpc.binding import json_text
from mcpgrpc.errors import McpGrpcError
from mcpgrpc.v1 import envelope_pb2
from mcpgrpc_server.upstream.bounded_log import BoundedLog
from mcpgrpc_server.upstream.http import failures
from mcpgrpc_server.upstream.http import headers as http_headers
from mcpgrpc_server.upstream.http.endpoint import (
    EVENTS,
    OK,
    HttpEndpoint,
    ignore_body,
    media_type,
)

POST_SECONDS: Final = 30.0
"""How long an upstream may take to accept a notification or an answer."""

DELETE_SECONDS: Final = 3.0
"""How long it may take to end the session."""

MAX_ID_CHARACTERS: Final = 1024
"""Of a session id: it goes back with every request, and servers bound what they read there."""

_ONE_WAY: Final = "a notification or an answer"
_ACCEPTED: Final = range(200, 300)
_NOT_FOUND: Final = 404


class HttpSession:
    """One session.

    Args:
        endpoint: where it is.
        log: where messages go that the upstream does not accept.
        forgotten: called when the upstream does not know the session any more.
    """

    def __init__(
        self, endpoint: HttpEndpoint, log: BoundedLog, forgotten: Callable[[], None]
    ) -> None:
        self._endpoint = endpoint
        self._log = log
        self._forgotten = forgotten
        self._version: str | None = None
        self.id: str | None = None
        """The server's; None before it gave one, and where it gives none."""

    def offered(self, response: httpx2.Response) -> None:
        """The server answers an `initialize`."""
        offered = response.headers.get(http_headers.SESSION_ID, "")
        if response.status_code == OK and _can_be_sent(offered):
            self.id = offered

    def began(self, answer: envelope_pb2.JsonRpcResponse) -> None:
        """The server accepts an `initialize`."""
        try:
            result = json_text.parse_object(answer.result_json) or {}
        except json_text.JsonTextError:
            return
        version = result.get("protocolVersion")
        if isinstance(version, str) and _can_be_sent(version):
            self._version = version

    @asynccontextmanager
    async def post(
        self, method: str, text: str, *, opens: bool = False
    ) -> AsyncIterator[httpx2.Response]:
        """Send a message in the session; see `HttpEndpoint.request`.

        Args:
            method: of the message, for errors.
            text: the message.
            opens: it negotiates a version, so it has none itself.

        Raises:
            SessionEnded: the upstream does not know the session; the message did not run.
        """
        headers = self._headers(http_headers.JSON_OR_EVENTS)
        if opens:
            headers.pop(http_headers.VERSION, None)
        async with self._request("POST", method, headers, text) as response:
            yield response

    @asynccontextmanager
    async def event_stream(self, last_event_id: str) -> AsyncIterator[httpx2.Response]:
        """Open an event stream; that of no request, or the one behind an event.

        Raises:
            SessionEnded: the upstream does not know the session.
        """
        headers = self._headers(EVENTS)
        if last_event_id:
            headers[http_headers.LAST_EVENT_ID] = last_event_id
        async with self._request("GET", "its event stream", headers) as response:
            yield response

    async def post_one_way(self, text: str) -> None:
        """Send a message that has no answer, in bounded time; what fails is logged."""
        try:
            async with asyncio.timeout(POST_SECONDS), self.post(_ONE_WAY, text) as response:
                if response.status_code not in _ACCEPTED:
                    self._log.line(f"did not accept {_ONE_WAY} (HTTP {response.status_code})")
                elif media_type(response) != EVENTS:
                    await ignore_body(response)
        except TimeoutError:
            self._log.line(f"did not accept {_ONE_WAY} within {POST_SECONDS:g} s")
        except McpGrpcError as error:
            self._log.line(f"was not sent {_ONE_WAY}: {error}")

    async def delete(self) -> None:
        """End the session, in bounded time; a server may refuse, or not have sessions."""
        if self.id is None:
            return
        headers = self._headers(http_headers.JSON_OR_EVENTS)
        with contextlib.suppress(TimeoutError, McpGrpcError):
            async with (
                asyncio.timeout(DELETE_SECONDS),
                self._endpoint.request("DELETE", "the end of its session", headers) as response,
            ):
                await ignore_body(response)

    def _headers(self, accept: str) -> dict[str, str]:
        fields = {
            http_headers.ACCEPT: accept,
            http_headers.SESSION_ID: self.id,
            http_headers.VERSION: self._version,
        }
        return {name: value for name, value in fields.items() if value is not None}

    @asynccontextmanager
    async def _request(
        self, verb: str, method: str, headers: dict[str, str], text: str | None = None
    ) -> AsyncIterator[httpx2.Response]:
        async with self._endpoint.request(verb, method, headers, text) as response:
            if response.status_code == _NOT_FOUND and http_headers.SESSION_ID in headers:
                self._forgotten()
                raise failures.session_ended(self._endpoint.name, is_new=verb == "POST")
            yield response


def _can_be_sent(value: str) -> bool:
    """Whether a value has the form that MCP gives to ids: visible ASCII."""
    return 0 < len(value) <= MAX_ID_CHARACTERS and all("!" <= each <= "~" for each in value)
