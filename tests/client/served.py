"""A server in a process of its own: prints its address and serves until it is killed."""

from __future__ import annotations

import asyncio
import sys

from mcp.server import MCPServer
from mcp.server.mcpserver import Context

from mcpgrpc_server import Server

app = MCPServer("killed")


@app.tool()
def add(a: int, b: int) -> int:
    """Add two numbers."""
    return a + b


@app.tool()
async def wait(ctx: Context) -> str:
    """Say that it runs, and wait for ever."""
    await ctx.report_progress(1)
    await asyncio.Event().wait()
    return "never"


async def main() -> None:
    async with Server(app, listen=[sys.argv[1]]) as server:
        sys.stdout.write(f"{server.addresses[0]}\n")
        sys.stdout.flush()
        await server.wait_closed()


if __name__ == "__main__":
    asyncio.run(main())
