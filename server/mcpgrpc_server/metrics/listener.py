"""The listener that counts: what happens to streams, frames and requests, as figures.

It reads no clock and asks nobody; every label it sets is one of a bounded number of values.
"""

from __future__ import annotations

from typing import Final

from mcpgrpc_server.metrics.tallies import ITEMS_BOUNDS, Counter, Figure, Gauge, Histogram
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
        self._rpcs: set[str] = set()
        request = ("rpc", "method", "tool", "era", "outcome")
        self._requests = Counter("mcpgrpc_requests", "Requests that ended", request)
        self._seconds = Histogram(
            "mcpgrpc_request_duration_seconds",
            "From a request's admission to its answer",
            ("rpc", "method", "tool"),
        )
        self._in_flight = Gauge("mcpgrpc_requests_in_flight", "Requests that run now", ("rpc",))
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

    def frame_received(self, stream: StreamInfo, items: int, size_bytes: int) -> None:
        """Its items and bytes."""
        self._items.observe(items, _RECEIVED)
        self._bytes.add(_RECEIVED, size_bytes)

    def frame_sent(self, stream: StreamInfo, items: int, size_bytes: int) -> None:
        """Its items and bytes."""
        self._items.observe(items, _SENT)
        self._bytes.add(_SENT, size_bytes)

    def request_started(self, request: RequestInfo) -> None:
        """One request more that runs."""
        self._in_flight.add((self._rpc(request.stream),))

    def request_finished(
        self, request: RequestInfo, outcome: Outcome, duration_seconds: float
    ) -> None:
        """Its end, and how long it took."""
        rpc = self._rpc(request.stream)
        method = request.method if request.method in METHODS else OTHER
        tool = self._tools.label(request.name) if method == CALL else ""
        self._in_flight.add((rpc,), -1)
        self._requests.add((rpc, method, tool, request.era, outcome.value))
        self._seconds.observe(duration_seconds, (rpc, method, tool))

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
        if rpc in self._rpcs:
            return rpc
        if len(self._rpcs) >= MAX_RPCS:
            return OTHER
        self._rpcs.add(rpc)
        return rpc


_RECEIVED: Final = ("received",)
_SENT: Final = ("sent",)
