"""What stands behind the doors: a server process that can be killed, servers in this process."""

from __future__ import annotations

import asyncio
import signal
import socket
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from mcpgrpc.testing import serving
from mcpgrpc_server.app_loader import load_app
from tests.doors.door import Door, open_door
from tests.doors.door_app import Watched

EXAMPLES = Path(__file__).parents[2] / "examples"
READY_SECONDS = 30


class ServerProcess:
    """`mcpgrpc serve` of an example on one port, through any number of restarts."""

    def __init__(self, example: str) -> None:
        self._app = str(EXAMPLES / f"{example}.py")
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.address = f"127.0.0.1:{probe.getsockname()[1]}"
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        """Start it and wait for the banner's last line."""
        self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", "mcpgrpc.cli.main", "serve", self._app, "--listen", self.address),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
        )
        assert self._process.stdout is not None
        async with asyncio.timeout(READY_SECONDS):
            while b"mcpgrpc call" not in (line := await self._process.stdout.readline()):
                assert line, "the server ended before it answered"

    async def kill(self) -> None:
        """End it as a crash would."""
        if self._process is not None and self._process.returncode is None:
            self._process.send_signal(signal.SIGKILL)
            await self._process.communicate()


@pytest.fixture
async def everything() -> AsyncIterator[ServerProcess]:
    """A running server of `examples/everything.py`."""
    server = ServerProcess("everything")
    await server.start()
    yield server
    await server.kill()


@pytest.fixture
async def door() -> AsyncIterator[Door]:
    """The HTTP door in front of `examples/everything.py`."""
    async with (
        serving(load_app(str(EXAMPLES / "everything.py"))) as address,
        open_door(address) as door,
    ):
        yield door


@pytest.fixture
async def watched() -> Watched:
    """An app that reports what happens to its handlers."""
    return Watched()


@pytest.fixture
async def watched_door(watched: Watched) -> AsyncIterator[Door]:
    """The HTTP door in front of the watched app."""
    async with serving(watched.app) as address, open_door(address) as door:
        yield door
