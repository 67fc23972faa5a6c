"""The pytest plugin that holds the run to `expected_failures.toml`.

A listed test must fail, and for the listed reason; it excuses no test that is not listed.
"""

import tomllib
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path

import pytest

SUITE = "tests/interaction/"


@dataclass(frozen=True)
class ExpectedFailure:
    """One test that answers otherwise over this wire: text its failure contains, and the reason."""

    test: str
    shows: str
    reason: str


_ENTRY = pytest.StashKey[ExpectedFailure]()


def _load() -> dict[str, ExpectedFailure]:
    document = tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))
    entries = [ExpectedFailure(**entry) for entry in document.get("expected_failure", [])]
    by_nodeid = {SUITE + entry.test: entry for entry in entries}
    if len(by_nodeid) != len(entries):
        raise pytest.UsageError("expected_failures.toml lists a test twice")
    return by_nodeid


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    entries = _load()
    stale = sorted(entries.keys() - {item.nodeid for item in items})
    if stale:
        raise pytest.UsageError(f"expected_failures.toml names tests that do not run: {stale}")
    for item in items:
        if entry := entries.get(item.nodeid):
            item.stash[_ENTRY] = entry
            item.add_marker(pytest.mark.xfail(reason=entry.reason, strict=True))


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Refuse a listed test that fails for another reason than the listed one."""
    report = yield
    entry = item.stash.get(_ENTRY, None)
    if entry and report.skipped and entry.shows not in report.longreprtext:
        del report.wasxfail
        report.outcome = "failed"
        report.longrepr = (
            f"{report.longreprtext}\nexpected_failures.toml: does not show {entry.shows!r}"
        )
    return report


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    counts = {
        outcome: len(terminalreporter.getreports(outcome))
        for outcome in ("passed", "xfailed", "failed", "error")
    }
    wrong = counts["failed"] + counts["error"]
    terminalreporter.section("the SDK's interaction tests over this wire")
    terminalreporter.line(
        f"{counts['passed']} passed, {counts['xfailed']} listed differences,"
        f" {wrong} not as expected"
    )
