"""An app for tests of the client: it counts, waits, and gives and takes a lot."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any

import anyio
from mcp.server import MCPServer
from mcp.server.mcpserver import Context
from mcp.types import CallToolResult, TextContent

MEGABYTE = 1024 * 1024


class Ledger:
    """What the tools of the app went through."""

    def __init__(self) -> None:
        self.executed: Counter[int] = Counter()
        self.executions = 0
        self.reached: dict[int, asyncio.Event] = {}
        self.started = asyncio.Event()
        self.cancelled = asyncio.Event()
        self.release = asyncio.Event()

    def when(self, executions: int) -> asyncio.Event:
        """An event that is set once so many executions were counted."""
        event = self.reached.setdefault(executions, asyncio.Event())
        if self.executions >= executions:
            event.set()
        return event

    async def count(self, number: int) -> str:
        """Count an execution."""
        self.executed[number] += 1
        self.executions += 1
        if self.executions in self.reached:
            self.reached[self.executions].set()
        for _ in range(5):
            await anyio.lowlevel.checkpoint()
        return str(number)

    async def wait(self) -> str:
        """Wait until the test releases it."""
        self.started.set()
        try:
            await self.release.wait()
        except asyncio.CancelledError:
            self.cancelled.set()
            raise
        return "released"


def build(ledger: Ledger) -> MCPServer:
    """A new app that reports to the ledger."""
    app = MCPServer("client-tests", version="1.0")
    for tool in (add, large, length, steps, headers, ledger.count, ledger.wait):
        app.tool()(tool)
    app.resource("file:///example.txt", mime_type="text/plain")(example)
    app.resource("note:///{name}", mime_type="text/plain")(note)
    app.prompt()(review)
    return app


def add(a: int, b: int) -> int:
    """Add two numbers."""
    return a + b


def large(megabytes: int) -> CallToolResult:
    """Give a lot of text, once."""
    return CallToolResult(content=[TextContent(text="x" * (megabytes * MEGABYTE))])


def length(text: str) -> int:
    """Take a lot of text."""
    return len(text)


async def steps(total: int, ctx: Context) -> str:
    """Report progress."""
    for done in range(1, total + 1):
        await ctx.report_progress(done, total, f"step {done}")
    return "done"


def headers(ctx: Context) -> dict[str, str]:
    """What the app sees of the RPC's metadata."""
    return dict(ctx.headers or {})


def example() -> str:
    """A line of text."""
    return "A line.\n"


def note(name: str) -> str:
    """A note by name."""
    return f"note {name}"


def review(code: str, style: str = "kind") -> str:
    """Review code."""
    return f"Please be {style}: {code}"


def text_of(result: Any) -> str:
    """The text of a result of one block."""
    [block] = result.content
    assert isinstance(block.text, str)
    return block.text
