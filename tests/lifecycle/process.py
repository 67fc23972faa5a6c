"""`mcpgrpc serve` in a process of its own, with an app whose tool can stop the event loop."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Self

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

from tests.wire.raw import LOCAL_CONNECTION

SECONDS: Final = 60.0

APP: Final = '''
import pathlib
import sys
import time

from mcp.server import MCPServer

app = MCPServer("process")


@app.tool()
def now() -> str:
    return "now"


@app.tool()
async def stop_the_loop(until: str) -> str:
    """Let nothing else run until the file is there."""
    print("stopped", file=sys.stderr, flush=True)
    while not pathlib.Path(until).exists():
        time.sleep(0.01)
    return "going on"
'''


@dataclass
class Process:
    """A server that has said that it serves.

    Attributes:
        banner: what it said, by label.
    """

    process: asyncio.subprocess.Process
    banner: dict[str, str]

    @property
    def address(self) -> str:
        return self.banner["address"]

    def signal(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    async def line_with(self, what: str) -> str:
        """The next line of standard error that has this in it."""
        assert self.process.stderr is not None
        async with asyncio.timeout(SECONDS):
            async for line in self.process.stderr:
                if what in line.decode():
                    return line.decode()
        raise AssertionError(f"it ended without a word of {what!r}")

    async def exit_code(self) -> int:
        """How it ended."""
        async with asyncio.timeout(SECONDS):
            await self.process.communicate()
        assert self.process.returncode is not None
        return self.process.returncode


class Processes:
    """Starts servers of the app.

    Args:
        folder: where the app is put.
    """

    def __init__(self, folder: Path) -> None:
        self._app = folder / "lifecycle_app.py"
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        self._app.write_text(APP, encoding="utf-8")
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        await self._stack.aclose()

    async def start(self, *words: str) -> Process:
        """Run `mcpgrpc serve` with these options, until it serves."""
        kept = {name: text for name, text in os.environ.items() if not name.startswith("MCPGRPC_")}
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-P", "-m", "mcpgrpc.cli.main", "serve", str(self._app)),
            *("--listen", "127.0.0.1:0", "--log-format", "json", *words),
            env=kept,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        self._stack.push_async_callback(_ended, process)
        async with asyncio.timeout(SECONDS):
            return Process(process, await _banner(process))


async def _banner(process: asyncio.subprocess.Process) -> dict[str, str]:
    assert process.stdout is not None
    found: dict[str, str] = {}
    while "try" not in found:
        line = await process.stdout.readline()
        assert line, "it ended without a banner"
        label, _, text = line.decode().strip().partition(" ")
        found[label] = text.strip()
    return found


async def _ended(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        process.kill()
        await process.communicate()


async def health_of(address: str, service: str = "", timeout_seconds: float = SECONDS) -> str:
    """What a probe on a connection of its own is told; raises as gRPC does."""
    async with grpc.aio.insecure_channel(address, options=LOCAL_CONNECTION) as channel:
        check: Any = health_pb2_grpc.HealthStub(channel).Check
        answer = await check(
            health_pb2.HealthCheckRequest(service=service), timeout=timeout_seconds
        )
        return str(health_pb2.HealthCheckResponse.ServingStatus.Name(answer.status))


def free_address() -> str:
    """An address of loopback that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return f"127.0.0.1:{listener.getsockname()[1]}"
