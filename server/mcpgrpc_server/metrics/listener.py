"""The listener that counts: what happens to streams, frames and requests, as figures.

It reads no clock and asks nobody; every label it sets is one of a bounded number of values.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from mcpgrpc_server.metrics.request_series import Kind, RequestCounts, RequestDurations, Series
from mcpgrpc_server.metrics.rpc_counter import RpcCounter
from mcpgrpc_server.metrics.tallies import (
    ITEMS_BOUNDS,
    AskedGauge,
    Counter,
    Figure,
    Gauge,
    Histogram,
    Labels,
)
from mcpgrpc_server.metrics.tool_names import OTHER, ToolNames
from mcpgrpc_server.telemetry import NoTelemetry, Outcome, RequestInfo, StreamInfo, Subject

METHODS: Final = frozenset(
    {
        "completion/complete",
        "initialize",
        "logging/setLevel",
        "ping",
        "prompts/get",
        "prompts/list",
        "resources/list",
        "resources/read",
        "resources/subscribe",
        "resources/templates/list",
        "resources/unsubscribe",
        "server/discover",
        "subscriptions/listen",
        "tools/call",
        "tools/list",
    }
)
"""The methods of MCP that a client can ask for, at every revision; others count as `OTHER`."""

MAX_RPCS: Final = 32
"""RPCs with series of their own. This service has some 15; an RPC that was refused before it was
looked up bears the name that its caller gave."""

CALL: Final = "tools/call"


class MetricsListener(NoTelemetry):
    """Counts what telemetry tells.

    Args:
        tools: which names may be labels.
    """

    def __init__(self, tools: ToolNames) -> None:
        self._tools = tools
        tools.on_change = self._forget
        self._names: set[str] = set()
        self._rpcs: dict[str, RpcCounter] = {}
        self._requests = RequestCounts(self._series)
        self._seconds = RequestDurations(self._series)
        self._in_flight = AskedGauge(
            "mcpgrpc_requests_in_flight", "Requests that run now", ("rpc",), self._running
        )
        self._refusals = Counter(
            "mcpgrpc_refusals", "What this service turned away, or ended, itself", ("rpc", "reason")
        )
        self._authentications = Counter(
            "mcpgrpc_authentications", "Callers that were let in", ("rpc", "kind")
        )
        self._ignored = Counter(
            "mcpgrpc_ignored", "What was dropped without an answer", ("rpc", "what")
        )
        self._streams = Gauge("mcpgrpc_streams", "Streams that are open", ("rpc", "state"))
        self._state = "open"
        self._ended = Counter("mcpgrpc_streams_ended", "Streams that ended", ("rpc", "outcome"))
        self._stream_seconds = Histogram(
            "mcpgrpc_stream_duration_seconds", "From a stream's opening to its end", ("rpc",)
        )
        self._items = Histogram(
            "mcpgrpc_frame_items", "Items of a frame", ("direction",), ITEMS_BOUNDS
        )
        self._bytes = Counter("mcpgrpc_frame_bytes", "Bytes of frames", ("direction",))
        self._draining = Gauge("mcpgrpc_draining", "1 while the server takes no new work")
        self._drains = Counter("mcpgrpc_drains", "Drains that began")
        self._drain_seconds = Histogram("mcpgrpc_drain_duration_seconds", "How long drains took")
        self._overrun = Counter(
            "mcpgrpc_drain_ended_requests", "Requests that outlived a drain's grace and were ended"
        )

    def figures(self) -> tuple[Figure, ...]:
        """All that it keeps."""
        return tuple(each for each in vars(self).values() if hasattr(each, "family"))

    def counter(self, stream: StreamInfo) -> RpcCounter:
        """The one of its RPC."""
        return self._counter(self._rpc(stream))

    def stream_opened(self, stream: StreamInfo) -> None:
        """One stream more."""
        self._streams.add((self._rpc(stream), self._state))

    def stream_closed(
        self, stream: StreamInfo, outcome: Outcome, duration_seconds: float, reason: str = ""
    ) -> None:
        """One stream less; the reason is for people."""
        rpc = self._rpc(stream)
        self._streams.add((rpc, self._state), -1)
        self._ended.add((rpc, outcome.value))
        self._stream_seconds.observe(duration_seconds, (rpc,))

    def let_in(self, rpc: str, kind: str) -> None:
        """By how it proved who it is."""
        self._authentications.add((rpc, kind))

    def refused(self, subject: Subject, reason: str) -> None:
        """By the name of its reason."""
        stream = subject.stream if isinstance(subject, RequestInfo) else subject
        self._refusals.add((self._rpc(stream), reason))

    def ignored(self, stream: StreamInfo, what: str) -> None:
        """By what it was."""
        self._ignored.add((self._rpc(stream), what))

    def drain_started(self, grace_seconds: float) -> None:
        """From now on it drains, and so does every stream."""
        self._draining.set(1)
        self._state = "draining"
        for (rpc, _), count in self._streams.values().items():
            self._streams.add((rpc, "open"), -count)
            self._streams.add((rpc, "draining"), count)
        self._drains.add()

    def drain_finished(self, duration_seconds: float, ended_requests: int) -> None:
        """How long it took, and what it ended."""
        self._drain_seconds.observe(duration_seconds)
        self._overrun.add((), ended_requests)

    def _rpc(self, stream: StreamInfo) -> str:
        rpc = stream.rpc
        if rpc in self._names:
            return rpc
        if len(self._names) >= MAX_RPCS:
            return OTHER
        self._names.add(rpc)
        return rpc

    def _counter(self, rpc: str) -> RpcCounter:
        counter = self._rpcs.get(rpc)
        if counter is None:
            counter = RpcCounter(rpc, self._labels, self._items, self._bytes)
            self._rpcs[rpc] = counter
        return counter

    def _labels(self, method: str, name: str | None) -> tuple[str, str, bool]:
        if method not in METHODS:
            return OTHER, "", False
        if method != CALL:
            return method, "", name is None
        tool = self._tools.label(name)
        return method, tool, tool == name

    def _forget(self) -> None:
        for counter in self._rpcs.values():
            counter.forget()

    def _series(self) -> Iterator[tuple[Kind, Series]]:
        for counter in tuple(self._rpcs.values()):
            yield from tuple(counter.series.items())

    def _running(self) -> dict[Labels, float]:
        return {(rpc,): counter.in_flight for rpc, counter in tuple(self._rpcs.items())}
