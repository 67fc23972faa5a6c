"""One upstream's URL, with what the settings send there, and how a request to it is made.

It knows neither eras nor sessions; it turns what the HTTP client raises into errors of this
project, which say nothing of URLs and header fields.
"""

from __future__ import annotations

import contextlib
import logging
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Final

import httpx2

from mcpgrpc.errors import UsageError
from mcpgrpc.logs.correlation import HEADER, current_id
from mcpgrpc_server.upstream.bounded_log import BoundedLog
from mcpgrpc_server.upstream.http import failures
from mcpgrpc_server.upstream.http.client import unlogged

MAX_MESSAGE_BYTES: Final = 16 * 1024 * 1024
"""As over gRPC, where every message goes on to."""

MAX_EXCHANGES: Final = 4096
"""As many as connections are open at once."""

LOGGED_LINES: Final = 5
LOGGED_WINDOW_SECONDS: Final = 30.0
"""So many warnings in such a time about what one upstream does wrong."""

JSON: Final = "application/json"
EVENTS: Final = "text/event-stream"
OK: Final = 200

_MAX_IGNORED_BYTES: Final = 64 * 1024

# RFC 9110: a token; visible ASCII, with blanks only inside.
_HEADER_NAME: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_HEADER_VALUE: Final = re.compile(r"(?:[!-~](?:[ \t!-~]*[!-~])?)?")


class HttpEndpoint:
    """Where an upstream is reached.

    Args:
        name: of the upstream, for messages.
        url: of its MCP endpoint.
        headers: the upstream's own, its credential among them; the protocol's override them.
        client: sends requests; see `open_http_client`.

    Raises:
        UsageError: the URL or a header has no form in HTTP.
    """

    def __init__(
        self, name: str, url: str, headers: Mapping[str, str], client: httpx2.AsyncClient
    ) -> None:
        self.name = name
        self._url = _checked_url(name, url)
        self._headers = {key: _checked_header(name, key, value) for key, value in headers.items()}
        self._client = client

    @asynccontextmanager
    async def request(
        self, verb: str, method: str, headers: Mapping[str, str], text: str | None = None
    ) -> AsyncIterator[httpx2.Response]:
        """Send a request; gives the response, whose body is read in the context.

        Leaving the context closes the response; what was not read of it costs its connection.

        Args:
            verb: of HTTP.
            method: of MCP, for messages.
            headers: the protocol's.
            text: a JSON-RPC message.

        Raises:
            ConnectError: no connection; nothing was sent.
            ConnectionLost: the connection broke.
            ServiceError: no connection is free; nothing was sent.
        """
        fields = httpx2.Headers(self._headers)
        fields.update(headers)
        content = None if text is None else text.encode()
        if content is not None:
            fields["content-type"] = JSON
            _correlate(fields)
        request = self._client.build_request(verb, self._url, headers=fields, content=content)
        try:
            with unlogged():
                response = await self._client.send(request, stream=True, follow_redirects=False)
            try:
                yield response
            finally:
                await response.aclose()
        except httpx2.RequestError as error:
            raise failures.of_transport(self.name, method, error) from None


def _correlate(fields: httpx2.Headers) -> None:
    """Send the id of the request that is being handled, unless the settings send one of theirs."""
    if correlation_id := current_id():
        fields.setdefault(HEADER, correlation_id)


def _checked_url(name: str, url: str) -> httpx2.URL:
    """The URL, which no message shows: it may hold a credential."""
    try:
        parsed = httpx2.URL(url)
    except (httpx2.InvalidURL, UnicodeError):
        parsed = httpx2.URL()
    if parsed.scheme not in ("http", "https") or not parsed.host:
        raise UsageError(
            f"the URL of the upstream {name!r} cannot be used: write http://host:port/path or"
            " https://host/path"
        )
    return parsed


def _checked_header(name: str, key: str, value: str) -> str:
    """The value of a header, which no message shows."""
    if not _HEADER_NAME.fullmatch(key) or not _HEADER_VALUE.fullmatch(value):
        raise UsageError(
            f"the header {key!r} of the upstream {name!r} cannot be sent: its name must be a token"
            " and its value visible ASCII"
        )
    return value


def endpoint_log(name: str) -> BoundedLog:
    """The log of what one upstream does wrong; whoever makes it closes it."""
    return BoundedLog(
        name,
        logging.WARNING,
        of_requests=True,
        lines_per_window=LOGGED_LINES,
        window_seconds=LOGGED_WINDOW_SECONDS,
    )


def media_type(response: httpx2.Response) -> str:
    """What a body is; "" for one that came in a coding that was not asked for."""
    if response.headers.get("content-encoding", "identity").strip().lower() != "identity":
        return ""
    content_type, _, _ = response.headers.get("content-type", "").partition(";")
    return str(content_type).strip().lower()


async def read_body(response: httpx2.Response, max_bytes: int) -> bytes | None:
    """The whole body; None for one beyond the bound, of which no more is read."""
    body = bytearray()
    async with contextlib.aclosing(response.aiter_raw()) as chunks:
        async for chunk in chunks:
            if len(body) + len(chunk) > max_bytes:
                return None
            body += chunk
    return bytes(body)


async def ignore_body(response: httpx2.Response) -> None:
    """Read a body that says nothing, so that its connection can be used again."""
    await read_body(response, _MAX_IGNORED_BYTES)
