"""Servers that die, hang, drain, refuse and come back, under load: who fails, and who does not."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
import time
from dataclasses import dataclass, field
from typing import Self

import mcp
import pytest

import mcpgrpc
from mcpgrpc import Client
from mcpgrpc.errors import ConnectError, ConnectionLost
from tests.balancing.conftest import Connect, balancing
from tests.balancing.processes import Processes
from tests.balancing.replicas import MAX_SECONDS, Names, Replicas

AT_ONCE_SECONDS = 1.0


@dataclass
class Load:
    """Calls that are made all the time, each with an id of its own, and what became of them."""

    client: Client
    callers: int = 8
    answered: int = 0
    lost: list[ConnectionLost] = field(default_factory=list)
    lost_ids: set[str] = field(default_factory=set)
    numbers: int = 0
    stopping: bool = False

    async def __aenter__(self) -> Self:
        self._tasks = [asyncio.create_task(self._call()) for _ in range(self.callers)]
        return self

    async def __aexit__(self, *_: object) -> None:
        self.stopping = True
        await asyncio.gather(*self._tasks)

    async def _call(self) -> None:
        while not self.stopping:
            self.numbers += 1
            call = f"l:{self.numbers}"
            try:
                await self.client.call_tool("count", {"call": call})
                self.answered += 1
            except ConnectionLost as lost:
                self.lost.append(lost)
                self.lost_ids.add(call)


async def test_when_one_of_three_is_killed_only_what_it_had_is_lost_and_it_comes_back_into_use(
    processes: Processes, connect: Connect
) -> None:
    addresses = await processes.start(1, 2, 3)
    client = await connect(",".join(addresses))
    async with asyncio.timeout(MAX_SECONDS), Load(client) as load:
        await processes.until(lambda: set(processes.by_replica) == set(addresses))
        held = [
            asyncio.create_task(client.call_tool("hold", {"call": f"h:{number}"}))
            for number in range(6)
        ]
        await processes.until(lambda: all(processes.by_id[f"h:{number}"] for number in range(6)))
        began = time.monotonic()
        await processes.signal(addresses[0], signal.SIGKILL)
        await asyncio.wait(held, return_when=asyncio.FIRST_COMPLETED)
        assert time.monotonic() - began < AT_ONCE_SECONDS
        goes_on = load.answered + 500
        while load.answered < goes_on:
            await client.call_tool("count", {"call": f"m:{load.answered}"})
        failed = [task.exception() for task in held if task.done()]
        assert failed
        assert all(isinstance(each, ConnectionLost) for each in failed)
        assert {each.execution for each in load.lost} <= {"MAYBE"}
        assert len(load.lost) <= load.callers
        lost_once = len(load.lost)
        await processes.start(1)
        again = processes.by_replica[addresses[0]] + 50
        await processes.until(lambda: processes.by_replica[addresses[0]] >= again)
        assert len(load.lost) == lost_once
        for task in held:
            task.cancel()
    assert set(processes.by_id.values()) == {1}


@pytest.mark.parametrize("processes", [1.0], indirect=True, ids=["a promise of 1 s"])
async def test_a_server_that_hangs_is_left_when_it_has_missed_three_promised_frames(
    processes: Processes, connect: Connect
) -> None:
    addresses = await processes.start(1, 2)
    client = await connect(",".join(addresses))
    async with asyncio.timeout(MAX_SECONDS), Load(client) as load:
        await processes.until(lambda: set(processes.by_replica) == set(addresses))
        await processes.signal(addresses[0], signal.SIGSTOP)
        held = 0
        while not load.lost:
            # It may be one of those that are lost.
            with contextlib.suppress(ConnectionLost):
                await asyncio.wait_for(client.call_tool("count", {"call": f"w:{held}"}), 10)
            held += 1
        assert "the server promised to write every 1 s" in str(load.lost[0])
        assert {each.execution for each in load.lost} == {"MAYBE"}
        lost = len(load.lost)
        for number in range(200):
            await client.call_tool("count", {"call": f"n:{number}"})
        assert len(load.lost) == lost
        await processes.signal(addresses[0], signal.SIGCONT)
        again = processes.by_replica[addresses[0]] + 50
        await processes.until(lambda: processes.by_replica[addresses[0]] >= again)


async def test_a_rolling_restart_loses_no_call_and_runs_none_twice(
    replicas: Replicas, connect: Connect
) -> None:
    addresses = await replicas.start(1, 2, 3)
    executions = replicas.executions
    client = await connect(",".join(addresses))
    async with asyncio.timeout(MAX_SECONDS), Load(client, callers=16) as load:
        await executions.until(lambda: set(executions.by_replica) == set(addresses))
        for number in (1, 2, 3):
            await replicas.stop(number, drain_seconds=10)
            executions.by_replica.clear()
            await replicas.start(number)
            address = replicas.address(number)
            await executions.until(lambda address=address: executions.by_replica[address] > 20)
    assert load.lost == []
    assert len(executions.by_id) == load.numbers == load.answered
    assert set(executions.by_id.values()) == {1}


async def test_the_sdks_client_finds_another_address_when_its_server_drains(
    replicas: Replicas,
) -> None:
    addresses = await replicas.start(1, 2)
    async with asyncio.timeout(MAX_SECONDS):
        async with mcp.Client(mcpgrpc.transport(",".join(addresses))) as client:
            for number in (1, 2):
                await replicas.stop(number, drain_seconds=10)
                result = await client.call_tool("count", {"call": f"s:{number}"})
                assert result.structured_content == {"result": replicas.address(3 - number)}
                await replicas.start(number)


async def test_an_address_that_refuses_connections_is_passed_over(
    replicas: Replicas, connect: Connect
) -> None:
    addresses = await replicas.start(1)
    for _ in range(4):
        client = await connect(f"{addresses[0]},{replicas.address(2)}")
        result = await client.call_tool("count", {"call": "c"}, timeout=5)
        assert result.structured_content == {"result": addresses[0]}


async def test_an_address_that_takes_connections_and_never_answers_is_passed_over(
    replicas: Replicas, connect: Connect
) -> None:
    addresses = await replicas.start(1)
    with socket.socket() as silent:
        host, port = replicas.address(2).split(":")
        silent.bind((host, int(port)))
        silent.listen()
        for _ in range(4):
            client = await connect(f"{addresses[0]},{replicas.address(2)}")
            result = await client.call_tool("count", {"call": "c"}, timeout=5)
            assert result.structured_content == {"result": addresses[0]}


async def test_a_stream_that_is_lost_has_the_name_resolved_at_once(
    processes: Processes, connect: Connect
) -> None:
    addresses = await processes.start(1, 2)
    names = Names(addresses[0])
    config = balancing(names, resolve_interval_seconds=3600)
    client = await connect(names, balancing=config)
    async with asyncio.timeout(MAX_SECONDS):
        await client.call_tool("count", {"call": "c"})
        names.addresses = [addresses[1]]
        await processes.signal(addresses[0], signal.SIGKILL)
        await names.asked_again()
        result = await client.call_tool("count", {"call": "d"})
        assert result.structured_content == {"result": addresses[1]}


async def test_when_every_address_is_down_calls_wait_and_then_say_so(
    replicas: Replicas, connect: Connect
) -> None:
    addresses = await replicas.start(1, 2)
    client = await connect(",".join(addresses), connect_timeout_seconds=1)
    await replicas.stop(1)
    await replicas.stop(2)
    with pytest.raises((ConnectError, ConnectionLost)):
        await client.call_tool("count", {"call": "a"})
    with pytest.raises(ConnectError, match=r"no server answers at .* within 1 s"):
        await client.call_tool("count", {"call": "b"})
    await replicas.start(1)
    async with asyncio.timeout(MAX_SECONDS):
        while True:
            try:
                await client.call_tool("count", {"call": "c"})
                break
            except ConnectError:
                continue
