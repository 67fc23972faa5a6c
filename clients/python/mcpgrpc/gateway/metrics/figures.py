"""The figures of one door, with a bounded number of series whatever clients send.

They are served nowhere by themselves: `page` does, or the server in whose process the door is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from http import HTTPStatus
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.core import Metric
from prometheus_client.registry import Collector

from mcpgrpc.caching.rules import CACHEABLE_METHODS
from mcpgrpc.gateway.observing import OTHER, HttpExchange

SECONDS_BOUNDS: Final = (
    *(0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05),
    *(0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0),
)
"""The server's own, so that both stand in one panel."""

_STATUSES: Final = {each.value: str(each.value) for each in HTTPStatus}
_NONE: Final = "none"

_REASONS: Final = {
    401: "unauthenticated",
    403: "forbidden",
    404: "not_found",
    413: "too_large",
    429: "too_many",
    503: "unavailable",
}
"""Statuses that turn somebody away, by what they mean."""


class DoorMetrics(Collector):
    """Counts what a door does; a `DoorListener`, and a collector for a registry."""

    def __init__(self) -> None:
        self._registry = own = CollectorRegistry(auto_describe=False)
        self._requests = Counter(
            "mcpgrpc_door_requests",
            "HTTP requests that ended",
            ("route", "method", "status", "era"),
            registry=own,
        )
        self._seconds = Histogram(
            "mcpgrpc_door_request_duration_seconds",
            "From an HTTP request's arrival to the end of its response",
            ("route", "method"),
            registry=own,
            buckets=SECONDS_BOUNDS,
        )
        self._in_flight = Gauge(
            "mcpgrpc_door_requests_in_flight", "HTTP requests open now", ("route",), registry=own
        )
        self._sessions = Gauge(
            "mcpgrpc_door_sessions", "Sessions open through the door", ("kind",), registry=own
        )
        self._events = Counter(
            "mcpgrpc_door_events_sent", "Messages sent on streams", ("kind",), registry=own
        )
        self._bytes = Counter(
            "mcpgrpc_door_bytes", "Bytes of bodies and messages", ("direction",), registry=own
        )
        self._refusals = Counter(
            "mcpgrpc_door_refusals",
            "HTTP requests that were turned away",
            ("reason",),
            registry=own,
        )
        self._rpcs = Counter(
            "mcpgrpc_door_upstream_rpcs", "RPCs to the server", ("rpc", "code"), registry=own
        )
        self._cache = Counter(
            "mcpgrpc_door_cache_events", "What the cache did", ("event", "method"), registry=own
        )
        # Looking a series up by its labels costs more than counting. Labels are few.
        self._open_at = cache(self._series_at)
        self._ends_of = cache(self._series_of)
        self._received = self._bytes.labels("received")
        self._sent = self._bytes.labels("sent")

    def collect(self) -> Iterator[Metric]:
        """Every figure now, without when each began: a restart is told by the process's start."""
        for metric in self._registry.collect():
            metric.samples = [each for each in metric.samples if not _is_beginning(each.name)]
            yield metric

    def began(self, exchange: HttpExchange) -> None:
        """One request more that is open."""
        self._open_at(exchange.route).inc()

    def received(self, size_bytes: int) -> None:
        """Its bytes."""
        self._received.inc(size_bytes)

    def sent(self, size_bytes: int) -> None:
        """Its bytes."""
        self._sent.inc(size_bytes)

    def event_sent(self, kind: str) -> None:
        """By the kind of stream."""
        self._events.labels(kind).inc()

    def ended(self, exchange: HttpExchange) -> None:
        """Its end, how long it took, and whether it was turned away."""
        self._open_at(exchange.route).dec()
        count, seconds = self._ends_of(
            exchange.route, exchange.method, exchange.status, exchange.era
        )
        count.inc()
        seconds.observe(exchange.elapsed_seconds)
        reason = exchange.refused or _REASONS.get(exchange.status)
        if reason:
            self._refusals.labels(reason).inc()

    def rpc_ended(self, rpc: str, code: str) -> None:
        """By its status."""
        self._rpcs.labels(rpc, code).inc()

    def cache_event(self, event: str, method: str) -> None:
        """By the method of MCP that was asked for."""
        self._cache.labels(event, method if method in CACHEABLE_METHODS else OTHER).inc()

    def watch(self, kind: str, count: Callable[[], int]) -> None:
        """Read at each scrape."""
        self._sessions.labels(kind).set_function(count)

    def _series_at(self, route: str) -> Gauge:
        return self._in_flight.labels(route)

    def _series_of(
        self, route: str, method: str, status: int, era: str
    ) -> tuple[Counter, Histogram]:
        word = _STATUSES.get(status, OTHER) if status else _NONE
        return self._requests.labels(route, method, word, era), self._seconds.labels(route, method)


def _is_beginning(name: str) -> bool:
    return name.endswith("_created")
