"""One page of metrics for all workers: theirs added up, and what the supervisor knows of them.

Each worker counts for itself and shows it on a page of its own, for this machine alone; those are
fetched when this one is, and now and then, so that little is lost with a worker that is killed.
"""

from __future__ import annotations

import asyncio
import http.client
import logging
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from prometheus_client import CollectorRegistry, ProcessCollector
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.openmetrics.parser import text_string_to_metric_families
from prometheus_client.registry import Collector

from mcpgrpc_server.metrics.endpoint import MetricsEndpoint
from mcpgrpc_server.workers.metrics_merge import Merged
from mcpgrpc_server.workers.process import WorkerProcess
from mcpgrpc_server.workers.supervisor import Supervisor

logger = logging.getLogger("mcpgrpc.workers")

KEEP_SECONDS: Final = 10.0
"""Between two fetches while nobody scrapes: what a killed worker counted since is lost."""

FETCH_SECONDS: Final = 2.0
"""How long a worker may take for its page; one that is stuck counts as it did last."""

OPENMETRICS: Final = "application/openmetrics-text; version=1.0.0"

SUPERVISOR: Final = "supervisor"
"""The label of the supervisor's own figures."""


class WorkersMetrics(Collector):
    """The metrics of all workers of a supervisor.

    Args:
        supervisor: whose.
        address: `HOST:PORT` of the page; port 0 for a free one.
    """

    def __init__(self, supervisor: Supervisor, address: str) -> None:
        self._supervisor = supervisor
        self._pages: dict[int, str] = {}
        self._gone = Merged()
        self._lock = threading.Lock()
        registry = CollectorRegistry(auto_describe=False)
        registry.register(self)
        self._endpoint = MetricsEndpoint(registry, address)
        self._keeping: asyncio.Task[None] | None = None

    async def start(self) -> str:
        """Serve the page; gives the `HOST:PORT` that is bound.

        Raises:
            ListenError: the address cannot be bound.
        """
        address = await self._endpoint.start()
        self._supervisor.ended.append(self._note_end)
        self._keeping = asyncio.create_task(self._keep(), name="keeping metrics")
        return address

    async def stop(self) -> None:
        """Serve no more. Idempotent."""
        if self._keeping is not None:
            self._keeping.cancel()
        await self._endpoint.stop()

    def collect(self) -> Iterator[Metric]:
        """What stands on the page; in the thread of a scrape, and it asks the workers."""
        self._fetch_all()
        merged = Merged()
        with self._lock:
            merged.add_ended(self._gone.families())
            for number, page in self._pages.items():
                merged.add(_families(page), str(number))
        own = CollectorRegistry(auto_describe=False)
        merged.add(ProcessCollector(registry=own).collect(), SUPERVISOR)
        yield from merged.families()
        yield from self._of_supervisor()

    def _of_supervisor(self) -> Iterator[Metric]:
        workers = list(self._supervisor.workers.values())
        serving = sum(each.is_serving for each in workers)
        states = GaugeMetricFamily("mcpgrpc_workers", "Workers that run", labels=["state"])
        states.add_metric(["serving"], serving)
        states.add_metric(["starting"], len(workers) - serving)
        yield states
        replaced = CounterMetricFamily("mcpgrpc_workers_replaced", "Workers that were replaced")
        replaced.add_metric([], self._supervisor.replaced)
        yield replaced

    async def _keep(self) -> None:
        while True:
            await asyncio.sleep(KEEP_SECONDS)
            await asyncio.to_thread(self._fetch_all)

    def _fetch_all(self) -> None:
        running = [each for each in list(self._supervisor.workers.values()) if each.is_serving]
        if running:
            with ThreadPoolExecutor(len(running)) as pool:
                list(pool.map(self._fetch, running))

    def _fetch(self, worker: WorkerProcess) -> None:
        page = _fetched(worker.metrics_address)
        if page is None:
            return
        with self._lock:
            # It may have ended meanwhile: then it is counted among those that are gone.
            if self._supervisor.workers.get(worker.number) is worker:
                self._pages[worker.number] = page

    def _note_end(self, worker: WorkerProcess) -> None:
        with self._lock:
            page = self._pages.pop(worker.number, None)
            if page is not None:
                self._gone.add_ended(_families(page))


def _families(page: str) -> list[Metric]:
    return list(text_string_to_metric_families(page))  # type: ignore[no-untyped-call]


def _fetched(address: str) -> str | None:
    """A worker's page; None where there is none in time."""
    host, _, port = address.rpartition(":")
    connection = http.client.HTTPConnection(host, int(port), timeout=FETCH_SECONDS)
    try:
        connection.request("GET", "/metrics", headers={"Accept": OPENMETRICS})
        answer = connection.getresponse()
        return answer.read().decode() if answer.status == 200 else None
    except (OSError, http.client.HTTPException) as error:
        logger.debug("the metrics at %s cannot be had: %r", address, error)
        return None
    finally:
        connection.close()
