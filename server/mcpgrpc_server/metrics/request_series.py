"""What is kept of requests, and how it stands on the page: how many ended how, and how long.

Whoever counts changes a series in place; the families are put together at each scrape.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final, TypeAlias

from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily

from mcpgrpc_server.metrics.tallies import Labels, Spread
from mcpgrpc_server.telemetry import Outcome

Kind: TypeAlias = tuple[str, str, str, str]
"""An RPC, a method, a tool and an era, each as a label."""

Kept: TypeAlias = Iterable[tuple[Kind, "Series"]]


class Series:
    """The requests of one kind that ended."""

    __slots__ = ("ok", "others", "spread")

    def __init__(self) -> None:
        self.spread = Spread()
        """How long they took, all of them."""
        self.ok = 0
        """Those whose outcome is OK, nearly all: apart, since a plain number counts fastest."""
        self.others: dict[Outcome, int] = {}
        """The others, by their outcome."""

    def count(self, outcome: Outcome) -> None:
        """One of the others."""
        self.others[outcome] = self.others.get(outcome, 0) + 1

    def outcomes(self) -> list[tuple[Outcome, int]]:
        """How many ended in which way, without ways in which none did."""
        found = [(Outcome.OK, self.ok)] if self.ok else []
        return found + list(self.others.items())


class RequestCounts:
    """The counter of requests, by how they ended.

    Args:
        ask: gives every series; called from any thread.
    """

    NAME: Final = "mcpgrpc_requests"
    LABELS: Final = ("rpc", "method", "tool", "era", "outcome")

    def __init__(self, ask: Callable[[], Kept]) -> None:
        self._ask = ask

    def family(self) -> CounterMetricFamily:
        """Its samples now."""
        family = CounterMetricFamily(self.NAME, "Requests that ended", labels=self.LABELS)
        for kind, series in self._ask():
            for outcome, count in series.outcomes():
                family.add_metric((*kind, outcome.value), count)
        return family


class RequestDurations:
    """The histogram of how long requests took.

    Args:
        ask: gives every series; called from any thread.
    """

    NAME: Final = "mcpgrpc_request_duration_seconds"
    LABELS: Final = ("rpc", "method", "tool")

    def __init__(self, ask: Callable[[], Kept]) -> None:
        self._ask = ask

    def family(self) -> HistogramMetricFamily:
        """Its samples now; the eras of a tool together."""
        family = HistogramMetricFamily(
            self.NAME, "From a request's admission to its answer", labels=self.LABELS
        )
        spreads: dict[Labels, Spread] = {}
        for (rpc, method, tool, _), series in self._ask():
            spreads.setdefault((rpc, method, tool), Spread()).add(series.spread)
        for labels, spread in spreads.items():
            family.add_metric(labels, spread.buckets(), sum_value=spread.total)
        return family
