"""A lost connection: waiting calls fail at once and say what is known, later ones find a server."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, TypeAlias

import mcp
import pytest
from mcp import MCPError

import mcpgrpc
from mcpgrpc import Client
from mcpgrpc.errors import ConnectionLost
from mcpgrpc_server import Server
from tests.client.app import Ledger, text_of
from tests.client.conftest import MODERN, Connect, Start

MAX_SECONDS = 20
AT_ONCE_SECONDS = 2.0
SERVED = Path(__file__).with_name("served.py")
Spawn: TypeAlias = Callable[[str], Awaitable["Process"]]


class Process:
    """A server in a process of its own, which can be killed."""

    def __init__(self, process: asyncio.subprocess.Process, address: str) -> None:
        self._process = process
        self.address = address

    async def kill(self) -> None:
        self._process.send_signal(signal.SIGKILL)
        await self._process.wait()


@pytest.fixture
async def spawn() -> AsyncIterator[Spawn]:
    """Starts server processes, which are killed at the end."""
    async with AsyncExitStack() as stack:

        async def started(listen: str = "127.0.0.1:0") -> Process:
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                str(SERVED),
                listen,
                stdout=asyncio.subprocess.PIPE,
                env={**os.environ, "PYTHONPATH": str(SERVED.parents[2])},
            )
            assert process.stdout is not None
            stack.push_async_callback(_end, process)
            async with asyncio.timeout(MAX_SECONDS):
                address = (await process.stdout.readline()).decode().strip()
            assert address
            return Process(process, address)

        yield started


async def _end(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        process.kill()
    await process.communicate()


async def test_when_a_server_is_killed_waiting_calls_fail_at_once_and_the_next_finds_its_successor(
    spawn: Spawn, connect: Connect, rpc: str
) -> None:
    first = await spawn("127.0.0.1:0")
    client = await connect(first.address, rpc=rpc)
    progress = asyncio.Event()
    waiting = asyncio.create_task(client.call_tool("wait", on_progress=lambda *_: progress.set()))
    async with asyncio.timeout(MAX_SECONDS):
        await progress.wait()
        await first.kill()
        began = time.monotonic()
        with pytest.raises(ConnectionLost) as lost:
            await waiting
        assert time.monotonic() - began < AT_ONCE_SECONDS
        assert lost.value.execution == "MAYBE"
        assert f"the connection to {first.address} was lost under tools/call" in str(lost.value)
        assert "it may have been executed" in str(lost.value)
        await spawn(first.address)
        assert text_of(await client.call_tool("add", {"a": 1, "b": 1})) == "2"


async def test_a_server_that_stops_ends_waiting_calls_and_the_next_finds_its_successor(
    start: Start, connect: Connect, ledger: Ledger, rpc: str
) -> None:
    server = await start()
    client = await connect(server.addresses[0], rpc=rpc)
    waiting = asyncio.create_task(client.call_tool("wait"))
    async with asyncio.timeout(MAX_SECONDS):
        await ledger.started.wait()
        await server.stop()
        with pytest.raises(ConnectionLost) as lost:
            await waiting
        assert lost.value.execution == "MAYBE"
        await start(server.addresses[0])
        assert text_of(await client.call_tool("add", {"a": 1, "b": 1})) == "2"


async def test_a_legacy_session_that_is_lost_says_that_it_is_over(
    start: Start, connect: Connect, ledger: Ledger
) -> None:
    server = await start()
    client = await connect(server.addresses[0], mode="legacy")
    waiting = asyncio.create_task(client.call_tool("wait"))
    async with asyncio.timeout(MAX_SECONDS):
        await ledger.started.wait()
        await server.stop()
        with pytest.raises(ConnectionLost) as lost:
            await waiting
        assert lost.value.execution == "MAYBE"
        await start(server.addresses[0])
        with pytest.raises(ConnectionLost, match=r"is over.*connect again") as over:
            await client.call_tool("add", {"a": 1, "b": 1})
    assert over.value.execution == "NOT_STARTED"
    assert server.addresses[0] in str(over.value)


async def test_a_legacy_session_that_drains_says_that_it_is_over(
    start: Start, connect: Connect, ledger: Ledger
) -> None:
    server = await start()
    client = await connect(server.addresses[0], mode="legacy")
    waiting = asyncio.create_task(client.call_tool("wait"))
    async with asyncio.timeout(MAX_SECONDS):
        await ledger.started.wait()
        draining = asyncio.create_task(server.drain(10))
        refused = [await refusal(client), await refusal(client)]
        assert {error.execution for error in refused} == {"NOT_STARTED"}
        assert "is over (the server drains it), and nothing was sent" in str(refused[1])
        ledger.release.set()
        assert text_of(await waiting) == "released"
        await draining


async def refusal(client: Client) -> ConnectionLost:
    """The error of the first call that is not answered any more."""
    while True:
        try:
            await client.call_tool("add", {"a": 1, "b": 1})
        except ConnectionLost as lost:
            return lost


async def test_the_sdks_client_sees_a_lost_connection_as_one(
    server: Server, ledger: Ledger, rpc: str
) -> None:
    transport = mcpgrpc.transport(server.addresses[0], rpc=rpc)
    async with mcp.Client(transport, mode=MODERN) as client, asyncio.timeout(MAX_SECONDS):
        waiting = asyncio.create_task(client.call_tool("wait"))
        await ledger.started.wait()
        await server.stop()
        error: Any = (await asyncio.gather(waiting, return_exceptions=True))[0]
        assert isinstance(error, MCPError)
        assert error.code == mcp.types.CONNECTION_CLOSED
        assert error.error.data == {"reason": "CONNECTION_LOST", "execution": "MAYBE"}


async def test_a_subscription_whose_connection_is_lost_says_so(
    spawn: Spawn, connect: Connect, rpc: str
) -> None:
    killed = await spawn("127.0.0.1:0")
    client = await connect(killed.address, rpc=rpc)
    async with asyncio.timeout(MAX_SECONDS), client.listen(tools=True) as events:
        await killed.kill()
        with pytest.raises(ConnectionLost):
            await anext(events)


async def test_a_subscription_that_its_server_closes_ends(
    server: Server, connect: Connect, rpc: str
) -> None:
    client = await connect(server.addresses[0], rpc=rpc)
    async with asyncio.timeout(MAX_SECONDS), client.listen(tools=True) as events:
        await server.drain(5)
        assert [event async for event in events] == []
