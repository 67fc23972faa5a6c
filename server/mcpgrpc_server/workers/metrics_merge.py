"""The figures of several processes as those of one: counters and histograms add up.

It reads no page and knows no process.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final, TypeAlias

from prometheus_client.core import Exemplar, Metric

Key: TypeAlias = tuple[str, tuple[tuple[str, str], ...]]
"""The name of a sample and its labels."""

Join: TypeAlias = Callable[[float, float], float]

WORKER: Final = "worker"
"""The label of what is a process's own."""

OWN_PREFIXES: Final = ("process_", "python_")

GROWING: Final = frozenset({"counter", "histogram", "summary", "gaugehistogram"})

JOINS: Final[dict[str, Join]] = {
    "mcpgrpc_build_info": max,
    "mcpgrpc_draining": max,
    "mcpgrpc_queued_bytes_max": max,
    # The worse of both: the one that cannot serve, the certificate that ends first.
    "mcpgrpc_upstream_up": min,
    "mcpgrpc_certificate_expiry_timestamp_seconds": min,
}
"""The gauges that do not add up."""


class Merged:
    """Families of metrics, taken in one process after the other.

    A bucket has the exemplar of the process that was taken last: it stands for any.
    """

    def __init__(self) -> None:
        self._families: dict[str, Metric] = {}
        self._values: dict[str, dict[Key, float]] = {}
        self._exemplars: dict[Key, Exemplar] = {}

    def add(self, families: Iterable[Metric], worker: str) -> None:
        """Take in what a process that runs exports, `worker` being its label."""
        for family in families:
            own = {WORKER: worker} if family.name.startswith(OWN_PREFIXES) else {}
            self._take(family, own)

    def add_ended(self, families: Iterable[Metric]) -> None:
        """Take in what a process that ended has exported last: what only grows, and is not its own.

        So what is added up never goes down when a process is replaced.
        """
        for family in families:
            if family.type in GROWING and not family.name.startswith(OWN_PREFIXES):
                self._take(family, {})

    def families(self) -> list[Metric]:
        """All of it."""
        return [self._family(name) for name in self._families]

    def _take(self, family: Metric, own: dict[str, str]) -> None:
        self._families.setdefault(family.name, family)
        values = self._values.setdefault(family.name, {})
        join = JOINS.get(family.name, _sum)
        for sample in family.samples:
            key = sample.name, tuple(sorted({**sample.labels, **own}.items()))
            there = values.get(key)
            values[key] = sample.value if there is None else join(there, sample.value)
            if sample.exemplar is not None:
                self._exemplars[key] = sample.exemplar

    def _family(self, name: str) -> Metric:
        like = self._families[name]
        family = Metric(like.name, like.documentation, like.type)
        for key, value in self._values[name].items():
            sample, labels = key
            family.add_sample(sample, dict(labels), value, exemplar=self._exemplars.get(key))
        return family


def _sum(one: float, other: float) -> float:
    return one + other
