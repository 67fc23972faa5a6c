"""What is told of all workers together: one answer for health, and one page of metrics."""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path

import pytest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from mcpgrpc_server.health import NOT_SERVING, SERVING
from mcpgrpc_server.workers.health import joined
from mcpgrpc_server.workers.metrics_merge import Merged
from tests.metrics.scraped import Page, scraped
from tests.tracing.receiver import receiving
from tests.workers.conftest import (
    connection,
    health_of,
    one_to_each,
    serving,
    started,
    watched_health,
)

pytestmark = pytest.mark.timeout(300)

METRICS = ("--metrics", "127.0.0.1:0")
HEALTH = ("--health", "127.0.0.1:0")
SERVICE = "mcpgrpc.v1.McpService"
TRACED = "fleet: SERVER tools/call pid"


def calls(page: Page) -> float:
    return page.value("mcpgrpc_requests_total", method="tools/call", outcome="ok")


async def test_the_page_is_the_sum_over_all_workers(flag: Path) -> None:
    async with serving(*METRICS) as workers, one_to_each(workers.address, 2) as connections:
        page_address = await workers.told_address("metrics")
        before = calls(await scraped(page_address))
        for times, each in enumerate(connections.values(), start=3):
            for _ in range(times):
                await each.pid()
        page = await scraped(page_address)
        assert calls(page) - before == 3 + 4
        seconds = page.value("mcpgrpc_request_duration_seconds_count", method="tools/call")
        assert seconds == calls(page)
        infinite = page.value(
            "mcpgrpc_request_duration_seconds_bucket", method="tools/call", le="+Inf"
        )
        assert infinite == calls(page)
        assert page.value("mcpgrpc_build_info") == 1
        assert page.value("mcpgrpc_workers", state="serving") == 2
        held = [
            asyncio.create_task(each.call("hold", release=str(flag)))
            for each in connections.values()
        ]
        await workers.until(lambda: all(f"holding {pid}" in workers.out for pid in connections))
        assert (await scraped(page_address)).value("mcpgrpc_requests_in_flight") == 2
        for task in held:
            task.cancel()
        await asyncio.wait(held)


async def test_the_trace_of_a_request_is_an_exemplar_on_the_page_of_all_workers() -> None:
    async with (
        receiving() as receiver,
        serving(
            *METRICS, OTEL_EXPORTER_OTLP_ENDPOINT=receiver.endpoint, OTEL_SERVICE_NAME="fleet"
        ) as workers,
        connection(workers.address) as caller,
    ):
        await caller.pid()
        page = await scraped(await workers.told_address("metrics"))
        assert await receiver.tree(TRACED, 1) == [TRACED]
    shown = {each.exemplar.labels["trace_id"] for each in page.samples if each.exemplar is not None}
    assert shown == {each.span.trace_id.hex() for each in receiver.received if each.title == TRACED}


async def test_what_is_a_processs_own_has_its_label() -> None:
    async with serving(*METRICS, count=3) as workers:
        page = await scraped(await workers.told_address("metrics"))
        cpu = page.series("process_cpu_seconds_total", "worker")
        assert set(cpu) == {("1",), ("2",), ("3",), ("supervisor",)}
        assert all(cpu.values())


async def test_counters_never_go_down_when_a_worker_is_replaced() -> None:
    async with serving(*METRICS) as workers, one_to_each(workers.address, 2) as connections:
        page_address = await workers.told_address("metrics")
        victim, _ = connections
        for each in connections.values():
            await each.pid()
        before = await scraped(page_address)
        os.kill(victim, signal.SIGKILL)
        await workers.logged("worker ", level="error")
        async with one_to_each(workers.address, 2):
            pass
        after = await scraped(page_address)
        growing = [
            each
            for each in before.samples
            if each.name.endswith(("_total", "_count", "_sum", "_bucket"))
            and "worker" not in each.labels
        ]
        assert growing
        for sample in growing:
            assert after.value(sample.name, **sample.labels) >= sample.value
        assert calls(after) > calls(before)
        assert after.value("mcpgrpc_workers_replaced_total") == 1


