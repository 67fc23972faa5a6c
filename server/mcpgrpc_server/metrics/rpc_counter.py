"""Counts the requests and frames of the streams of one RPC, on the way of every one of them.

It chooses no label: whoever makes it says how. What it counts is
changed on the event loop alone, and read by a scrape in a thread of its own.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable
from typing import Final, TypeAlias

from mcpgrpc_server.metrics.request_series import Kind, Series
from mcpgrpc_server.metrics.tallies import SECONDS_BOUNDS, Counter, Histogram
from mcpgrpc_server.telemetry import Outcome

LabelsOf: TypeAlias = Callable[[str, str | None], tuple[str, str, bool]]
"""Gives the method and the tool of a request as labels, and whether they are so until `forget`."""

RECEIVED: Final = ("received",)
SENT: Final = ("sent",)

_OK: Final = Outcome.OK


class RpcCounter:
    """A `StreamCounter`.

    Args:
        rpc: its label.
        labels: gives those of a request; asked once for each that lasts.
        items: the histogram of a frame's items.
        size_bytes: the counter of bytes.
    """

    def __init__(
        self,
        rpc: str,
        labels: LabelsOf,
        items: Histogram,
        size_bytes: Counter,
    ) -> None:
        self.in_flight = 0
        self.series: dict[Kind, Series] = {}
        self._rpc = rpc
        self._labels = labels
        self._found: dict[tuple[str, str | None, str], Series] = {}
        self._items_received = items.spread(RECEIVED)
        self._items_sent = items.spread(SENT)
        self._size_bytes = size_bytes

    def forget(self) -> None:
        """What is a label has changed."""
        self._found = {}

    def frame_received(self, items: int, size_bytes: int) -> None:
        """Its items and bytes."""
        self._items_received.observe(items)
        self._size_bytes.add(RECEIVED, size_bytes)

    def frame_sent(self, items: int, size_bytes: int) -> None:
        """Its items and bytes."""
        self._items_sent.observe(items)
        self._size_bytes.add(SENT, size_bytes)

    def request_began(self) -> None:
        """One more that runs."""
        self.in_flight += 1

    def request_ended(
        self,
        method: str,
        name: str | None,
        era: str,
        outcome: Outcome,
        duration_seconds: float,
        trace_id: str,
    ) -> None:
        """One less, how it ended and how long it took."""
        self.in_flight -= 1
        series = self._found.get((method, name, era))
        if series is None:
            series = self._find(method, name, era)
        if trace_id:
            series.spread.observe(duration_seconds, trace_id)
        else:
            # As `observe`, without the call: every request comes along here.
            spread = series.spread
            spread.counts[bisect_left(SECONDS_BOUNDS, duration_seconds)] += 1
            spread.total += duration_seconds
        if outcome is _OK:
            series.ok += 1
        else:
            series.count(outcome)

    def _find(self, method: str, name: str | None, era: str) -> Series:
        method_label, tool, is_lasting = self._labels(method, name)
        kind = (self._rpc, method_label, tool, era)
        series = self.series.get(kind)
        if series is None:
            series = self.series[kind] = Series()
        if is_lasting:
            self._found[method, name, era] = series
        return series
