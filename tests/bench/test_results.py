from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from bench.results import Report, ScenarioResult, merged, rounded
from bench.spread import Spread
from tests.bench.reports import about, report


def test_a_report_is_read_as_it_was_saved(tmp_path: Path) -> None:
    path = tmp_path / "results" / "full.json"
    report().save(path)
    assert Report.load(path) == report()
    assert [each.name for each in path.parent.iterdir()] == ["full.json"]


@pytest.mark.parametrize("text", ["{}", "[]", '{"about": {}, "scenarios": {"a": {}}}', "no JSON"])
def test_what_is_no_report_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "full.json"
    path.write_text(text)
    with pytest.raises(ValueError, match=r"report|Expecting"):
        Report.load(path)


def test_every_repeat_is_kept() -> None:
    document = json.loads(report().to_json())
    kept = document["scenarios"]["calls"]["cases"][0]["repeats"]
    assert [each["rate"] for each in kept["lean"]] == [300, 100, 220]
    assert kept["rapid"][1] is None


def test_a_ratio_is_the_median_of_the_ratios_and_not_the_ratio_of_the_medians() -> None:
    case = report().case("calls", "64")
    assert case is not None
    # 3, 2 and 2; the medians are 220 and 100.
    assert case.ratio("lean", "echo") == Spread(2.0, 2.0, 3.0, 3)


def test_a_repeat_that_failed_is_in_no_spread() -> None:
    case = report().case("calls", "64")
    assert case is not None
    assert case.spread("rapid", "rate") == Spread(80.0, 80.0, 80.0, 1)
    assert case.spread("nobody", "rate") is None
    assert case.ratio("nobody", "lean") is None


def test_failures_name_their_scenario() -> None:
    assert report().failures() == ["calls: rapid, 64 at once: it <broke> | off"]


def test_a_part_takes_the_place_of_its_scenarios_in_the_last_run() -> None:
    part = Report(about(date="later"), {"unread": ScenarioResult("unread", "anew")})
    whole = merged(report(), part)
    assert whole is not None
    assert list(whole.scenarios) == ["calls", "unread"]
    assert whole.scenarios["unread"].title == "anew"


@pytest.mark.parametrize(
    "changed",
    [{"commit": "d" * 40}, {"changed": True}, {"form": "quick"}, {"machine": {}}, {"pinning": ""}],
    ids=lambda changed: next(iter(changed)),
)
def test_a_part_of_another_state_is_not_merged(changed: dict[str, Any]) -> None:
    assert merged(report(), Report(about(**changed))) is None
    assert merged(report(**changed), Report(about())) is None


def test_figures_keep_what_they_can_mean() -> None:
    assert rounded({"a": [1 / 3, 123456789.0, 5, "text", None, True]}) == {
        "a": [0.333333, 123457000.0, 5, "text", None, True]
    }
