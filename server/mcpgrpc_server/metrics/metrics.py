"""The metrics of one server: what is counted, and the page on which it stands.

It counts nothing itself; `listener` does, and `sources` knows where the rest stands.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial

from prometheus_client import CollectorRegistry, GCCollector, ProcessCollector
from prometheus_client.core import Metric
from prometheus_client.registry import Collector

from mcpgrpc_server.availability import Availability
from mcpgrpc_server.backend import Backend
from mcpgrpc_server.fleet.backend import FleetBackend
from mcpgrpc_server.metrics.endpoint import MetricsEndpoint
from mcpgrpc_server.metrics.fleet import fleet_figures
from mcpgrpc_server.metrics.listener import MetricsListener
from mcpgrpc_server.metrics.loop_lag import LoopLag
from mcpgrpc_server.metrics.sources import (
    QueuedBytes,
    Queueing,
    build_info,
    certificate_expiry,
    upstream_states,
)
from mcpgrpc_server.metrics.tallies import Counter, Figure, Histogram
from mcpgrpc_server.metrics.tool_names import ToolNames, listed_tools
from mcpgrpc_server.settings import ServerSettings


class Metrics:
    """Counts what one server does, and serves the figures while it runs.

    Args:
        settings: where, and how many series.
    """

    def __init__(self, settings: ServerSettings) -> None:
        self._settings = settings
        self._cache = Counter("mcpgrpc_cache_events", "What caches did", ("event", "method"))
        lag = Histogram("mcpgrpc_event_loop_lag_seconds", "How late timers of the event loop ran")
        self._lag = LoopLag(lag.observe)
        self._queued = QueuedBytes()
        self._figures: list[Figure] = [
            *(build_info(), certificate_expiry(settings), self._cache, lag),
            *self._queued.gauges(),
        ]
        self._endpoint: MetricsEndpoint | None = None

    def listen_to(self, backend: Backend, upstreams: Mapping[str, Availability]) -> MetricsListener:
        """The listener for telemetry, once it is known what is served.

        Args:
            backend: lists its tools, whose names may be labels.
            upstreams: by name, whether each can serve.
        """
        self._backend = backend
        self._tools = ToolNames(partial(listed_tools, backend), self._settings.metrics_max_tools)
        listener = MetricsListener(self._tools)
        self._figures += [*listener.figures(), upstream_states(upstreams)]
        if isinstance(backend, FleetBackend):
            self._figures += fleet_figures(backend.membership.counts)
        return listener

    def cache_event(self, event: str, method: str) -> None:
        """A cache answered, or did not, or let something in or go."""
        self._cache.add((event, method))

    async def start(
        self, streams: Callable[[], Iterable[Queueing]], further: Iterable[Collector] = ()
    ) -> str:
        """Serve the figures; gives the `HOST:PORT` that is bound. The backend must be up.

        Args:
            streams: gives those that are open; called from any thread.
            further: what others in this process count, such as a door, for the same page.

        Raises:
            ListenError: the address cannot be bound.
        """
        self._queued.streams = streams
        registry = CollectorRegistry(auto_describe=False)
        for collector in (_Families(self.families), *further):
            registry.register(collector)
        ProcessCollector(registry=registry)
        GCCollector(registry=registry)
        self._endpoint = MetricsEndpoint(registry, self._settings.metrics)
        address = await self._endpoint.start()
        self._lag.start()
        self._tools.ask()
        self._backend.availability.watch(self._came_or_went)
        return address

    async def ready(self) -> None:
        """Wait until it is known which tools there are."""
        await self._tools.settled()

    def families(self) -> Iterator[Metric]:
        """Every figure now, also when none is served any more."""
        return (figure.family() for figure in self._figures)

    async def stop(self) -> None:
        """Serve no more. Idempotent."""
        self._lag.stop()
        self._tools.stop()
        endpoint, self._endpoint = self._endpoint, None
        if endpoint is not None:
            await endpoint.stop()

    def _came_or_went(self, serving: bool) -> None:
        if serving and self._endpoint is not None:
            self._tools.ask()


class _Families(Collector):
    def __init__(self, families: Callable[[], Iterator[Metric]]) -> None:
        self._families = families

    def collect(self) -> Iterator[Metric]:
        """What stands on the page."""
        return self._families()
