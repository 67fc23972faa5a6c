"""A real Redis in a process of its own, which can go away and come back at the same address."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from tests.interop.conftest import program

SECONDS = 60


class RedisServer:
    """A Redis that keeps nothing on disk.

    Args:
        where: the words that say where it listens.
    """

    def __init__(self, where: Sequence[str]) -> None:
        self._where = where
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        """Wait until it answers."""
        found = program("redis-server", package="redis-server")
        process = await asyncio.create_subprocess_exec(
            *(found, *self._where, "--save", ""), stdout=asyncio.subprocess.PIPE
        )
        self._process = process
        assert process.stdout is not None
        async with asyncio.timeout(SECONDS):
            while b"ready to accept connections" not in (await process.stdout.readline()).lower():
                assert process.returncode is None

    def hang(self) -> None:
        """Let it answer nothing, and take no connection, until it goes on."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def go_on(self) -> None:
        """Let it answer again."""
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)

    async def kill(self) -> None:
        """End it at once, with all that it knew."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            await process.communicate()


def on_socket(path: Path) -> RedisServer:
    """One that listens on a socket alone; `unix://PATH` is its address."""
    return RedisServer(("--port", "0", "--unixsocket", str(path)))


@asynccontextmanager
async def redis(socket: Path) -> AsyncIterator[str]:
    """A Redis on a socket of its own; gives its URL once it answers."""
    server = on_socket(socket)
    try:
        await server.start()
        yield f"unix://{socket}"
    finally:
        await server.kill()
