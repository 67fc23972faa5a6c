"""`mcpgrpc_server.serve` in a process of its own: signals, exit codes, a port that is taken."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import grpc
import pytest

from tests.wire.raw import LOCAL_CONNECTION, RawSession, text_of, tool

MAX_SECONDS = 20
REPOSITORY = Path(__file__).parents[2]
PROGRAM = """
import asyncio, sys
from contextlib import asynccontextmanager
from mcp.server import MCPServer
from mcp.server.mcpserver import Context
from mcpgrpc_server import ServerSettings, serve

@asynccontextmanager
async def lifespan(app):
    print("up", flush=True)
    if sys.argv[3] == "never":
        await asyncio.Event().wait()
    yield
    print("down", flush=True)

app = MCPServer("process", lifespan=lifespan)

@app.tool()
async def work(seconds: float, ctx: Context) -> str:
    await ctx.report_progress(0, 1)
    await asyncio.sleep(seconds)
    return "worked"

settings = ServerSettings(listen=[sys.argv[1]], drain_grace_seconds=float(sys.argv[2]))
serve(app, settings=settings, on_ready=lambda server, _: print(server.addresses[0], flush=True))
"""


@dataclass
class Process:
    """A server process."""

    process: asyncio.subprocess.Process

    async def line(self) -> str:
        assert self.process.stdout is not None
        async with asyncio.timeout(MAX_SECONDS):
            return (await self.process.stdout.readline()).decode().strip()

    def signal(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    async def ended(self) -> tuple[int, str, str]:
        async with asyncio.timeout(MAX_SECONDS):
            out, err = await self.process.communicate()
        assert self.process.returncode is not None
        return self.process.returncode, out.decode(), err.decode()


async def start(address: str = "127.0.0.1:0", grace: float = 15, up: str = "up") -> Process:
    kept = {name: text for name, text in os.environ.items() if not name.startswith("MCPGRPC_")}
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-c", PROGRAM, address, str(grace), up),
        cwd=REPOSITORY,
        env=kept,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    return Process(process)


@pytest.fixture
async def served() -> AsyncIterator[tuple[Process, RawSession]]:
    """A process that serves, and a Session on it."""
    server = await start(grace=15)
    assert await server.line() == "up"
    address = await server.line()
    async with grpc.aio.insecure_channel(address, options=LOCAL_CONNECTION) as channel:
        yield server, RawSession(channel)
    if server.process.returncode is None:
        server.process.kill()
        await server.process.wait()


Served = tuple[Process, RawSession]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_the_first_signal_drains_and_exits_with_0(
    served: Served, number: signal.Signals
) -> None:
    server, session = served
    await session.send(tool(1, "work", {"seconds": 0.5}, progressToken=1))
    await session.envelope()
    server.signal(number)
    await session.next("go_away")
    assert text_of(await session.response(1)) == "worked"
    assert (await session.ending()).code is grpc.StatusCode.OK
    code, out, err = await server.ended()
    assert (code, out) == (0, "down\n")
    assert "Traceback" not in err


async def test_a_second_signal_ends_at_once(served: Served) -> None:
    server, session = served
    await session.send(tool(1, "work", {"seconds": 60}, progressToken=1))
    await session.envelope()
    server.signal(signal.SIGTERM)
    await session.next("go_away")
    server.signal(signal.SIGTERM)
    code, out, err = await server.ended()
    assert code == -signal.SIGTERM
    assert "down" not in out
    assert "Traceback" not in err


async def test_an_idle_server_ends_at_once(served: Served) -> None:
    server, session = served
    await session.next("settings")
    server.signal(signal.SIGTERM)
    assert (await session.ending()).code is grpc.StatusCode.OK
    assert (await server.ended())[0] == 0


async def test_a_signal_while_the_app_comes_up_ends_the_process() -> None:
    server = await start(up="never")
    assert await server.line() == "up"
    server.signal(signal.SIGTERM)
    code, _, err = await server.ended()
    assert code == 0
    assert "Traceback" not in err


async def test_a_port_that_is_taken_ends_the_process_with_the_reason() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        server = await start(address)
        code, out, err = await server.ended()
    assert code == 1
    assert out == ""
    assert (
        err.strip()
        .splitlines()[-1]
        .endswith(
            f"cannot listen on {address}: address already in use;"
            " stop what uses it or choose another with --listen"
        )
    )
