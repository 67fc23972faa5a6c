"""An MCP app with one tool for each thing the command line has to show."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any, Literal

from mcp.server import MCPServer
from mcp.server.mcpserver import Context, Elicit, Image, Resolve
from mcp.server.mcpserver.exceptions import ToolError
from mcp.types import CallToolResult
from pydantic import BaseModel, Field

HOSTILE = "\x1b]0;owned\x07\x1b[2Jred\x9b31m"
PIXEL = bytes(range(67))


class Watched:
    """What the tool `wait` went through; a test waits for these."""

    def __init__(self) -> None:
        self.started = asyncio.Event()
        self.cancelled = asyncio.Event()

    async def wait(self) -> str:
        """Wait for ever."""
        self.started.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            self.cancelled.set()
            raise
        return "never"


def build(watched: Watched) -> MCPServer:
    """A new app; its tool `wait` reports to `watched`."""
    app = MCPServer("cli-tests", version="1.0")
    for tool in (search, echo, image, fail, hostile, long, steps, watched.wait, order):
        app.tool()(tool)
    app.resource("file:///example.txt", mime_type="text/plain")(example)
    app.resource("file:///pixel.png", mime_type="image/png")(pixel)
    app.resource("note:///{name}", mime_type="text/plain")(note)
    app.prompt()(review)
    return app


def search(query: str, limit: int = 10, kind: Literal["module", "class"] | None = None) -> str:
    """Find names.

    The second paragraph is for the model.
    """
    return f"query={query!r} limit={limit!r} kind={kind!r}"


def echo(value: Any) -> CallToolResult:
    """Give structured content alone."""
    return CallToolResult(content=[], structured_content={"value": value})


def image() -> Image:
    """Give an image."""
    return Image(data=PIXEL, format="png")


def fail() -> str:
    """Fail."""
    raise ToolError("the disk is full")


def hostile() -> str:
    """Send control characters."""
    return HOSTILE


def long(lines: int) -> str:
    """Give many lines."""
    return "\n".join(f"line {number}" for number in range(lines))


async def steps(total: int, ctx: Context) -> str:
    """Report progress."""
    for done in range(1, total + 1):
        await ctx.report_progress(done, total, f"step {done}")
    return "done"


class Confirmation(BaseModel):
    """What the tool `order` asks for."""

    copies: int = Field(description="How many copies")
    gift: bool = Field(default=False, description="Wrapped as a gift")


def confirm(title: str) -> Elicit[Confirmation]:
    return Elicit(f"How many of {title}?", Confirmation)


def order(title: str, answer: Annotated[Confirmation, Resolve(confirm)]) -> str:
    """Order books, after a question."""
    return f"{answer.copies} of {title}, gift={answer.gift}"


def example() -> str:
    """A line of text."""
    return "This text was read from a resource.\n"


def pixel() -> bytes:
    """A picture."""
    return PIXEL


def note(name: str) -> str:
    """A note by name."""
    return f"note {name}"


def review(code: str, style: str = "kind") -> str:
    """Review code."""
    return f"Please be {style}: {code}"
