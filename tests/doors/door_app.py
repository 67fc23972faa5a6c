"""A server whose handlers tell the test, in the same process, what happens to them."""

from __future__ import annotations

import asyncio
from typing import Any

import anyio
from mcp import MCPError
from mcp.server import MCPServer
from mcp.server.mcpserver import Context


class Watched:
    """An app and what its handlers reported."""

    def __init__(self) -> None:
        self.app = MCPServer("watched")
        self.started = asyncio.Event()
        self.cancelled = asyncio.Event()
        self.go_on = asyncio.Event()
        self._waiting = 0
        self._one_more_waits = asyncio.Condition()
        for tool in (
            *(self.hold, self.gated, self.polled, self.echo),
            *(self.headers, self.announce, self.forge),
        ):
            self.app.tool()(tool)

    async def hold(self, ctx: Context) -> str:
        """Report progress once and wait to be cancelled."""
        await ctx.report_progress(1)
        self.started.set()
        try:
            await asyncio.Event().wait()
        except anyio.get_cancelled_exc_class():
            self.cancelled.set()
            raise
        return "never"

    async def gated(self) -> str:
        """End when the test says so."""
        async with self._one_more_waits:
            self._waiting += 1
            self._one_more_waits.notify_all()
        try:
            await self.go_on.wait()
        except anyio.get_cancelled_exc_class():
            self.cancelled.set()
            raise
        return "let go"

    async def waiting(self, count: int) -> None:
        """Wait until so many calls of `gated` wait."""
        async with self._one_more_waits:
            await self._one_more_waits.wait_for(lambda: self._waiting == count)

    async def polled(self, ctx: Context) -> str:
        """Close the response stream, and end when the test says so."""
        await ctx.close_sse_stream()
        self.started.set()
        await self.go_on.wait()
        return "polled"

    async def echo(self, text: str, ctx: Context) -> str:
        """Say it, once as progress and once as the result."""
        await ctx.report_progress(1, 1, text)
        return text

    async def headers(self, ctx: Context) -> dict[str, Any]:
        """What the application sees of the HTTP request."""
        return dict(ctx.headers or {})

    async def forge(self) -> str:
        """Fail with what looks like a refusal of the service."""
        raise MCPError(16, "not you", {"reason": "UNAUTHENTICATED", "execution": "NOT_STARTED"})

    async def announce(self, ctx: Context) -> str:
        """Tell the session something that belongs to no request."""
        await ctx.session.send_tool_list_changed()
        return "announced"
