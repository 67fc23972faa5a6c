"""A replica in a process of its own: says when it serves, and each execution on a line."""

from __future__ import annotations

import asyncio
import sys

from mcp.server import MCPServer

from mcpgrpc_server import Server, ServerSettings

app = MCPServer("replica")


def say(*words: str) -> None:
    sys.stdout.write(" ".join(words) + "\n")
    sys.stdout.flush()


@app.tool()
async def count(call: str) -> str:
    """Count an execution."""
    say("ran", call)
    return sys.argv[1]


@app.tool()
async def hold(call: str) -> str:
    """Count an execution, and never answer."""
    say("ran", call)
    await asyncio.Event().wait()
    return "never"


async def main() -> None:
    settings = ServerSettings(keepalive_interval_seconds=float(sys.argv[2]))
    async with Server(app, listen=[sys.argv[1]], settings=settings) as server:
        say("serves")
        await server.wait_closed()


if __name__ == "__main__":
    asyncio.run(main())
