"""Holds a run to the bar, check by check, and to `expected_failures.toml`.

The bar is what the same suite said of the SDK's server alone, a moment ago on the same machine.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.conformance.suite import CheckId, Result, Results

ABSENT: Final = Result("ABSENT", "")
RANKS: Final = {"SUCCESS": 0, "INFO": 1, "ABSENT": 1, "SKIPPED": 2, "WARNING": 3, "FAILURE": 4}
"""From good to bad. What the bar does not have may be there, unless it is a complaint."""


@dataclass(frozen=True)
class Difference:
    """A check that says worse than the bar."""

    check: CheckId
    bar: Result
    here: Result

    def __str__(self) -> str:
        words = f": {self.here.message}" if self.here.message else ""
        name = f"{self.check.scenario} / {self.check.check}"
        return f"{name}: {self.bar.status} -> {self.here.status}{words}"


@dataclass(frozen=True)
class ExpectedFailure:
    """A difference that is explained.

    Attributes:
        arrangement: which one differs.
        requirements: the revision whose requirements were run.
        scenario: of the suite.
        check: its id; every occurrence of it.
        shows: text that the difference must contain.
        reason: why it is so, and why it may be.
        evidence: how that is known.
    """

    arrangement: str
    requirements: str
    scenario: str
    check: str
    shows: str
    reason: str
    evidence: str

    def explains(self, difference: Difference) -> bool:
        named = (self.scenario, self.check) == difference.check[:2]
        return named and self.shows in str(difference)


@dataclass(frozen=True)
class Verdict:
    """What a run is worth.

    Attributes:
        passed: scored scenarios with a success and without a failure.
        successes: checks that succeed, scored or not.
        listed: differences that are explained.
        wrong: everything for which the run fails, in words.
    """

    passed: int
    successes: int
    listed: int
    wrong: tuple[str, ...]


def load(path: Path) -> list[ExpectedFailure]:
    """The entries of the file; TypeError where one lacks a key or has another."""
    document = tomllib.loads(path.read_text(encoding="utf-8"))
    return [ExpectedFailure(**entry) for entry in document.get("expected_failure", [])]


def differences(bar: Results, here: Results) -> list[Difference]:
    """Every check that says worse here than at the bar."""
    found = (
        Difference(check, bar.get(check, ABSENT), here.get(check, ABSENT))
        for check in sorted(bar.keys() | here.keys())
    )
    return [each for each in found if RANKS[each.here.status] > RANKS[each.bar.status]]


def judge_bar(bar: Results, scored: Iterable[str]) -> Verdict:
    """The bar itself must pass every scored scenario, or it holds nothing to anything."""
    wrong = [f"the bar does not pass {name}" for name in sorted(scored) if not _passes(bar, name)]
    return _verdict(bar, scored, 0, wrong)


def judge(
    bar: Results, here: Results, scored: Iterable[str], expected: Sequence[ExpectedFailure]
) -> Verdict:
    """Hold a run to the bar; `expected` has the entries for this arrangement and revision."""
    found = differences(bar, here)
    explained = [each for each in found if any(entry.explains(each) for entry in expected)]
    wrong = [str(each) for each in found if each not in explained]
    wrong += [
        f"{entry.scenario} / {entry.check}: listed in expected_failures.toml, and is not so"
        for entry in expected
        if not any(entry.explains(each) for each in found)
    ]
    return _verdict(here, scored, len(explained), wrong)


def _verdict(here: Results, scored: Iterable[str], listed: int, wrong: Sequence[str]) -> Verdict:
    passed = sum(_passes(here, name) for name in scored)
    successes = sum(result.status == "SUCCESS" for result in here.values())
    return Verdict(passed, successes, listed, tuple(wrong))


def _passes(results: Results, scenario: str) -> bool:
    said = {result.status for check, result in results.items() if check.scenario == scenario}
    return "SUCCESS" in said and "FAILURE" not in said
