"""Runs the official conformance suite through this service and holds it to the SDK's own server.

How the parts are started, read and judged stands in the modules beside it.
"""

from __future__ import annotations

import argparse
import asyncio
import socket
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.conformance.arrangements import ARRANGEMENTS, BASELINE, PACKAGE, Workshop
from tests.conformance.judgement import (
    ExpectedFailure,
    Verdict,
    differences,
    judge,
    judge_bar,
    load,
)
from tests.conformance.processes import ProcessError
from tests.conformance.suite import SCORED, Results, Suite, SuiteError
from tests.node.installed import NodeError, installed
from tests.sdk.source import SourceError, unpacked

HERE = Path(__file__).resolve().parent
CACHE = HERE.parents[1] / ".cache" / "conformance"
EXPECTED = HERE / "expected_failures.toml"


@dataclass(frozen=True)
class Runs:
    """Runs of the suite, kept in a folder for each arrangement and revision."""

    suite: Suite
    sources: Path

    async def of(self, arrangement: str) -> dict[str, Results]:
        """Start the processes of an arrangement once and run every revision against them."""
        folder = CACHE / "results" / arrangement
        folder.mkdir(parents=True, exist_ok=True)
        async with ARRANGEMENTS[arrangement](Workshop(self.sources, folder)) as url:
            return {
                requirements: await self.suite.results(url, requirements, folder / requirements)
                for requirements in SCORED
            }

    async def of_nothing(self, requirements: str) -> Results:
        """The suite against an address where nobody listens."""
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
        url = f"http://127.0.0.1:{port}/mcp"
        return await self.suite.results(url, requirements, CACHE / "results" / "nothing")


async def run(names: Sequence[str]) -> list[str]:
    """Run the arrangements, print a row for each, and give what is wrong, line by line."""
    suite = Suite(installed())
    scored = {requirements: await suite.scored(requirements) for requirements in SCORED}
    runs = Runs(suite, unpacked(CACHE, PACKAGE))
    bar = await runs.of(BASELINE)
    wrong = []
    print_row("arrangement", "requirements", "scenarios", "checks", "listed", "wrong")
    for requirements, results in bar.items():
        verdict = judge_bar(results, scored[requirements])
        wrong += report(BASELINE, requirements, verdict, scored[requirements])
        nothing = await runs.of_nothing(requirements)
        wrong += unnoticed(results, nothing, scored[requirements])
    expected = load(EXPECTED)
    for name in names:
        for requirements, results in (await runs.of(name)).items():
            entries = entries_for(expected, name, requirements)
            verdict = judge(bar[requirements], results, scored[requirements], entries)
            wrong += report(name, requirements, verdict, scored[requirements])
    return wrong


def entries_for(
    expected: Iterable[ExpectedFailure], arrangement: str, requirements: str
) -> list[ExpectedFailure]:
    return [
        each
        for each in expected
        if (each.arrangement, each.requirements) == (arrangement, requirements)
    ]


def unnoticed(bar: Results, nothing: Results, scored: Iterable[str]) -> list[str]:
    """The scored scenarios that this judgement would let pass where there is no server at all."""
    noticed = {each.check.scenario for each in differences(bar, nothing)}
    return [f"{name}: passes without a server" for name in sorted(set(scored) - noticed)]


def report(
    arrangement: str, requirements: str, verdict: Verdict, scored: Sequence[str] | frozenset[str]
) -> list[str]:
    print_row(
        arrangement,
        requirements,
        f"{verdict.passed}/{len(scored)}",
        str(verdict.successes),
        str(verdict.listed),
        str(len(verdict.wrong)),
    )
    return [f"{arrangement}, {requirements}: {each}" for each in verdict.wrong]


def print_row(*cells: str) -> None:
    sys.stdout.write("".join(f"{cell:<18}" for cell in cells).rstrip() + "\n")
    sys.stdout.flush()


def main() -> int:
    """Install, run, judge; 0 when every arrangement is what is expected of it."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    against = [name for name in ARRANGEMENTS if name != BASELINE]
    parser.add_argument("arrangements", nargs="*", metavar="NAME", help=", ".join(against))
    names = parser.parse_args().arrangements or against
    if unknown := set(names) - set(against):
        parser.error(f"no arrangement {', '.join(sorted(unknown))}; there are {', '.join(against)}")
    try:
        wrong = asyncio.run(run(names))
    except (NodeError, ProcessError, SourceError, SuiteError) as error:
        wrong = [str(error)]
    for line in wrong:
        sys.stdout.write(f"conformance: {line}\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
