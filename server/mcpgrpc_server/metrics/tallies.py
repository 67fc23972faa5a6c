"""Figures kept as plain numbers, so that counting costs a request next to nothing.

They are changed on the event loop alone; a scrape reads them from a thread of its own. They are no
text: `prometheus_client` makes that of the families that they give.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from typing import Final, Protocol, TypeAlias

from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.samples import Exemplar

Labels: TypeAlias = tuple[str, ...]
"""The values of a figure's labels, in their order."""

SECONDS_BOUNDS: Final = (
    *(0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05),
    *(0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0),
)
"""From 100 µs, which a call on loopback takes, to 60 s, the usual end of a client's patience."""

ITEMS_BOUNDS: Final = (0.0, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0)
"""Items of a frame: a keep-alive has none, and 32 is the default bound."""


_Bucket: TypeAlias = tuple[str, float] | tuple[str, float, Exemplar]


class Figure(Protocol):
    """Something that can be scraped."""

    def family(self) -> Metric:
        """Its samples now. Called from any thread."""
        ...


class Counter:
    """Grows only.

    Args:
        name: without the ending `_total`, which is added.
        documentation: for people, a sentence without its full stop.
        labels: the names of its labels.
    """

    def __init__(self, name: str, documentation: str, labels: Labels = ()) -> None:
        self._name = name
        self._documentation = documentation
        self._labels = labels
        self._values: dict[Labels, float] = {} if labels else {(): 0}

    def add(self, labels: Labels = (), amount: float = 1) -> None:
        """Count so much more."""
        values = self._values
        values[labels] = values.get(labels, 0) + amount

    def family(self) -> Metric:
        """Its samples now."""
        family = CounterMetricFamily(self._name, self._documentation, labels=self._labels)
        for labels, value in tuple(self._values.items()):
            family.add_metric(labels, value)
        return family


class Gauge:
    """Goes up and down.

    Args:
        name: with its unit.
        documentation: for people, a sentence without its full stop.
        labels: the names of its labels.
    """

    def __init__(self, name: str, documentation: str, labels: Labels = ()) -> None:
        self._name = name
        self._documentation = documentation
        self._labels = labels
        self._values: dict[Labels, float] = {} if labels else {(): 0}

    def add(self, labels: Labels = (), amount: float = 1) -> None:
        """So much more, or with a negative amount less."""
        values = self._values
        values[labels] = values.get(labels, 0) + amount

    def set(self, value: float, labels: Labels = ()) -> None:
        """It is so much now."""
        self._values[labels] = value

    def values(self) -> dict[Labels, float]:
        """How much it is, by its labels."""
        return dict(self._values)

    def family(self) -> Metric:
        """Its samples now."""
        family = GaugeMetricFamily(self._name, self._documentation, labels=self._labels)
        for labels, value in tuple(self._values.items()):
            family.add_metric(labels, value)
        return family


class _Asked:
    """A figure whose values are known elsewhere.

    Args:
        name: with its unit.
        documentation: for people, a sentence without its full stop.
        labels: the names of its labels.
        ask: gives the values; called from any thread.
    """

    _family: type[CounterMetricFamily | GaugeMetricFamily]

    def __init__(
        self,
        name: str,
        documentation: str,
        labels: Labels,
        ask: Callable[[], Mapping[Labels, float]],
    ) -> None:
        self._name = name
        self._documentation = documentation
        self._labels = labels
        self._ask = ask

    def family(self) -> Metric:
        """Its samples now."""
        family = self._family(self._name, self._documentation, labels=self._labels)
        for labels, value in self._ask().items():
            family.add_metric(labels, value)
        return family


class AskedGauge(_Asked):
    """One that goes up and down."""

    _family = GaugeMetricFamily


class AskedCounter(_Asked):
    """One that only grows; its name is without the ending `_total`, which is added."""

    _family = CounterMetricFamily


class Spread:
    """The observations under one set of labels.

    Args:
        bounds: the upper bounds of the buckets, ascending, without infinity.
    """

    __slots__ = ("bounds", "counts", "exemplars", "total")

    def __init__(self, bounds: Sequence[float] = SECONDS_BOUNDS) -> None:
        self.bounds = bounds
        self.counts = [0] * (len(bounds) + 1)
        self.total = 0.0
        self.exemplars: dict[int, Exemplar] = {}

    def observe(self, value: float, trace_id: str = "") -> None:
        """Take in an observation; with a trace's id it is the exemplar of its bucket."""
        bucket = bisect_left(self.bounds, value)
        self.counts[bucket] += 1
        self.total += value
        if trace_id:
            self.exemplars[bucket] = Exemplar({"trace_id": trace_id}, value)

    def add(self, other: Spread) -> None:
        """Take in all of another, which has the same bounds."""
        self.counts = [
            ours + theirs for ours, theirs in zip(self.counts, other.counts, strict=True)
        ]
        self.total += other.total
        self.exemplars |= other.exemplars

    def buckets(self) -> list[_Bucket]:
        """Cumulative, as Prometheus has them."""
        found: list[_Bucket] = []
        below = 0
        names = [*map(str, self.bounds), "+Inf"]
        for at, (name, count) in enumerate(zip(names, list(self.counts), strict=True)):
            below += count
            exemplar = self.exemplars.get(at)
            found.append((name, below) if exemplar is None else (name, below, exemplar))
        return found


class Histogram:
    """How observations spread over buckets.

    Args:
        name: with its unit.
        documentation: for people, a sentence without its full stop.
        labels: the names of its labels.
        bounds: the upper bounds of the buckets, ascending; the last one, infinity, is added.
    """

    def __init__(
        self, name: str, documentation: str, labels: Labels = (), bounds: Sequence[float] = ()
    ) -> None:
        self._name = name
        self._documentation = documentation
        self._labels = labels
        self._bounds = tuple(bounds) or SECONDS_BOUNDS
        self._spreads: dict[Labels, Spread] = {}

    def observe(self, value: float, labels: Labels = (), trace_id: str = "") -> None:
        """Take in an observation; with a trace's id it is the exemplar of its bucket."""
        self.spread(labels).observe(value, trace_id)

    def spread(self, labels: Labels) -> Spread:
        """The observations under these labels, for who observes much."""
        spread = self._spreads.get(labels)
        if spread is None:
            spread = self._spreads[labels] = Spread(self._bounds)
        return spread

    def family(self) -> Metric:
        """Its samples now."""
        family = HistogramMetricFamily(self._name, self._documentation, labels=self._labels)
        for labels, spread in tuple(self._spreads.items()):
            family.add_metric(labels, spread.buckets(), sum_value=spread.total)
        return family
