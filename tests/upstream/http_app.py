"""An MCP server whose handlers tell the test, in the same process, what happens to them."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

import anyio
from mcp.server import MCPServer
from mcp.server.mcpserver import Context
from pydantic import BaseModel, Field

NOTES = "notes://today"


class Name(BaseModel):
    """The form of the tool `greet`."""

    name: str


class Told:
    """An app and what its handlers reported."""

    def __init__(self) -> None:
        self.app = MCPServer("told")
        self.started = asyncio.Event()
        self.cancelled = asyncio.Event()
        self.go_on = asyncio.Event()
        for tool in (self.hold, self.steps, self.greet, self.polled, self.routed, self.touch):
            self.app.tool()(tool)
        self.app.tool()(self.headers)
        self.app.resource(NOTES)(_notes)

    async def hold(self, ctx: Context) -> str:
        """Report progress once and wait to be cancelled."""
        await ctx.report_progress(1)
        self.started.set()
        try:
            await self.go_on.wait()
        except anyio.get_cancelled_exc_class():
            self.cancelled.set()
            raise
        return "held"

    async def steps(self, total: int, ctx: Context) -> str:
        """Report progress, step by step."""
        for step in range(1, total + 1):
            await ctx.report_progress(step, total)
        return f"{total} steps"

    async def greet(self, ctx: Context) -> str:
        """Ask for a name."""
        answer = await ctx.elicit("Who are you?", Name)
        return f"{answer.action}: {answer.data.name if answer.action == 'accept' else ''}"

    async def polled(self, ctx: Context) -> str:
        """End the response's stream, and answer when the test says so."""
        await ctx.report_progress(1)
        await ctx.close_sse_stream()
        await self.go_on.wait()
        return "polled"

    async def routed(
        self, region: Annotated[str, Field(json_schema_extra={"x-mcp-header": "Region"})]
    ) -> str:
        """Serve a region, which proxies route by."""
        return f"served from {region}"

    async def touch(self, ctx: Context) -> str:
        """Announce, in the words of both eras, that a resource has changed."""
        await ctx.notify_resource_updated(NOTES)
        await ctx.session.send_tool_list_changed()
        return "touched"

    async def headers(self, ctx: Context) -> dict[str, Any]:
        """What the application sees of the HTTP request."""
        return dict(ctx.headers or {})


def _notes() -> str:
    return "nothing"
