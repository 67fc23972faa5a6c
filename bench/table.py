"""Results as Markdown: targets, a table for each case, and the measures that are no rate.

A figure is a median with its range in parentheses.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from bench.contenders import CONTENDERS
from bench.results import CaseResult, Measure, Report, ScenarioResult
from bench.spread import Spread
from bench.targets import verdicts, with_unit


def targets_table(report: Report) -> str:
    """Every target with what the run says of it."""
    rows = [
        (
            verdict.target.title,
            verdict.target.wanted,
            figure(verdict.spread, verdict.target.unit),
            verdict.word if verdict.word != "MISSED" else "**MISSED**",
        )
        for verdict in verdicts(report)
    ]
    return markdown(("Median of the repeats", "Target", "Measured (range)", ""), rows)


def about_list(report: Report) -> str:
    """What the run ran on."""
    about = report.about
    machine = about["machine"]
    versions = ", ".join(
        f"{name} {version}" for name, version in about["versions"].items() if version
    )
    commit = about["commit"][:12] + (" with uncommitted changes" if about["changed"] else "")
    return "\n".join(
        (
            f"- {about['date']}, commit {commit}, {about['form']} form",
            f"- {machine['processor']}, {machine['processors']} processors,"
            f" {machine['memory_gb']} GB; {machine['system']}; {machine['python']}",
            f"- {about['pinning']}",
            f"- {versions}",
        )
    )


def scenario_sections(report: Report, plots: dict[str, str]) -> Iterator[str]:
    """A section for each scenario; `plots` gives the path of a scenario's picture."""
    for scenario in report.scenarios.values():
        yield f"### {scenario.title}"
        if scenario.name in plots:
            yield f"![{scenario.title}]({plots[scenario.name]})"
        yield from (case_table(case) for case in scenario.cases if case.repeats)
        if scenario.measures:
            yield measures_table(scenario.measures)
        yield from failures(scenario)


def case_table(case: CaseResult) -> str:
    """A row for each contender, with its ratios."""
    rows = [
        (
            CONTENDERS[name].label if name in CONTENDERS else name,
            figure(case.spread(name, "rate")),
            plain(case.spread(name, "p50_ms")),
            plain(case.spread(name, "p99_ms")),
            plain(case.spread(name, "server_cpu_us")),
            "; ".join(ratios(case, name)),
        )
        for name in case.repeats
    ]
    head = ("", "calls/s", "p50 ms", "p99 ms", "server CPU µs/call", "ratio in each repeat")
    return f"**{case.title}**\n\n{markdown((case_head(case), *head[1:]), rows)}"


def case_head(case: CaseResult) -> str:
    """The head of the column of contenders."""
    del case
    return "Contender"


def ratios(case: CaseResult, name: str) -> Iterator[str]:
    """The ratios of a contender over others."""
    for this, that in case.pairs:
        spread = case.ratio(this, that) if this == name else None
        if spread is not None:
            label = CONTENDERS[that].label if that in CONTENDERS else that
            yield f"{figure(spread, '×')} of {label}"


def measures_table(measures: Iterable[Measure]) -> str:
    """A row for each measure."""
    rows = [(each.title, figure(each.spread(), each.unit), each.note) for each in measures]
    return markdown(("Measure", "Median (range)", "Note"), rows)


def failures(scenario: ScenarioResult) -> Iterator[str]:
    """What went wrong, so that a gap in a table is explained."""
    if scenario.failures:
        yield "\n".join(f"- Failed: {markdown_safe(each)}" for each in scenario.failures)


def figure(spread: Spread | None, unit: str = "") -> str:
    """A median with its range; a dash where there is none."""
    if spread is None:
        return "–"
    if spread.count == 1:
        return with_unit(spread.median, unit).strip()
    low, high = with_unit(spread.low, "").strip(), with_unit(spread.high, "").strip()
    return f"{with_unit(spread.median, unit).strip()} ({low}–{high})"


def plain(spread: Spread | None) -> str:
    """A median alone."""
    return "–" if spread is None else with_unit(spread.median, "").strip()


def markdown(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(markdown_safe(cell) for cell in line)} |" for line in lines)


def markdown_safe(text: str) -> str:
    """Text that stays in its cell."""
    return text.replace("|", "\\|").replace("\n", " ").replace("<", "&lt;")
