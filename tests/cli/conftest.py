"""A real server in the test's own event loop, and the real command beside it in its own process."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Callable, Coroutine
from dataclasses import dataclass

import pytest
from mcp.server import MCPServer

from mcpgrpc_server import Server, ServerSettings
from tests.cli.app import Watched, build

COMMAND = [sys.executable, "-m", "mcpgrpc.cli.main"]
MAX_SECONDS = 30


@dataclass(frozen=True)
class Finished:
    """How a command ended."""

    code: int
    out: str
    err: str


Run = Callable[..., Coroutine[None, None, Finished]]


def environment(**more: str) -> dict[str, str]:
    """The environment of a command: this one's, without what would change its output."""
    kept = {name: text for name, text in os.environ.items() if not name.startswith("MCPGRPC_")}
    return kept | {"COLUMNS": "200", "NO_COLOR": "1", "TERM": "xterm"} | more


@pytest.fixture
def watched() -> Watched:
    """What the app's tool `wait` goes through."""
    return Watched()


@pytest.fixture
def app(watched: Watched) -> MCPServer:
    return build(watched)


@pytest.fixture
async def address(app: MCPServer) -> AsyncIterator[str]:
    """Where the app is served."""
    async with Server(app, listen=["127.0.0.1:0"], settings=ServerSettings()) as server:
        yield server.addresses[0]


@pytest.fixture
def run() -> Run:
    """Runs `mcpgrpc` with the given words to its end."""

    async def finished(*words: str, stdin: str = "", **more: str) -> Finished:
        process = await asyncio.create_subprocess_exec(
            *COMMAND,
            *words,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env=environment(**more),
        )
        async with asyncio.timeout(MAX_SECONDS):
            out, err = await process.communicate(stdin.encode())
        return Finished(process.returncode or 0, out.decode(), err.decode())

    return finished
