"""What every replica serves: a tool that writes down each execution, and one that asks back.

It keeps no state between calls but the file that MESH_EXECUTIONS names.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated, Any

from mcp.server import MCPServer
from mcp.server.mcpserver import AcceptedElicitation, Elicit, ElicitationResult, Resolve
from pydantic import BaseModel

# One write of a line to a file opened so is whole and lasts, also where the process is killed.
executions = os.open(os.environ["MESH_EXECUTIONS"], os.O_WRONLY | os.O_CREAT | os.O_APPEND)


class Seats(BaseModel):
    """What `book` asks for."""

    seats: int


def ask(city: str) -> Elicit[Seats]:
    return Elicit(f"Seats to {city}?", Seats)


@asynccontextmanager
async def lifespan(server: MCPServer[Any]) -> AsyncIterator[None]:
    """Come up when somebody writes into the pipe that MESH_GATE names, or at once without one."""
    gate = os.environ.get("MESH_GATE")
    if gate:
        await asyncio.to_thread(Path(gate).read_bytes)
    yield


app = MCPServer("counting", lifespan=lifespan)


@app.tool()
async def record(id: str, seconds: float = 0.0) -> str:
    """Write an id down, and take so long."""
    os.write(executions, f"{id}\n".encode())
    if seconds:
        await asyncio.sleep(seconds)
    return id


@app.tool()
async def book(city: str, answer: Annotated[ElicitationResult[Seats], Resolve(ask)]) -> str:
    """Book seats, once the caller has said how many."""
    assert isinstance(answer, AcceptedElicitation)
    return f"{answer.data.seats} seats to {city}"
