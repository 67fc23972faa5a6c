"""What the service promises of its speed, and whether a run kept it.

A target that was not measured is told as such; none is left out because it is missed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final, TypeAlias

from bench.results import Report
from bench.spread import Spread

Find: TypeAlias = Callable[[Report], Spread | None]


@dataclass(frozen=True, slots=True)
class Target:
    """One promise.

    Attributes:
        title: what is measured.
        find: its figure in a report; None where it was not measured.
        bound: what the median must reach.
        unit: of figure and bound; "×" for ratios.
        is_ceiling: whether the median must stay under the bound.
    """

    title: str
    find: Find
    bound: float
    unit: str = "×"
    is_ceiling: bool = False

    def is_met(self, spread: Spread) -> bool:
        """Whether the median keeps the bound."""
        return spread.median <= self.bound if self.is_ceiling else spread.median >= self.bound

    @property
    def wanted(self) -> str:
        """The bound, for people."""
        return f"{'≤' if self.is_ceiling else '≥'} {with_unit(self.bound, self.unit)}"


@dataclass(frozen=True, slots=True)
class Verdict:
    """A target and what a run says of it.

    Attributes:
        target: the promise.
        spread: what was measured; None where nothing was.
    """

    target: Target
    spread: Spread | None

    @property
    def word(self) -> str:
        """For people: "met", "MISSED" or "not measured"."""
        if self.spread is None:
            return "not measured"
        return "met" if self.target.is_met(self.spread) else "MISSED"


def verdicts(report: Report) -> Iterator[Verdict]:
    """Every target, in its order."""
    for target in TARGETS:
        yield Verdict(target, target.find(report))


def with_unit(value: float, unit: str) -> str:
    """A figure with its unit, in as many digits as it can mean."""
    digits = 0 if abs(value) >= 100 else 1 if abs(value) >= 10 else 2
    text = f"{value:,.{digits}f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return f"{text}{unit}" if unit == "×" else f"{text} {unit}"


def _ratio(scenario: str, case: str, this: str, that: str, figure: str = "rate") -> Find:
    def find(report: Report) -> Spread | None:
        found = report.case(scenario, case)
        return None if found is None else found.ratio(this, that, figure)

    return find


def _figure(scenario: str, case: str, contender: str, figure: str) -> Find:
    def find(report: Report) -> Spread | None:
        found = report.case(scenario, case)
        return None if found is None else found.spread(contender, figure)

    return find


def _measure(scenario: str, name: str) -> Find:
    def find(report: Report) -> Spread | None:
        found = report.measure(scenario, name)
        return None if found is None else found.spread()

    return find


def _of_calls() -> Iterator[Target]:
    echo, http, rapid = "raw grpc.aio echo", "Streamable HTTP, SDK client on both", "rapidmcp"
    bounds = {"1": (0.55, 4.5, 1.05), "64": (2.4, 22, 4.8), "256": (2.4, 22, 4.8)}
    for case, (over_echo, over_http, over_rapid) in bounds.items():
        title = "one at a time" if case == "1" else f"{case} at once"
        yield Target(f"{title}, over {echo}", _ratio("calls", case, "lean", "echo"), over_echo)
        yield Target(f"{title}, over {http}", _ratio("calls", case, "sdk", "http"), over_http)
        find = _ratio("calls", case, "straight", "http")
        yield Target(f"{title}, over {http} (SdkClient here)", find, over_http)
        find = _ratio("calls", case, "lean", "rapid")
        yield Target(f"{title}, lean client, over {rapid}", find, over_rapid)
    find = _ratio("calls", "1", "tuned", "echo")
    yield Target(f"one at a time, tuned, over {echo}", find, 0.75)
    find = _ratio("calls", "1", "tuned", "rapid")
    yield Target(f"one at a time, tuned, over {rapid}", find, 1.4)
    find = _ratio("calls", "64", "transport", "echo")
    yield Target(f"64 at once, transport alone, over {echo}", find, 8)
    find = _ratio("large", "1MB", "sdk", "http")
    yield Target(f"1 MB results, over {http}", find, 3.5)
    find = _ratio("large", "1MB", "lean", "rapid")
    yield Target(f"1 MB results, lean client, over {rapid}", find, 1.8)


def _of_fairness() -> Iterator[Target]:
    find = _ratio("calls", "64", "lean", "echo", "p99_ms")
    yield Target("p99 at 64 at once, over the raw echo's", find, 1, is_ceiling=True)
    for name, what in (("wait", "a 2 s handler"), ("16MB", "16 MB results")):
        find = _figure("beside", name, "lean", "p99_ms")
        title = f"p99 of small calls beside {what} on the same stream"
        yield Target(title, find, 20, "ms", is_ceiling=True)
        find = _measure("beside", f"{name}-p99")
        title = f"p99 of small calls beside {what} of another client"
        yield Target(title, find, 20, "ms", is_ceiling=True)
    title = "growth of memory for 10,000 requests whose answers are never read"
    yield Target(title, _measure("unread", "growth"), 16, "MB", is_ceiling=True)
    for name, when in (("p50-sent", "while it sends them"), ("p50", "once it has sent them")):
        title = f"p50 of others' calls {when}, over that before"
        yield Target(title, _measure("unread", name), 2, is_ceiling=True)


def _of_footprint() -> Iterator[Target]:
    for name, count in (("few", "1,000"), ("many", "10,000")):
        title = f"memory of each of {count} idle streams"
        yield Target(title, _measure("idle", name), 45, "KB", is_ceiling=True)
    title = "growth of memory after the first tenth of a million calls"
    yield Target(title, _measure("million", "growth"), 8, "MB", is_ceiling=True)


def _of_service() -> Iterator[Target]:
    for name, what in (("api-key", "API key"), ("jwt", "JWT")):
        for case in ("1", "64"):
            title = f"{what}, lean client, {case} at once, over the same without"
            yield Target(title, _ratio("service", case, name, "lean"), 0.95)
            title = f"{what}, SDK client, {case} at once, over the same without"
            yield Target(title, _ratio("service-sdk", case, f"sdk-{name}", "sdk"), 0.95)
    for name, what in (("metrics", "metrics"), ("observed", "metrics and traces of 1 %")):
        title = f"{what}, lean client, 64 at once, over the same without"
        yield Target(title, _ratio("service", "64", name, "lean"), 0.95)


def _of_workers() -> Iterator[Target]:
    title = "two workers over one, as far as the server's CPU time goes"
    yield Target(title, _measure("workers", "speed-up"), 1.7)


TARGETS: Final = (*_of_calls(), *_of_fairness(), *_of_footprint(), *_of_service(), *_of_workers())
