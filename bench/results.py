"""The results of a run as they are kept: every repeat of every figure, and what went wrong.

It draws no conclusions; tables, plots and targets are made from it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Self, TypeAlias

from bench.spread import Spread, paired_ratios

Figures: TypeAlias = dict[str, Any]
"""What a block of `bench.client.blocks` gives."""


@dataclass(slots=True)
class CaseResult:
    """One kind of work by several contenders in turn.

    Attributes:
        name: unique in its scenario, such as "64".
        title: for people, such as "64 at once".
        repeats: for each contender, each repeat's figures; None where it failed.
        pairs: contenders whose ratio is told, each over the other.
    """

    name: str
    title: str
    repeats: dict[str, list[Figures | None]] = field(default_factory=dict)
    pairs: list[tuple[str, str]] = field(default_factory=list)

    def values(self, contender: str, figure: str) -> list[float | None]:
        """A figure in every repeat; empty for a contender that was not there."""
        return [
            None if each is None else each.get(figure) for each in self.repeats.get(contender, [])
        ]

    def spread(self, contender: str, figure: str) -> Spread | None:
        """A figure's spread; None where no repeat has it."""
        values = [value for value in self.values(contender, figure) if value is not None]
        return Spread.of(values) if values else None

    def ratio(self, this: str, that: str, figure: str = "rate") -> Spread | None:
        """The spread of the ratio in each repeat; None where no repeat has both."""
        ratios = paired_ratios(self.values(this, figure), self.values(that, figure))
        return Spread.of(ratios) if ratios else None


@dataclass(slots=True)
class Measure:
    """A figure that is no rate.

    Attributes:
        name: unique in its scenario.
        title: for people.
        unit: of the values, such as "KB" or "ms".
        values: each repeat.
        note: how it was taken, where that is not plain.
    """

    name: str
    title: str
    unit: str
    values: list[float]
    note: str = ""

    def spread(self) -> Spread | None:
        """The spread of the repeats; None where there is none."""
        return Spread.of(self.values) if self.values else None


@dataclass(slots=True)
class ScenarioResult:
    """What a scenario gave, as far as it came."""

    name: str
    title: str
    cases: list[CaseResult] = field(default_factory=list)
    measures: list[Measure] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    seconds: float = 0.0

    def case(self, name: str) -> CaseResult | None:
        """The case of a name."""
        return next((case for case in self.cases if case.name == name), None)

    def measure(self, name: str) -> Measure | None:
        """The measure of a name."""
        return next((measure for measure in self.measures if measure.name == name), None)

    @classmethod
    def of_json(cls, members: dict[str, Any]) -> Self:
        """A result as `Report.to_json` wrote it."""
        cases = [
            CaseResult(**{**each, "pairs": [(this, that) for this, that in each["pairs"]]})
            for each in members["cases"]
        ]
        measures = [Measure(**each) for each in members["measures"]]
        return cls(**{**members, "cases": cases, "measures": measures})


@dataclass(slots=True)
class Report:
    """A whole run.

    Attributes:
        about: the machine, versions, commit, date, pinning and form of the run.
        scenarios: what each gave, by name, in the order in which they ran.
    """

    about: dict[str, Any]
    scenarios: dict[str, ScenarioResult] = field(default_factory=dict)

    def case(self, scenario: str, name: str) -> CaseResult | None:
        """A case; None where it did not run."""
        found = self.scenarios.get(scenario)
        return None if found is None else found.case(name)

    def measure(self, scenario: str, name: str) -> Measure | None:
        """A measure; None where it was not taken."""
        found = self.scenarios.get(scenario)
        return None if found is None else found.measure(name)

    def failures(self) -> list[str]:
        """Everything that went wrong."""
        return [
            f"{scenario.name}: {failure}"
            for scenario in self.scenarios.values()
            for failure in scenario.failures
        ]

    def save(self, path: Path) -> None:
        """Write it, in one step: a run that is ended leaves the last whole file."""
        path.parent.mkdir(parents=True, exist_ok=True)
        written = path.with_suffix(".new")
        written.write_text(self.to_json(), encoding="utf-8")
        os.replace(written, path)

    def to_json(self) -> str:
        """As text, with figures as precise as they can be meant."""
        scenarios = {name: asdict(each) for name, each in self.scenarios.items()}
        document = rounded({"about": self.about, "scenarios": scenarios})
        return json.dumps(document, indent=1, ensure_ascii=False) + "\n"

    @classmethod
    def load(cls, path: Path) -> Self:
        """A report as it was saved.

        Raises:
            OSError: there is no such file.
            ValueError: it is no report.
        """
        document = json.loads(path.read_text(encoding="utf-8"))
        try:
            scenarios = {
                name: ScenarioResult.of_json(each) for name, each in document["scenarios"].items()
            }
            return cls(document["about"], scenarios)
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"{path} is no report of a benchmark: {error}") from None


def merged(last: Report, fresh: Report) -> Report | None:
    """The last report with what was measured anew; None where they cannot stand side by side.

    They can when they are of the same commit without changes, the same form and the same machine.
    """
    same = ("commit", "form", "machine", "versions", "pinning")
    if fresh.about["changed"] or last.about["changed"]:
        return None
    if any(last.about[key] != fresh.about[key] for key in same):
        return None
    return Report(last.about, {**last.scenarios, **fresh.scenarios})


def rounded(value: Any) -> Any:
    """Floats to six significant digits, at any depth: a diff of results stays readable."""
    if isinstance(value, float):
        return float(f"{value:.6g}")
    if isinstance(value, dict):
        return {key: rounded(member) for key, member in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [rounded(member) for member in value]
    return value
