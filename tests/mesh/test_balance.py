"""Work is spread evenly over the replicas, soon after one has joined."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import pytest

from tests.mesh.load import Load, loaded
from tests.mesh.replicas import Replicas, replicas
from tests.mesh.ways import way_to

pytestmark = pytest.mark.timeout(120)

CLIENTS = 8
CALLERS = 6
TOOL_SECONDS = 0.1
"""So much longer than the processor's part of a call that a busy machine spreads as a quiet one."""

WINDOW = 900
"""Executions over which busiest and idlest are compared."""

MAX_RATIO = 1.2
WITHIN_SECONDS = 10.0


async def ratio_of_next(fleet: Replicas, load: Load) -> float:
    """Busiest over idlest of the next executions."""
    before = fleet.counts()
    await load.more(WINDOW)
    took = [after - earlier for after, earlier in zip(fleet.counts(), before, strict=True)]
    return max(took) / min(took) if min(took) else float("inf")


@pytest.mark.parametrize("way", ["list", "name"])
async def test_a_replica_that_joins_has_its_share_within_ten_seconds(
    tmp_path: Path, way: str
) -> None:
    async with (
        replicas(tmp_path, started=2) as fleet,
        way_to(fleet, way, tmp_path) as road,
    ):
        joining = fleet.each[2]
        if road.hosts is not None:
            road.hosts.write(fleet.addresses[:2])
        async with loaded(
            tmp_path,
            road.target,
            within=road.within,
            clients=CLIENTS,
            callers=CALLERS,
            seconds=TOOL_SECONDS,
        ) as load:
            await load.more(WINDOW)
            assert not joining.ids
            await joining.start()
            if road.hosts is not None:
                road.hosts.write(fleet.addresses)
            joined = time.monotonic()
            ratios: list[float] = []
            async with asyncio.timeout(WITHIN_SECONDS):
                while not ratios or ratios[-1] > MAX_RATIO:
                    ratios.append(await ratio_of_next(fleet, load))
            assert time.monotonic() - joined <= WITHIN_SECONDS
            assert not await load.finish(), load.story
