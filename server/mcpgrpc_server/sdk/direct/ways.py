"""Chooses the shortest way for a request: the text of its list, its tool, its handler.

It answers None for whatever the SDK's own kernel has to run. The guards come before anything has
run, so a request takes one way alone.
"""

from __future__ import annotations

from collections.abc import Awaitable
from dataclasses import dataclass
from typing import Any, Literal

from mcpgrpc_server.backend import ServerCall
from mcpgrpc_server.sdk import internals
from mcpgrpc_server.sdk.direct import stock
from mcpgrpc_server.sdk.direct.handlers import Handlers
from mcpgrpc_server.sdk.direct.listings import Listings, Made
from mcpgrpc_server.sdk.direct.requests import Envelopes, has_plain_legacy_meta, is_known_valid
from mcpgrpc_server.sdk.direct.results import Results
from mcpgrpc_server.sdk.direct.surroundings import Peer, Request
from mcpgrpc_server.sdk.direct.tools import Tools, plain_tool
from mcpgrpc_server.tracing.served import is_served


@dataclass(slots=True)
class Way:
    """A way that a request can take.

    Attributes:
        kind: which one.
        answer: runs it and gives the result's text; awaited exactly once.
    """

    kind: Literal["text", "list", "tool", "handler"]
    answer: Awaitable[str]


class Ways:
    """The direct ways into one server.

    Args:
        server: the app's low-level server.
    """

    def __init__(self, server: internals.LowlevelServer) -> None:
        self._server = server
        self._middleware = stock.Middleware(server)
        self._envelopes = Envelopes()
        results = Results(server)
        self._handlers = Handlers(results)
        self._tools = Tools(results, self._handlers)
        self._listings = Listings(server, results)

    def modern(self, peer: Peer, call: ServerCall) -> Way | None:
        """The way of a modern request; None when the SDK's kernel has to run it."""
        version = self._envelopes.version_of(call.params)
        if version is None:
            return None
        return self._way(Request(peer, call, version, is_modern=True))

    def legacy(self, peer: Peer, call: ServerCall, connection: internals.Connection) -> Way | None:
        """The way of a legacy request; None when the SDK's kernel has to run it."""
        version = connection.protocol_version
        if (
            version not in internals.HANDSHAKE_PROTOCOL_VERSIONS
            or not has_plain_legacy_meta(call.params)
            or not connection.initialize_accepted
        ):
            return None
        return self._way(Request(peer, call, version, is_modern=False))

    def _way(self, request: Request) -> Way | None:
        call = request.call
        method = call.request.method
        if not is_known_valid(method, call.params, request.version) or not self._is_own_kernel():
            return None
        entry = self._server.get_request_handler(method)
        if entry is None:
            return None
        boundary = self._middleware.boundary
        if method == "tools/call":
            tool = plain_tool(entry, (call.params or {})["name"])
            if tool is not None:
                return Way("tool", self._tools.run(tool, request, boundary))
        made = self._listings.made_from(method, entry)
        if made is not None:
            return self._listing(entry, request, made)
        return Way("handler", self._handlers.run(entry, request, boundary))

    def _is_own_kernel(self) -> bool:
        makes_no_span = stock.tracing_is_off() or is_served.get()
        return self._middleware.is_own() and makes_no_span and stock.KERNEL.untouched()

    def _listing(self, entry: Any, request: Request, made: Made) -> Way:
        text = self._listings.text(request.call.request.method, request.version, made)
        if text is not None:
            return Way("text", _given(text))
        return Way("list", self._relist(entry, request, made))

    async def _relist(self, entry: Any, request: Request, made: Made) -> str:
        text = await self._handlers.run(entry, request, None)
        self._listings.keep(request.call.request.method, request.version, made, text)
        return text


async def _given(text: str) -> str:
    return text