async def test_health_follows_the_workers_from_start_to_drain(tmp_path: Path) -> None:
    release, app = tmp_path / "release", tmp_path / "slow.py"
    app.write_text(
        "import asyncio, contextlib, os\n"
        "from mcp.server import MCPServer\n"
        "@contextlib.asynccontextmanager\n"
        "async def lifespan(server):\n"
        f"    while not os.path.exists({str(release)!r}):\n"
        "        await asyncio.sleep(0.01)\n"
        "    yield\n"
        "app = MCPServer('slow', lifespan=lifespan)\n",
        encoding="utf-8",
    )
    async with started("--workers", "2", *HEALTH, app=str(app)) as workers:
        address = await workers.told_address("health")
        names = ("", "readiness", "startup", "liveness")
        starting = [await health_of(address, each) for each in names]
        assert starting == [*["NOT_SERVING"] * 3, "SERVING"]
        async with watched_health(address) as told, watched_health(address, "liveness") as alive:
            assert await anext(told) == "NOT_SERVING"
            assert await anext(alive) == "SERVING"
            await asyncio.to_thread(release.touch)
            assert await anext(told) == "SERVING"
            await workers.serving()
            names = ("readiness", "startup", "liveness", SERVICE)
            assert [await health_of(address, each) for each in names] == ["SERVING"] * 4
            workers.process.send_signal(signal.SIGTERM)
            assert await anext(told) == "NOT_SERVING"
            # Alive until the end.
            with pytest.raises(StopAsyncIteration):
                await anext(alive)
        assert await workers.ended() == 0


async def test_health_stays_good_while_one_worker_is_replaced() -> None:
    async with serving(*HEALTH) as workers, one_to_each(workers.address, 2) as connections:
        address = await workers.told_address("health")
        victim, _ = connections
        async with watched_health(address) as told:
            assert await anext(told) == "SERVING"
            os.kill(victim, signal.SIGKILL)
            await workers.logged("worker ", level="error")
            async with one_to_each(workers.address, 2):
                assert await health_of(address) == "SERVING"
            # The first change of all is the drain's.
            workers.process.send_signal(signal.SIGTERM)
            assert await anext(told) == "NOT_SERVING"


def test_a_service_is_served_while_one_worker_serves_it() -> None:
    first = {"": SERVING, "one": SERVING, "readiness": NOT_SERVING}
    second = {"": SERVING, "one": NOT_SERVING, "readiness": NOT_SERVING}
    assert joined([first, second], (), has_served=True) == {
        "": SERVING,
        "one": SERVING,
        "readiness": NOT_SERVING,
        "liveness": SERVING,
        "startup": SERVING,
    }


def test_what_no_worker_serves_any_more_is_not_served() -> None:
    told = joined([], ("", "one", "readiness"), has_served=True)
    assert told.pop("liveness") == told.pop("startup") == SERVING
    assert told == dict.fromkeys(("", "one", "readiness"), NOT_SERVING)


def gauge(name: str, value: float) -> Metric:
    return GaugeMetricFamily(name, "documented", value=value)


@pytest.mark.parametrize(
    ("name", "joined"),
    [
        ("mcpgrpc_streams", 5),
        ("mcpgrpc_queued_bytes_max", 3),
        ("mcpgrpc_draining", 3),
        ("mcpgrpc_certificate_expiry_timestamp_seconds", 2),
        ("mcpgrpc_upstream_up", 2),
    ],
)
def test_gauges_add_up_but_for_those_that_are_no_amounts(name: str, joined: float) -> None:
    merged = Merged()
    merged.add([gauge(name, 2)], "1")
    merged.add([gauge(name, 3)], "2")
    ((sample,),) = [family.samples for family in merged.families()]
    assert sample.value == joined


def test_of_a_process_that_ended_only_what_grows_is_kept() -> None:
    merged = Merged()
    counter = CounterMetricFamily("mcpgrpc_requests", "documented", value=7)
    own = CounterMetricFamily("process_cpu_seconds", "documented", value=7)
    merged.add_ended([counter, own, gauge("mcpgrpc_streams", 2)])
    assert [family.name for family in merged.families()] == ["mcpgrpc_requests"]
