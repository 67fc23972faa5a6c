"""The app whose capacity is measured: tools that add, wait, and tell every listener of a change.

It does no work beside what is asked, so that what is measured is the server.
"""

from __future__ import annotations

import asyncio

from mcp.server import MCPServer
from mcp.server.mcpserver import Context

app = MCPServer("capacity", log_level="WARNING")


@app.tool()
async def add(a: int, b: int) -> int:
    """Add two integers."""
    return a + b


@app.tool()
async def wait(seconds: float) -> float:
    """Wait, as a tool does that asks another service."""
    await asyncio.sleep(seconds)
    return seconds


@app.tool()
async def change(ctx: Context) -> str:
    """Tell everybody who listens that the list of tools has changed."""
    await ctx.notify_tools_changed()
    return "told"
