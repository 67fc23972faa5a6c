"""The switches of a process that serves, as the process itself sees them."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.tuning.served import tuning_of


async def test_asyncio_serves_where_it_is_named(tmp_path: Path) -> None:
    told = await tuning_of(tmp_path, "--event-loop", "asyncio")
    assert told["loop"].startswith("asyncio.")


@pytest.mark.parametrize("name", ["auto", "uvloop"])
async def test_uvloop_serves_where_it_is_installed(name: str, tmp_path: Path) -> None:
    pytest.importorskip("uvloop")
    told = await tuning_of(tmp_path, "--event-loop", name)
    assert told["loop"].startswith("uvloop")


async def test_what_the_start_made_is_frozen_and_the_rest_is_collected(tmp_path: Path) -> None:
    told = await tuning_of(tmp_path)
    assert told["frozen"] > 0
    assert told["collects"] is True


async def test_nothing_is_frozen_where_that_is_turned_off(tmp_path: Path) -> None:
    told = await tuning_of(tmp_path, "--no-gc-freeze")
    assert told["frozen"] == 0
    assert told["collects"] is True


@pytest.mark.skipif(sys.platform != "linux", reason="it is Linux that pins")
async def test_every_thread_of_a_pinned_process_is_on_its_cpu(tmp_path: Path) -> None:
    import os

    cpu = max(os.sched_getaffinity(0))
    told = await tuning_of(tmp_path, "--cpu-affinity", str(cpu))
    assert told["cpus"]
    assert all(cpus == [cpu] for cpus in told["cpus"])


async def test_a_server_answers_without_the_event_engine(tmp_path: Path) -> None:
    assert await tuning_of(tmp_path, "--no-grpc-event-engine")
