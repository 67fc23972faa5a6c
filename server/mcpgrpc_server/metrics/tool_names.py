"""Which names are tools', so that a caller's invention never makes a series.

The backend is asked, below rights and limits: at the start, when it comes back, and after a name
was met that it had not listed. It is never asked for one request.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any, Final

from mcpgrpc.binding import json_text
from mcpgrpc.binding.era import MODERN_VERSIONS, PROTOCOL_VERSION_META_KEY, Era
from mcpgrpc.binding.in_flight import InFlightRequest
from mcpgrpc.client.handshake import DEFAULT_CLIENT_INFO
from mcpgrpc.client.requests import CLIENT_CAPABILITIES_META_KEY, CLIENT_INFO_META_KEY
from mcpgrpc_server.backend import Backend, BackendConnection, ServerCall
from mcpgrpc_server.caller import Caller
from mcpgrpc_server.one_way_client import OneWayClient

logger = logging.getLogger(__name__)

OTHER: Final = "other"
"""The label of a name that has no series of its own."""

ASK_FLOOR_SECONDS: Final = 10.0
"""Between two times that the backend is asked, whatever names callers invent."""

ASK_SECONDS: Final = 5.0
"""How long the backend may take to list its tools."""

MAX_PAGES: Final = 100
"""Of a list, whose cursors may never end."""

_META: Final = {
    PROTOCOL_VERSION_META_KEY: MODERN_VERSIONS[-1],
    CLIENT_INFO_META_KEY: DEFAULT_CLIENT_INFO,
    CLIENT_CAPABILITIES_META_KEY: {},
}


class ToolNames:
    """The names that the backend lists, kept up to date.

    Args:
        list_tools: asks the backend; see `listed_tools`.
        max_tools: further names count as `OTHER`.
    """

    def __init__(self, list_tools: Callable[[int], Awaitable[list[str]]], max_tools: int) -> None:
        self._list_tools = list_tools
        self._max_tools = max_tools
        self._known: frozenset[str] = frozenset()
        self.on_change: Callable[[], None] = _nothing
        """Called when the names have changed."""
        self._asking: asyncio.Task[None] | None = None
        self._earliest = 0.0

    def label(self, name: str | None) -> str:
        """The name where it is a tool's, else `OTHER`; empty for a request without a name."""
        if name is None:
            return ""
        if name in self._known:
            return name
        if asyncio.get_running_loop().time() >= self._earliest:
            self.ask()
        return OTHER

    def ask(self) -> None:
        """Ask the backend in the background, unless that is under way."""
        if self._asking is None or self._asking.done():
            self._earliest = asyncio.get_running_loop().time() + ASK_FLOOR_SECONDS
            self._asking = asyncio.create_task(self._ask(), name="listing tools for metrics")

    async def settled(self) -> None:
        """Wait until nobody is being asked."""
        if self._asking is not None:
            await asyncio.wait({self._asking})

    def stop(self) -> None:
        """Give up asking. Idempotent."""
        if self._asking is not None:
            self._asking.cancel()

    async def _ask(self) -> None:
        try:
            async with asyncio.timeout(ASK_SECONDS):
                known = frozenset(await self._list_tools(self._max_tools))
        except Exception as error:  # noqa: BLE001 - whatever it is, the next name asks again
            logger.debug("the backend did not list its tools for metrics: %r", error)
            return
        if known != self._known:
            self._known = known
            self.on_change()


def _nothing() -> None:
    """Nobody hears of it."""


async def listed_tools(backend: Backend, max_tools: int) -> list[str]:
    """The names of the first tools that a backend lists; none where it has no tools."""
    connection = backend.connect(OneWayClient(Caller(peer="in-process")))
    try:
        return await _names(connection, max_tools)
    finally:
        await connection.aclose()


async def _names(connection: BackendConnection, max_tools: int) -> list[str]:
    names: list[str] = []
    cursor: object = None
    for _ in range(MAX_PAGES):
        page = await _page(connection, cursor)
        tools = page.get("tools")
        names += [str(each.get("name")) for each in tools or () if isinstance(each, dict)]
        cursor = page.get("nextCursor")
        if cursor is None or len(names) >= max_tools:
            break
    return names[:max_tools]


async def _page(connection: BackendConnection, cursor: object) -> dict[str, Any]:
    params: dict[str, Any] = {"_meta": _META}
    if cursor is not None:
        params["cursor"] = cursor
    request = InFlightRequest("tools for metrics", "tools/list", modern=True)
    text = json_text.dump(params)
    answer = await connection.handle_request(ServerCall(request, Era.MODERN, params, text, None))
    return json_text.parse_object(answer.result_json or "{}") or {}
