"""The same tools in rapidmcp, the fastest peer on gRPC.

It takes asynchronous functions only, and its list of tools is a message of its own kind.
"""

from __future__ import annotations

import asyncio
import sys

from rapidmcp import Context, RapidMCP

from bench.fillers import filler

server = RapidMCP(name="bench", version="1")


async def add(a: int, b: int) -> int:
    """Add two integers."""
    return a + b


async def text(size: int, number: int) -> str:
    """A text of `size` characters."""
    return filler(size, number)


async def progress(steps: int, ctx: Context) -> int:
    """Report progress `steps` times."""
    for step in range(1, steps + 1):
        await ctx.report_progress(step, steps)
    return steps


for _tool in (add, text, progress):
    server.tool(description=_tool.__doc__)(_tool)


async def main() -> None:
    """Serve until the process is ended."""
    async with server:
        sys.stdout.write(f"address 127.0.0.1:{server.port}\n")
        sys.stdout.flush()
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())
