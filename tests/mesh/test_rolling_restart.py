"""A rolling restart under load loses no call and executes none twice."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.mesh.load import Load, loaded
from tests.mesh.replicas import Replica, Replicas, replicas
from tests.mesh.typed_load import TypedLoad, typed_load
from tests.mesh.ways import WAYS, Way, way_to

pytestmark = pytest.mark.timeout(400)

ROLLS = 2
CALLS = 20_000
BETWEEN = 200
TOOL_SECONDS = 0.01
"""So the load leaves two cores the time to start replicas."""

DRAIN_PAUSE_SECONDS = {"envoy": 5, "list": 0, "name": 0}
"""A proxy looks away when its health check sees the drain, a client when its stream says so."""


@asynccontextmanager
async def typed_where_balanced(way: Way, folder: Path) -> AsyncIterator[TypedLoad | None]:
    """Typed unary calls need somebody who balances them."""
    if way.envoy is None:
        yield None
        return
    async with typed_load(folder, way.target, seconds=TOOL_SECONDS) as load:
        yield load


async def rolled(replica: Replica, way: Way, load: Load) -> None:
    """Restart a replica as a rolling update does, and see it come back into use."""
    await replica.drained()
    executed = len(replica.ids)
    await load.more(BETWEEN)
    assert len(replica.ids) == executed, "it executed something after its end"
    await replica.start()
    await way.wait_routed(replica.address)
    await load.until(lambda: len(replica.ids) > executed, "used the replica again")


def once_each(fleet: Replicas, load: Load) -> int:
    """Every call that was answered was executed once, and nothing else was; gives how many."""
    executions = fleet.executions()
    twice = {name: count for name, count in executions.items() if count > 1}
    assert not twice, twice
    streams = {name for name in executions if name.startswith("stream-")}
    answered = load.ids
    assert len(answered) == load.answered
    assert streams == set(answered)
    return len(executions)


@pytest.mark.parametrize("way", WAYS)
async def test_two_rolling_restarts_under_load_lose_no_call_and_run_none_twice(
    tmp_path: Path, way: str
) -> None:
    async with contextlib.AsyncExitStack() as stack:
        drain = ("--drain-pause", str(DRAIN_PAUSE_SECONDS[way]), "--drain-grace", "20")
        fleet = await stack.enter_async_context(replicas(tmp_path, drain))
        road = await stack.enter_async_context(way_to(fleet, way, tmp_path))
        await road.wait_routed(*fleet.addresses)
        load = await stack.enter_async_context(
            loaded(
                tmp_path,
                road.target,
                within=road.within,
                clients=4,
                callers=4,
                seconds=TOOL_SECONDS,
            )
        )
        typed = await stack.enter_async_context(typed_where_balanced(road, tmp_path))
        for replica in [*fleet.each] * ROLLS:
            await rolled(replica, road, load)
        await load.reached(CALLS)
        typed_failures = [] if typed is None else await typed.finish()
        failures = await load.finish()
        assert not failures, f"{load.story}\n{fleet.last_words}"
        assert not typed_failures, f"{typed and typed.story}\n{fleet.last_words}"
        counted = once_each(fleet, load)
        assert counted == load.answered + (0 if typed is None else typed.answered)
        assert counted >= CALLS
        assert typed is None or typed.answered > 0
