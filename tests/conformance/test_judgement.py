"""How a run of the suite is held to the bar; neither the suite nor Node is needed for it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from tests.conformance.judgement import ExpectedFailure, judge, judge_bar, load
from tests.conformance.run import EXPECTED, unnoticed
from tests.conformance.suite import CheckId, Result, Results, read_results

LISTS = CheckId("tools-list", "tools-list-valid", 1)
PINGS = CheckId("ping", "ping-answered", 1)
FINE = Result("SUCCESS", "")
BAR: Results = {LISTS: FINE, PINGS: FINE}
SCORED = ["ping", "tools-list"]
ENTRY = ExpectedFailure(
    arrangement="gateway",
    requirements="2025-11-25",
    scenario="ping",
    check="ping-answered",
    shows="no answer",
    reason="…",
    evidence="…",
)


def run_with(status: str, message: str = "") -> Results:
    """A run that differs from the bar in the ping."""
    return {LISTS: FINE, PINGS: Result(status, message)}


def test_a_run_that_says_what_the_bar_says_is_right() -> None:
    verdict = judge(BAR, BAR, SCORED, [])
    assert (verdict.passed, verdict.successes, verdict.wrong) == (2, 2, ())


@pytest.mark.parametrize("status", ["FAILURE", "WARNING", "SKIPPED", "INFO"])
def test_a_check_that_succeeds_at_the_bar_alone_is_wrong(status: str) -> None:
    verdict = judge(BAR, run_with(status, "no answer"), SCORED, [])
    assert verdict.wrong == (f"ping / ping-answered: SUCCESS -> {status}: no answer",)


def test_a_check_that_is_not_there_is_wrong() -> None:
    verdict = judge(BAR, {LISTS: FINE}, SCORED, [])
    assert verdict.wrong == ("ping / ping-answered: SUCCESS -> ABSENT",)
    assert verdict.passed == 1


def test_a_second_occurrence_that_is_not_there_is_wrong() -> None:
    again = PINGS._replace(occurrence=2)
    assert len(judge({**BAR, again: FINE}, BAR, SCORED, []).wrong) == 1


@pytest.mark.parametrize("status", ["FAILURE", "WARNING", "SKIPPED"])
def test_a_complaint_that_the_bar_does_not_have_is_wrong(status: str) -> None:
    new = {**BAR, CheckId("ping", "another", 1): Result(status, "")}
    assert len(judge(BAR, new, SCORED, []).wrong) == 1


@pytest.mark.parametrize("status", ["FAILURE", "WARNING", "SKIPPED", "INFO"])
def test_what_is_no_better_at_the_bar_is_no_difference(status: str) -> None:
    bar = run_with(status)
    assert judge(bar, run_with(status), SCORED, []).wrong == ()
    assert judge(bar, BAR, SCORED, []).wrong == ()
    assert judge(bar, {LISTS: FINE}, SCORED, []).wrong == ()


def test_a_listed_difference_is_counted_and_not_wrong() -> None:
    verdict = judge(BAR, run_with("FAILURE", "no answer came"), SCORED, [ENTRY])
    assert (verdict.listed, verdict.wrong) == (1, ())


def test_a_listed_check_that_passes_is_wrong() -> None:
    verdict = judge(BAR, BAR, SCORED, [ENTRY])
    assert verdict.wrong == (
        "ping / ping-answered: listed in expected_failures.toml, and is not so",
    )


def test_a_listed_check_that_fails_otherwise_is_wrong() -> None:
    assert len(judge(BAR, run_with("FAILURE", "refused"), SCORED, [ENTRY]).wrong) == 2


def test_an_entry_excuses_no_other_check() -> None:
    other = replace(ENTRY, check="another")
    assert len(judge(BAR, run_with("FAILURE", "no answer"), SCORED, [other]).wrong) == 2


def test_a_bar_that_fails_or_skips_a_scored_scenario_is_no_bar() -> None:
    for bar in (run_with("FAILURE"), run_with("SKIPPED"), {LISTS: FINE}):
        assert judge_bar(bar, SCORED).wrong == ("the bar does not pass ping",)


def test_a_scenario_that_passes_without_a_server_is_told() -> None:
    assert unnoticed(BAR, run_with("FAILURE"), SCORED) == ["tools-list: passes without a server"]


def test_what_the_suite_leaves_behind_is_read_with_every_occurrence(tmp_path: Path) -> None:
    folder = tmp_path / "server-tools-list-2026-11-22T20-02-01-252Z"
    folder.mkdir()
    checks = [
        {"id": "valid", "status": "SUCCESS"},
        {"id": "valid", "status": "FAILURE", "errorMessage": "no"},
        {"id": "valid", "status": "INFO", "details": {"message": "not tried"}},
    ]
    (folder / "checks.json").write_text(json.dumps(checks))
    assert read_results(tmp_path) == {
        CheckId("tools-list", "valid", 1): FINE,
        CheckId("tools-list", "valid", 2): Result("FAILURE", "no"),
        CheckId("tools-list", "valid", 3): Result("INFO", "not tried"),
    }


def test_the_list_of_expected_failures_can_be_read() -> None:
    for entry in load(EXPECTED):
        assert entry.reason
        assert entry.evidence
