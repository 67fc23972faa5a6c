"""What the workers under test serve: tools that tell which process answers, wait, or get stuck.

It is loaded by name, by each worker for itself. `BROKEN_START`, where it is set, names a file; a
worker that starts while that is there ends without a word.
"""

from __future__ import annotations

import asyncio
import os
import time
from typing import Annotated

from mcp.server import MCPServer
from mcp.server.mcpserver import Elicit, Resolve
from pydantic import BaseModel

if os.path.exists(os.environ.get("BROKEN_START", "")):
    os._exit(3)

app = MCPServer("counted")


@app.tool()
async def pid() -> str:
    """Which process answers."""
    return str(os.getpid())


@app.tool()
async def hold(release: str) -> str:
    """Say that it runs, and go on until a file is there."""
    print(f"holding {os.getpid()}\n", end="", flush=True)  # noqa: T201 - the test reads it
    while not await asyncio.to_thread(os.path.exists, release):  # noqa: ASYNC110 - by a process
        await asyncio.sleep(0.01)
    return str(os.getpid())


@app.tool()
async def block(seconds: float) -> str:
    """Hold the event loop up."""
    time.sleep(seconds)  # noqa: ASYNC251 - which is the point
    return str(os.getpid())


class Copies(BaseModel):
    """What `order` asks for."""

    copies: int


def ask(title: str) -> Elicit[Copies]:
    return Elicit(f"How many of {title}?", Copies)


@app.tool()
async def order(title: str, answer: Annotated[Copies, Resolve(ask)]) -> str:
    """Order, after a question."""
    return f"{answer.copies} of {title}"
