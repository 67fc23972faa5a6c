"""A replica that is killed takes with it the calls in flight on it, and nothing else."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from tests.mesh.load import Load, loaded
from tests.mesh.replicas import Replica, Replicas, replicas
from tests.mesh.typed_load import typed_load, unix_time
from tests.mesh.ways import WAYS, way_to

pytestmark = pytest.mark.timeout(200)

CLIENTS, CALLERS = 4, 6
TOOL_SECONDS = 0.05
"""Long enough that every replica has calls in flight at any time."""

FAILED_WITHIN_SECONDS = 1.0
WARM = 300
ON = 600


def check_lost(load: Load, fleet: Replicas, killed: Replica, at: float) -> None:
    """Only calls that were in flight on the killed one failed, at once, each as a lost one."""
    assert 0 < len(load.failures) <= CLIENTS * CALLERS, load.story
    for failure in load.failures:
        assert failure.kind == "ConnectionLost", load.story
        assert failure.execution == "MAYBE", load.story
        assert at <= failure.ended <= at + FAILED_WITHIN_SECONDS, (at, load.story)
    elsewhere = [replica for replica in fleet.each if replica is not killed]
    ran_elsewhere = {name for replica in elsewhere for name in replica.ids}
    assert ran_elsewhere.isdisjoint(failure.id for failure in load.failures)


def check_once(load: Load, fleet: Replicas) -> None:
    """Nothing ran twice, and what was answered ran."""
    executions = fleet.executions()
    assert not {name: count for name, count in executions.items() if count > 1}
    assert executions.keys() >= set(load.ids)


@pytest.mark.parametrize("way", WAYS)
async def test_a_killed_replica_fails_what_is_in_flight_on_it_alone_and_comes_back_into_use(
    tmp_path: Path, way: str
) -> None:
    async with (
        replicas(tmp_path) as fleet,
        way_to(fleet, way, tmp_path) as road,
    ):
        await road.wait_routed(*fleet.addresses)
        async with loaded(
            tmp_path,
            road.target,
            within=road.within,
            clients=CLIENTS,
            callers=CALLERS,
            seconds=TOOL_SECONDS,
        ) as load:
            await load.more(WARM)
            killed = max(fleet.each, key=lambda replica: len(replica.ids))
            at = killed.signal(signal.SIGKILL)
            await load.more(ON)
            check_lost(load, fleet, killed, at)
            await killed.ended()
            executed = len(killed.ids)
            failed = len(load.failures)
            await killed.start()
            await road.wait_routed(killed.address)
            if road.envoy is None:
                # Through a proxy each stream stays where it is.
                await load.until(lambda: len(killed.ids) > executed, "used it again")
            await load.more(WARM)
            await load.finish()
            assert len(load.failures) == failed, load.story
            check_once(load, fleet)


async def test_typed_calls_in_flight_on_a_killed_replica_are_unavailable_within_a_second(
    tmp_path: Path,
) -> None:
    async with (
        replicas(tmp_path) as fleet,
        way_to(fleet, "envoy", tmp_path) as road,
    ):
        await road.wait_routed(*fleet.addresses)
        async with typed_load(
            tmp_path, road.target, concurrency=CLIENTS * CALLERS, seconds=TOOL_SECONDS
        ) as load:
            await load.more_batches()
            killed = fleet.each[0]
            await killed.executing()
            at = unix_time(killed.signal(signal.SIGKILL))
            await load.more_batches(2)
            await killed.ended()
            executed = len(killed.ids)
            failed = len(load.failures)
            assert 0 < failed <= CLIENTS * CALLERS, load.story
            await killed.start()
            await road.wait_routed(killed.address)
            await load.more_batches(2)
            await load.finish()
            assert len(killed.ids) > executed
            assert len(load.failures) == failed, load.story
            for failure in load.failures:
                assert failure.status == "Unavailable", load.story
                assert failure.began <= at + FAILED_WITHIN_SECONDS, (at, load.story)
                assert failure.ended <= at + FAILED_WITHIN_SECONDS, (at, load.story)
            assert max(fleet.executions().values()) == 1
