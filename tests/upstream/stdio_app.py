"""An app of the SDK on standard input and output, whose tools report to a lifeline."""

from __future__ import annotations

import socket
import sys

import anyio
from mcp.server import MCPServer
from mcp.server.mcpserver import Context
from pydantic import BaseModel

app = MCPServer("stdio", version="1.0.0", instructions="Real.")
lifeline: list[socket.socket] = []


def say(text: str) -> None:
    lifeline[0].sendall(f"{text}\n".encode())


class Answer(BaseModel):
    """What a person is asked for."""

    name: str


@app.tool()
async def add(a: int, b: int) -> int:
    """Add two numbers."""
    return a + b


@app.tool()
async def count(to: int, ctx: Context) -> str:
    """Report progress."""
    for number in range(1, to + 1):
        await ctx.report_progress(number, to, f"step {number}")
    return "counted"


@app.tool()
async def greet(ctx: Context) -> str:
    """Ask a person for a name."""
    answer = await ctx.elicit("Who are you?", Answer)
    return f"{answer.action}: {answer.data.name}" if answer.action == "accept" else answer.action


@app.tool()
async def change(ctx: Context) -> str:
    """Say to subscribers that the tools have changed."""
    await ctx.notify_tools_changed()
    return "changed"


@app.tool()
async def announce(ctx: Context) -> str:
    """Say to a legacy session that the tools have changed."""
    await ctx.session.send_tool_list_changed()
    return "announced"


@app.tool()
async def hold() -> str:
    """Wait to be cancelled, and report it."""
    say("holding")
    try:
        await anyio.sleep_forever()
    except anyio.get_cancelled_exc_class():
        say("cancelled")
        raise
    return "never"


if __name__ == "__main__":
    lifeline.append(socket.create_connection(("127.0.0.1", int(sys.argv[1]))))
    app.run()
