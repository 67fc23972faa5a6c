"""The official suite: one run of it against a URL, and what each of its checks said.

It does not say whether that is good: `judgement` does.
"""

from __future__ import annotations

import asyncio
import json
import re
import shutil
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, NamedTuple

from tests.node.installed import Node

PACKAGE = "@modelcontextprotocol/conformance"
SCORED: Final = {"2026-07-28": 37, "2025-11-25": 30}
"""Scenarios that each revision requires of a server. Another number is another suite."""

RUN_SECONDS: Final = 300
_RESULTS = re.compile(r"^server-(?P<scenario>.+)-\d{4}-\d\d-\d\dT[\d-]+Z$")
_LISTED = re.compile(r"^  - (\S+)$", re.MULTILINE)


class SuiteError(Exception):
    """The suite could not be run; the message says why."""


class CheckId(NamedTuple):
    """Which check: some ids come several times in a scenario, told apart by their order."""

    scenario: str
    check: str
    occurrence: int


@dataclass(frozen=True)
class Result:
    """What a check said: SUCCESS, FAILURE, WARNING, SKIPPED or INFO, and the suite's words."""

    status: str
    message: str


Results = Mapping[CheckId, Result]


@dataclass(frozen=True)
class Suite:
    """The suite as it is installed."""

    node: Node

    async def scored(self, requirements: str) -> frozenset[str]:
        """The scenarios that a revision requires of a server."""
        listed = await self._run("list", "--requirements", requirements)
        found = frozenset(_LISTED.findall(listed.partition("\nClient scenarios")[0]))
        if len(found) != SCORED[requirements]:
            raise SuiteError(
                f"the suite requires {len(found)} scenarios for {requirements},"
                f" where tests/conformance/suite.py says {SCORED[requirements]}"
            )
        return found

    async def results(self, url: str, requirements: str, folder: Path) -> Results:
        """Run every scenario that belongs to a revision, the ones beside the score included."""
        _empty(folder)
        words = ["--url", url, "--requirements", requirements, "--output-dir", str(folder)]
        wrote = await self._run("server", *words)
        return _kept(folder, wrote)

    async def _run(self, *words: str) -> str:
        # The exit code says what the checks of scored scenarios say, which are read one by one.
        process = await asyncio.create_subprocess_exec(
            *self.node.script(PACKAGE, "dist/index.js"),
            *words,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        try:
            async with asyncio.timeout(RUN_SECONDS):
                wrote, _ = await process.communicate()
        except TimeoutError:
            raise SuiteError(f"the suite did not end within {RUN_SECONDS} s") from None
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        return wrote.decode(errors="replace")


def _empty(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)


def _kept(folder: Path, wrote: str) -> Results:
    (folder / "suite.log").write_text(wrote, encoding="utf-8")
    return read_results(folder)


def read_results(folder: Path) -> Results:
    """What a run has left in its output folder."""
    results: dict[CheckId, Result] = {}
    for file in sorted(folder.glob("*/checks.json")):
        if found := _RESULTS.match(file.parent.name):
            checks = json.loads(file.read_text(encoding="utf-8"))
            results |= dict(_each(found["scenario"], checks))
    return results


def _each(scenario: str, checks: Sequence[Mapping[str, Any]]) -> Iterator[tuple[CheckId, Result]]:
    seen: Counter[str] = Counter()
    for check in checks:
        name = check["id"]
        seen[name] += 1
        yield CheckId(scenario, name, seen[name]), Result(check["status"], _message(check))


def _message(check: Mapping[str, Any]) -> str:
    """Why it says so: the suite has two places for that."""
    message: str = check.get("errorMessage") or check.get("details", {}).get("message", "")
    return message
