"""One upstream as a backend: a server offers it as it offers an app of its own.

It carries no message: `connection` does, over the sessions of `pool`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

from mcpgrpc.binding import json_text
from mcpgrpc.errors import McpGrpcError
from mcpgrpc_server.availability import Availability
from mcpgrpc_server.backend import Client, Summary
from mcpgrpc_server.upstream.connection import UpstreamConnection
from mcpgrpc_server.upstream.connector import Connector
from mcpgrpc_server.upstream.handshake import MODERN_META, Met
from mcpgrpc_server.upstream.pool import SessionPool, UpstreamBounds

SUMMARY_SECONDS: Final = 1.0
"""How long an upstream may take to list its tools for the banner; below what the server allows."""


class UpstreamBackend:
    """An MCP server that exists already, behind this one.

    Args:
        connector: reaches it.
        bounds: how many sessions with it there may be, and its timing.
        is_alone: it is all that its server offers, so that its era is what clients find.
    """

    def __init__(
        self,
        connector: Connector,
        bounds: UpstreamBounds | None = None,
        *,
        is_alone: bool = True,
    ) -> None:
        self._connector = connector
        self._is_alone = is_alone
        self._bounds = bounds if bounds is not None else UpstreamBounds()
        self._pool: SessionPool | None = None
        self.availability = Availability(serving=False)
        """Whether the upstream is up."""

    @asynccontextmanager
    async def lifespan(self) -> AsyncIterator[None]:
        """Bring the upstream up and keep it so. One that is down does not hold the server up."""
        async with self._connector.opened():
            pool = SessionPool(self._connector, self._bounds, self.availability)
            async with pool.running():
                self._pool = pool
                try:
                    yield
                finally:
                    self._pool = None

    def connect(self, client: Client) -> UpstreamConnection:
        """A new client of the upstream; it costs the upstream nothing yet."""
        name = self._connector.name
        return UpstreamConnection(self._pool, client, is_alone=self._is_alone, name=name)

    async def summary(self) -> Summary:
        """The upstream's name, and the tools of the first page of its list."""
        live = None if self._pool is None else self._pool.live
        if live is None:
            return Summary(f"{self._connector.name} (an upstream that is down)")
        name = (live.met.server_info or {}).get("name")
        named = name if isinstance(name, str) else self._connector.name
        return Summary(named, await _tools(live.met))


async def _tools(met: Met) -> tuple[dict[str, Any], ...]:
    if "tools" not in met.capabilities:
        return ()
    params = {"_meta": MODERN_META} if met.modern else {}
    try:
        answer = await met.session.ask_itself("tools/list", params, SUMMARY_SECONDS)
    except (McpGrpcError, TimeoutError):
        return ()
    found = json_text.parse_object(answer.result_json or "{}") or {}
    tools = found.get("tools")
    listed = tools if isinstance(tools, list) else []
    return tuple(each for each in listed if isinstance(each, dict) and "name" in each)
