"""The tools that are called: one SDK app, unchanged behind every wire that can serve one.

`app` is served for calls; `fifty` has fifty tools, for lists. It does no work beside what is asked,
so that what is measured is the way to it.
"""

from __future__ import annotations

import asyncio
import itertools
from typing import Final

from mcp.server import MCPServer
from mcp.server.mcpserver import Context

from bench.fillers import filler

TOOLS_OF_LIST: Final = 50

# Nothing is logged on the way of a call, in front of whichever wire.
app = MCPServer("bench", log_level="WARNING")
fifty = MCPServer("fifty", log_level="WARNING")


class Tally:
    """What was executed, so that a call that ran twice shows."""

    def __init__(self) -> None:
        self.count = 0
        self.sum = 0
        self.sum_of_squares = 0

    def note(self, number: int) -> None:
        """One call of a number."""
        self.count += 1
        self.sum += number
        self.sum_of_squares += number * number


_tally = Tally()


@app.tool()
async def add(a: int, b: int) -> int:
    """Add two integers."""
    return a + b


@app.tool()
def add_sync(a: int, b: int) -> int:
    """Add two integers, in a thread."""
    return a + b


@app.tool()
async def add_once(a: int, b: int) -> int:
    """Add two integers, and note that it ran for `a`."""
    _tally.note(a)
    return a + b


@app.tool()
async def tally() -> list[int]:
    """How often `add_once` ran; the sum and the sum of squares of what it ran for."""
    return [_tally.count, _tally.sum, _tally.sum_of_squares]


@app.tool(structured_output=False)
async def text(size: int, number: int) -> str:
    """A text of `size` characters that differs with `number`."""
    return filler(size, number)


@app.tool()
async def progress(steps: int, ctx: Context) -> int:
    """Report progress `steps` times."""
    for step in range(1, steps + 1):
        await ctx.report_progress(step, steps)
    return steps


@app.tool()
async def wait(seconds: float) -> float:
    """Wait, as a tool does that asks another service."""
    await asyncio.sleep(seconds)
    return seconds


def _add_tool(number: int) -> None:
    async def search(query: str, limit: int = 10, tags: list[str] | None = None) -> list[str]:
        return list(itertools.repeat(query, min(limit, len(tags or ()))))

    fifty.add_tool(
        search,
        name=f"search_{number}",
        description=f"Search collection {number} and give the titles that fit best, best first.",
    )


for _number in range(TOOLS_OF_LIST):
    _add_tool(_number)
