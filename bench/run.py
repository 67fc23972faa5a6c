"""`python -m bench.run`: runs scenarios, keeps what they give, and writes it where it belongs.

It runs in the bench's own environment; `python -m bench` makes that and comes here.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import signal
import sys
import tempfile
import time
from collections.abc import Coroutine, Sequence
from pathlib import Path
from typing import Any, Final

from bench.client.__main__ import failure_of, raise_file_limit
from bench.document import DocumentError, write_document, write_pictures
from bench.machine import about_run
from bench.materials import make_materials
from bench.process_figures import usable_cpus
from bench.processes import REPOSITORY, Pinning
from bench.results import Report, ScenarioResult, merged
from bench.scenarios import SCENARIOS, Scenario
from bench.table import scenario_sections, targets_table
from bench.turns import Turns
from bench.workshop import FULL, QUICK, Scale, Workshop

RESULTS: Final = REPOSITORY / "bench" / "results" / "full.json"
CACHE: Final = REPOSITORY / ".cache" / "bench"


async def run(names: Sequence[str], workshop: Workshop, report: Report, keep: Path) -> None:
    """Run scenarios one after the other; the report is kept after each."""
    for name in names:
        scenario = SCENARIOS[name]
        result = ScenarioResult(name, scenario.title)
        report.scenarios[name] = result
        say(f"{name}: {scenario.title}")
        began = time.monotonic()
        await attempt(scenario, workshop, result)
        result.seconds = time.monotonic() - began
        report.save(keep)
        say(f"{name}: {result.seconds:.0f} s, {len(result.failures)} failures")
        for failure in result.failures:
            say(f"  failed: {failure}")


async def attempt(scenario: Scenario, workshop: Workshop, result: ScenarioResult) -> None:
    """Run one scenario; whatever goes wrong becomes a failure in its result."""
    cases = [case for case in scenario.cases if case.quick or workshop.scale.is_thorough]
    try:
        async with asyncio.timeout(scenario.limit_seconds):
            if cases:
                await Turns(workshop, result).run(cases)
            if scenario.further is not None:
                await scenario.further(workshop, result)
    except TimeoutError:
        result.failures.append(f"given up after {scenario.limit_seconds:.0f} s")
    except Exception as error:  # noqa: BLE001 - the scenarios after it are to run all the same
        result.failures.append(failure_of(error))


def chosen_names(only: str, scale: Scale) -> list[str]:
    """The scenarios to run.

    Raises:
        SystemExit: one that was asked for does not exist.
    """
    if not only:
        return [name for name, each in SCENARIOS.items() if each.quick or scale is FULL]
    names = only.replace(",", " ").split()
    if unknown := [name for name in names if name not in SCENARIOS]:
        sys.exit(f"bench: no scenario {', '.join(unknown)}; there are {', '.join(SCENARIOS)}")
    return names


def finish(report: Report, *, is_part: bool) -> None:
    """Write a report where it belongs: a full one into the documentation."""
    if report.about["form"] != FULL.name:
        say(f"quick figures stay out of the documentation: {CACHE / 'quick.json'}")
        return
    if is_part:
        whole = _merged_into_last(report)
        if whole is None:
            say(f"not merged: the last full run is of another state; kept in {CACHE / 'part.json'}")
            return
        report = whole
    report.save(RESULTS)
    try:
        write_document(report)
    except (OSError, DocumentError) as error:
        say(f"not written into the documentation: {error}")


def _merged_into_last(report: Report) -> Report | None:
    try:
        return merged(Report.load(RESULTS), report)
    except (OSError, ValueError):
        return None


def show(report: Report) -> None:
    """The tables on the terminal, and the pictures for whoever looks."""
    plots = write_pictures(report, CACHE / "pictures")
    say("\n\n".join([targets_table(report), *scenario_sections(report, {})]))
    say(f"{len(plots)} pictures in {CACHE / 'pictures'}")


def say(line: str) -> None:
    """A line at once, also into a pipe."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def main() -> int:
    """Run what the arguments say; 1 when anything failed, whatever was measured."""
    parser = argparse.ArgumentParser(prog="bench", description=__doc__.partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="the quick form")
    parser.add_argument("--only", default="", metavar="NAMES", help=", ".join(SCENARIOS))
    arguments = parser.parse_args()
    scale = QUICK if arguments.quick else FULL
    names = chosen_names(arguments.only, scale)
    raise_file_limit()
    pinning = Pinning.of(usable_cpus())
    report = Report(about_run(scale.name, pinning))
    keep = CACHE / f"{'quick' if scale is QUICK else 'part' if arguments.only else 'run'}.json"
    say(f"{len(names)} scenarios, {scale.name} form; {pinning.note}")
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        make_materials(Path(folder))
        workshop = Workshop(Path(folder), pinning, scale)
        with contextlib.suppress(asyncio.CancelledError, KeyboardInterrupt):
            asyncio.run(_until_ended(run(names, workshop, report, keep)))
            finish(report, is_part=bool(arguments.only))
    show(report)
    say(f"kept in {keep}")
    return 1 if report.failures() or len(report.scenarios) < len(names) else 0


async def _until_ended(work: Coroutine[Any, Any, None]) -> None:
    """SIGTERM ends as Ctrl-C does: processes are ended, and what was measured is kept."""
    task = asyncio.create_task(work)
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    await task


if __name__ == "__main__":
    sys.exit(main())
