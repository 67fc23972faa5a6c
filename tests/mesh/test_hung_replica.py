"""A replica that hangs leaves the rotation, and comes back when it goes on."""

from __future__ import annotations

import signal
import time
from pathlib import Path

import pytest

from mcpgrpc.channel import KEEPALIVE_TIMEOUT_SECONDS, MIN_KEEPALIVE_SECONDS
from tests.mesh.envoy import health_check_seconds
from tests.mesh.load import loaded
from tests.mesh.replicas import replicas
from tests.mesh.typed_load import typed_load
from tests.mesh.ways import way_to

pytestmark = pytest.mark.timeout(200)

SLACK_SECONDS = 3.0
"""What a busy machine takes beside the time that is configured."""

PROMISED_SECONDS = 1.0
MISSED = 4
"""Silent intervals before a client gives a stream up, the one that was under way counted."""

WARM = 200


async def test_envoy_routes_around_a_replica_that_hangs_until_it_goes_on(tmp_path: Path) -> None:
    async with (
        replicas(tmp_path) as fleet,
        way_to(fleet, "envoy", tmp_path) as road,
    ):
        assert road.envoy is not None
        hung = fleet.each[1]
        await road.wait_routed(*fleet.addresses)
        async with typed_load(tmp_path, road.target) as load:
            await load.more_batches()
            began = hung.signal(signal.SIGSTOP)
            await road.envoy.wait_unhealthy(hung.address)
            left_after = time.monotonic() - began
            hung.signal(signal.SIGCONT)
            await road.wait_routed(hung.address)
            executed = len(hung.ids)
            await load.more_batches()
            # What was on it has waited, and was answered after all.
            assert not await load.finish(), f"{load.story}\n{fleet.last_words}"
        assert left_after <= sum(health_check_seconds()) + SLACK_SECONDS
        assert len(hung.ids) > executed
        assert max(fleet.executions().values()) == 1


async def test_the_client_leaves_a_replica_that_hangs_by_keepalive_until_it_goes_on(
    tmp_path: Path,
) -> None:
    async with (
        replicas(tmp_path) as fleet,
        loaded(
            tmp_path,
            fleet.listed,
            clients=2,
            callers=6,
            seconds=0.05,
            keepalive_seconds=MIN_KEEPALIVE_SECONDS,
            balancing={"max_probe_interval_seconds": 1.0},
        ) as load,
    ):
        await load.until(lambda: min(fleet.counts()) > WARM, "used every replica")
        hung = fleet.each[1]
        at = hung.signal(signal.SIGSTOP)
        # The others serve on, and their callers with them.
        await load.more(WARM)
        assert not load.failures, load.story
        await load.until(lambda: bool(load.failures), "noticed that the replica hangs")
        failed_after = load.failures[0].ended - at
        assert {failure.kind for failure in load.failures} == {"ConnectionLost"}, load.story
        assert {failure.execution for failure in load.failures} == {"MAYBE"}, load.story
        bound = MIN_KEEPALIVE_SECONDS + KEEPALIVE_TIMEOUT_SECONDS + SLACK_SECONDS
        assert failed_after <= bound, load.story
        hung.signal(signal.SIGCONT)
        again = len(hung.ids) + 2 * WARM
        await load.until(lambda: len(hung.ids) > again, "used it again")
        await load.finish()
        assert max(fleet.executions().values()) == 1


async def test_a_stream_behind_a_proxy_leaves_a_replica_that_says_nothing_any_more(
    tmp_path: Path,
) -> None:
    promise = ("--keepalive-interval", str(PROMISED_SECONDS))
    async with (
        replicas(tmp_path, promise) as fleet,
        way_to(fleet, "envoy", tmp_path) as road,
    ):
        await road.wait_routed(*fleet.addresses)
        async with loaded(tmp_path, road.target, clients=6, callers=1, seconds=0.05) as load:
            # The proxy answers PINGs for everybody: only what the server wrote is a sign of life.
            await load.more(WARM)
            hung = max(fleet.each, key=lambda replica: len(replica.ids))
            at = hung.signal(signal.SIGSTOP)
            await load.until(lambda: bool(load.failures), "noticed that the replica hangs")
            failed_after = load.failures[0].ended - at
            await load.more(WARM)
            assert await load.finish() == load.failures
            assert {failure.kind for failure in load.failures} == {"ConnectionLost"}, load.story
            assert {failure.execution for failure in load.failures} == {"MAYBE"}, load.story
            assert failed_after <= (MISSED + 1) * PROMISED_SECONDS + SLACK_SECONDS, load.story
            assert max(fleet.executions().values()) == 1
