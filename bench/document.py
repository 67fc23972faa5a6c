"""Writes a report into docs/performance.md, between its markers, and its pictures beside it.

What stands outside of the markers is prose and stays.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from bench.contenders import CONTENDERS
from bench.plot import Bar, Group, bar_chart
from bench.processes import REPOSITORY
from bench.results import CaseResult, Report, ScenarioResult
from bench.table import about_list, scenario_sections, targets_table

DOCUMENT: Final = REPOSITORY / "docs" / "performance.md"
PICTURES: Final = REPOSITORY / "docs" / "performance"
BEGIN: Final = "<!-- begin: results of make bench -->"
END: Final = "<!-- end: results of make bench -->"


class DocumentError(Exception):
    """The document cannot take results; the message says why."""


def write_document(report: Report) -> None:
    """Put a report's tables and pictures into the documentation.

    Raises:
        DocumentError: the markers are missing.
    """
    text = DOCUMENT.read_text(encoding="utf-8")
    plots = write_pictures(report, PICTURES)
    DOCUMENT.write_text(between_markers(text, generated(report, plots)), encoding="utf-8")


def generated(report: Report, plots: dict[str, str]) -> str:
    """Everything between the markers."""
    parts = [
        about_list(report),
        "### Targets",
        targets_table(report),
        *scenario_sections(report, plots),
    ]
    return "\n\n".join(parts)


def between_markers(text: str, inner: str) -> str:
    """The text with what stands between the markers replaced.

    Raises:
        DocumentError: it has not both of them, in their order.
    """
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise DocumentError(f"docs/performance.md needs the lines {BEGIN} and {END}")
    return f"{before}{BEGIN}\n\n{inner}\n\n{END}{after}"


def write_pictures(report: Report, folder: Path) -> dict[str, str]:
    """A picture of each scenario with rates; gives their paths from the document, by scenario."""
    folder.mkdir(parents=True, exist_ok=True)
    plots = {}
    for scenario in report.scenarios.values():
        picture = picture_of(scenario)
        if picture is not None:
            (folder / f"{scenario.name}.svg").write_text(picture, encoding="utf-8")
            plots[scenario.name] = f"{folder.name}/{scenario.name}.svg"
    return plots


def picture_of(scenario: ScenarioResult) -> str | None:
    """Rates of a scenario's cases; None where it has none."""
    groups = [Group(case.title, bars) for case in scenario.cases if (bars := bars_of(case))]
    return bar_chart(scenario.title, "calls/s", groups) if groups else None


def bars_of(case: CaseResult) -> tuple[Bar, ...]:
    """A bar for each contender that came to an end, fastest first."""
    bars = []
    for name in case.repeats:
        spread = case.spread(name, "rate")
        if spread is not None:
            contender = CONTENDERS.get(name)
            label = contender.label if contender else name
            is_ours = contender is not None and contender.server.startswith("ours")
            bars.append(Bar(label, spread, is_ours))
    return tuple(sorted(bars, key=lambda bar: -bar.spread.median))
