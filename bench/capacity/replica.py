"""The replica that is measured, and the clients that are put on it.

It takes no figure.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeVar

from bench.process_figures import cpu_seconds, resident_bytes
from bench.processes import Pinning, ProcessError, RunningServer, pinned, running_server
from mcpgrpc import Client

ANSWERS: Final = r"^\s*address\s+(\S+)"
MODERN: Final = "2026-07-28"
Figure = TypeVar("Figure", int, float)

CONNECT_SECONDS: Final = 120.0
END_SECONDS: Final = 120.0


@dataclass(frozen=True, slots=True)
class Replica:
    """A server that answers.

    Attributes:
        target: where.
        pid: its process.
    """

    target: str
    pid: int

    @property
    def resident_bytes(self) -> int:
        """Its memory now. Raises ProcessError where the system does not say."""
        return _told(resident_bytes(self.pid), "what memory the server has")

    @property
    def cpu_seconds(self) -> float:
        """Its processor time so far. Raises ProcessError where the system does not say."""
        return _told(cpu_seconds(self.pid), "what processor time the server had")

    async def drained_seconds(self) -> float:
        """Send SIGTERM; gives how long its process then took to its end."""
        loop = asyncio.get_running_loop()
        ended = loop.create_future()
        descriptor = os.pidfd_open(self.pid)
        loop.add_reader(descriptor, lambda: None if ended.done() else ended.set_result(None))
        try:
            began = loop.time()
            os.kill(self.pid, signal.SIGTERM)
            async with asyncio.timeout(END_SECONDS):
                await ended
            return loop.time() - began
        finally:
            loop.remove_reader(descriptor)
            os.close(descriptor)


def _told(figure: Figure | None, what: str) -> Figure:
    if figure is None:
        raise ProcessError(f"the system does not say {what}")
    return figure


@asynccontextmanager
async def replica(folder: Path, pinning: Pinning) -> AsyncIterator[Replica]:
    """A replica, up while the context is open."""
    mcpgrpc = str(Path(sys.executable).parent / "mcpgrpc")
    words = [mcpgrpc, "serve", "bench.servers.capacity_app:app", "--listen", "127.0.0.1:0"]
    # As one caller the bench may have as many of everything as it measures.
    words += ["--max-streams-per-caller", "100000", "--max-requests-per-caller", "100000"]
    command = pinned(pinning.server, words)
    async with running_server(command, ANSWERS, folder / "server.log", {}) as server:
        yield _of(server)


def _of(server: RunningServer) -> Replica:
    return Replica(server.target, server.pid)


@asynccontextmanager
async def clients(target: str, count: int, rpc: str = "session") -> AsyncIterator[list[Client]]:
    """So many connected clients while the context is open."""
    made = [
        Client(target, mode=MODERN, rpc=rpc, connect_timeout_seconds=CONNECT_SECONDS)
        for _ in range(count)
    ]
    async with AsyncExitStack() as stack:
        await asyncio.gather(*map(stack.enter_async_context, made))
        yield made


async def warm(client: Client) -> None:
    """Have the server do once what is only done once."""
    for number in range(200):
        await client.call_tool("add", {"a": number, "b": 1})


async def ended(tasks: list[asyncio.Task[object]]) -> None:
    """Give up on tasks."""
    for task in tasks:
        task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await asyncio.gather(*tasks, return_exceptions=True)
