"""A server process that can be killed and started again on its port."""

from __future__ import annotations

import asyncio
import signal
import socket
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

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
