"""Workers that die, hang, or cannot start: who is replaced, who goes on, and when nobody is."""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path

import grpc
import pytest

from mcpgrpc_server.workers.restarts import MAX_DELAY_SECONDS, MAX_SHORT_LIVES, Restarts
from tests.workers.conftest import Connection, gone, one_to_each, serving, started

pytestmark = pytest.mark.timeout(300)


class Load:
    """Calls one after the other, until it is stopped; none may fail."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._stopped = False
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> set[int]:
        """The processes that answered."""
        self._stopped = True
        return await self._task

    async def _run(self) -> set[int]:
        answered = {await self._connection.pid()}
        while not self._stopped:
            answered.add(await self._connection.pid())
        return answered


def set_flag(flag: Path) -> None:
    flag.touch()


def clear_flag(flag: Path) -> None:
    flag.unlink()


async def test_a_worker_that_is_killed_under_load_is_replaced_and_the_other_serves_on() -> None:
    async with serving() as workers, one_to_each(workers.address, 2) as connections:
        victim, other = connections
        load = Load(connections[other])
        os.kill(victim, signal.SIGKILL)
        told = await workers.logged("worker ")
        assert "was ended by SIGKILL; it is replaced" in told["message"]
        async with one_to_each(workers.address, 2) as now:
            assert other in now
            assert victim not in now
        assert await load.stop() == {other}


async def test_a_worker_that_is_stuck_says_where_and_is_replaced() -> None:
    async with (
        serving("--worker-hang", "5") as workers,
        one_to_each(workers.address, 2) as connections,
    ):
        victim = next(iter(connections))
        with pytest.raises(grpc.aio.AioRpcError):
            await connections[victim].call("block", seconds=600)
        await workers.until(lambda: any(f"(pid {victim}) did nothing" in x for x in workers.lines))
        await workers.until(lambda: any("in block" in line for line in workers.lines))
        # Until then the kernel may still give it connections, which end with it.
        await gone(victim)
        async with one_to_each(workers.address, 2) as now:
            assert victim not in now


async def test_a_worker_that_is_stopped_is_replaced() -> None:
    async with (
        serving("--worker-hang", "5") as workers,
        one_to_each(workers.address, 2) as connections,
    ):
        victim = next(iter(connections))
        os.kill(victim, signal.SIGSTOP)
        await gone(victim)
        async with one_to_each(workers.address, 2) as now:
            assert victim not in now


async def test_a_worker_that_is_asked_to_end_finishes_its_calls_and_is_replaced(
    flag: Path,
) -> None:
    async with serving() as workers, one_to_each(workers.address, 2) as connections:
        victim, other = connections
        call = asyncio.create_task(connections[victim].call("hold", release=str(flag)))
        await workers.until(lambda: f"holding {victim}" in workers.out)
        os.kill(victim, signal.SIGTERM)
        await workers.logged("drain started")
        set_flag(flag)
        assert int(await call) == victim
        await gone(victim)
        async with one_to_each(workers.address, 2) as now:
            assert other in now


async def test_workers_that_cannot_start_are_given_up_with_the_reason(flag: Path) -> None:
    set_flag(flag)
    async with started("--workers", "2", BROKEN_START=str(flag)) as workers:
        assert await workers.ended() == 1
    assert workers.out == []
    assert "ended with exit code 3" in workers.lines[-1]
    assert f"{MAX_SHORT_LIVES} times in a row" in workers.lines[-1]
    assert not any("Traceback" in line for line in workers.lines)


async def test_while_one_serves_a_replacement_that_cannot_start_is_tried_until_it_can(
    flag: Path,
) -> None:
    async with (
        serving(BROKEN_START=str(flag)) as workers,
        one_to_each(workers.address, 2) as connections,
    ):
        victim, other = connections
        load = Load(connections[other])
        set_flag(flag)
        os.kill(victim, signal.SIGKILL)
        await workers.logged("worker ", level="error")

        def failures() -> int:
            return sum("exit code 3" in str(each["message"]) for each in workers.records())

        await workers.until(lambda: failures() >= 2)
        clear_flag(flag)
        async with one_to_each(workers.address, 2) as now:
            assert other in now
        assert await load.stop() == {other}


def test_short_lives_are_followed_by_longer_and_longer_pauses() -> None:
    restarts = Restarts()
    pauses = [restarts.delay_seconds(0) for _ in range(40)]
    assert pauses == sorted(pauses)
    assert pauses[0] < 1
    assert pauses[-1] == MAX_DELAY_SECONDS
    assert restarts.is_hopeless


def test_a_steady_life_is_followed_by_no_pause_and_forgives_the_short_ones() -> None:
    restarts = Restarts()
    for _ in range(MAX_SHORT_LIVES):
        restarts.delay_seconds(1)
    assert restarts.delay_seconds(3_600) == 0
    assert not restarts.is_hopeless
