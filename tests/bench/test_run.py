"""A run in small, against this service and gRPC alone; what fails must leave the rest standing.

It times nothing that counts: blocks are a few hundredths of a second long.
"""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from bench import run as bench_run
from bench.contenders import CONTENDERS, SERVERS, Contender
from bench.materials import make_materials
from bench.processes import Pinning
from bench.results import Measure, Report, ScenarioResult
from bench.run import attempt, chosen_names, finish, run
from bench.scenarios import SCENARIOS, Scenario
from bench.targets import TARGETS
from bench.turns import Case
from bench.workshop import FULL, QUICK, Scale, Workshop
from tests.bench.reports import about

TINY = Scale("tiny", 2, 0.03, 0.01, 100)
ADD = {"name": "add"}


@pytest.fixture
def workshop(tmp_path: Path) -> Workshop:
    return Workshop(tmp_path, Pinning.of([]), TINY)


@pytest.mark.timeout(300)
async def test_contenders_run_in_turn_and_one_that_is_broken_is_left_out(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(CONTENDERS, "broken", Contender("broken", "echo", "nothing"))
    case = Case("4", "4 at once", ADD, 4, ("lean", "broken", "echo"), (("lean", "echo"),))
    # A server without such a tool: the echo takes any work, ours does not.
    wrong = Case("wrong", "wrong", {"name": "add", "options": {"tool": "no"}}, 1, ("lean", "echo"))
    result = ScenarioResult("small", "small")
    await attempt(Scenario("small", (case, wrong), limit_seconds=240), workshop, result)
    done, failed = result.cases
    assert [len(each) for each in done.repeats.values()] == [2, 2]
    ratio = done.ratio("lean", "echo")
    assert ratio is not None
    assert ratio.low > 0
    assert (done.spread("lean", "calls") or ratio).low >= 4
    assert failed.repeats["lean"] == []
    assert len(failed.repeats["echo"]) == 2
    assert [failure.partition(":")[0] for failure in result.failures] == [
        "broken did not come up",
        "lean, wrong",
    ]


@pytest.mark.timeout(300)
async def test_keys_tokens_certificates_and_policy_let_their_clients_in(workshop: Workshop) -> None:
    make_materials(workshop.folder)
    names = ("mtls", "jwt", "policy")
    result = ScenarioResult("secured", "secured")
    case = Case("1", "one at a time", ADD, 1, names)
    await attempt(Scenario("secured", (case,), limit_seconds=240), workshop, result)
    assert result.failures == []
    assert [len(each) for each in result.cases[0].repeats.values()] == [2, 2, 2]


async def test_a_scenario_beyond_its_time_is_given_up_and_keeps_what_it_measured(
    workshop: Workshop,
) -> None:
    async def hangs(workshop: Workshop, result: ScenarioResult) -> None:
        result.measures.append(Measure("one", "one", "s", [1.0]))
        await asyncio.Event().wait()

    result = ScenarioResult("hangs", "hangs")
    await attempt(Scenario("hangs", further=hangs, limit_seconds=0.05), workshop, result)
    assert result.failures == ["given up after 0 s"]
    assert [each.name for each in result.measures] == ["one"]


async def test_a_scenario_that_breaks_leaves_the_next_to_run(
    workshop: Workshop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def breaks(workshop: Workshop, result: ScenarioResult) -> None:
        raise RuntimeError("broken")

    async def works(workshop: Workshop, result: ScenarioResult) -> None:
        result.measures.append(Measure("one", "one", "s", [1.0]))

    monkeypatch.setitem(SCENARIOS, "breaks", Scenario("breaks", further=breaks))
    monkeypatch.setitem(SCENARIOS, "works", Scenario("works", further=works))
    report, kept = Report(about()), tmp_path / "kept.json"
    await run(["breaks", "works"], workshop, report, kept)
    assert report.failures() == ["breaks: RuntimeError: broken (breaks)"]
    assert json.loads(kept.read_text())["scenarios"]["works"]["measures"][0]["values"] == [1]


def test_only_a_full_run_reaches_the_results(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = tmp_path / "full.json"
    written: list[Report] = []
    monkeypatch.setattr(bench_run, "RESULTS", kept)
    monkeypatch.setattr(bench_run, "write_document", written.append)
    finish(Report(about(form="quick")), is_part=False)
    finish(Report(about()), is_part=True)
    assert not kept.exists()
    finish(Report(about()), is_part=False)
    finish(Report(about(), {"idle": ScenarioResult("idle", "anew")}), is_part=True)
    finish(Report(about(commit="other"), {"tls": ScenarioResult("tls", "x")}), is_part=True)
    assert list(Report.load(kept).scenarios) == ["idle"]
    assert len(written) == 2


def test_scenarios_are_chosen_by_name() -> None:
    assert chosen_names("large, calls", FULL) == ["large", "calls"]
    assert chosen_names("", FULL) == list(SCENARIOS)
    assert set(chosen_names("", QUICK)) < set(SCENARIOS)
    with pytest.raises(SystemExit, match="no scenario nothing"):
        chosen_names("nothing calls", FULL)


def test_every_contender_and_server_that_is_named_exists() -> None:
    cases = [case for scenario in SCENARIOS.values() for case in scenario.cases]
    assert {name for case in cases for name in case.contenders} <= set(CONTENDERS)
    assert {each.server for each in CONTENDERS.values()} <= set(SERVERS)
    for case in cases:
        assert {name for pair in case.pairs for name in pair} <= set(case.contenders)


def test_medians_are_of_at_least_five_repeats() -> None:
    assert min(FULL.repeats, QUICK.repeats) >= 5


def test_titles_of_targets_are_unique() -> None:
    assert len({target.title for target in TARGETS}) == len(TARGETS)
