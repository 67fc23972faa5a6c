from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from bench.document import (
    BEGIN,
    DOCUMENT,
    END,
    DocumentError,
    between_markers,
    generated,
    picture_of,
    write_pictures,
)
from bench.plot import WIDTH, Bar, Group, bar_chart
from bench.spread import Spread
from bench.table import figure, markdown
from bench.targets import Target, Verdict, verdicts, with_unit
from tests.bench.reports import about, report

SVG = "{http://www.w3.org/2000/svg}"


def test_what_stands_between_the_markers_is_replaced_and_all_else_stays() -> None:
    text = f"before\n{BEGIN}\nold\n{END}\nafter\n"
    assert between_markers(text, "new") == f"before\n{BEGIN}\n\nnew\n\n{END}\nafter\n"
    assert between_markers(between_markers(text, "new"), "new") == between_markers(text, "new")


@pytest.mark.parametrize("text", ["", BEGIN, END, f"{END}\n{BEGIN}"])
def test_a_document_without_both_markers_is_left_alone(text: str) -> None:
    with pytest.raises(DocumentError):
        between_markers(text, "new")


def test_the_document_has_its_markers() -> None:
    assert between_markers(DOCUMENT.read_text(encoding="utf-8"), "new")


def test_every_row_of_a_table_has_as_many_cells_as_its_head() -> None:
    text = generated(report(), {"calls": "performance/calls.svg"})
    for table in re.findall(r"(?:^\|.*\n?)+", text, re.MULTILINE):
        rows = [re.split(r"(?<!\\)\|", row) for row in table.strip().splitlines()]
        assert len({len(row) for row in rows}) == 1, table


def test_a_failure_is_told_with_its_scenario() -> None:
    assert "- Failed: rapid, 64 at once: it &lt;broke> \\| off" in generated(report(), {})


def test_uncommitted_changes_are_told() -> None:
    assert "uncommitted" not in generated(report(), {})
    assert "uncommitted" in generated(report(changed=True), {})
    assert about()["pinning"] in generated(report(), {})


def test_a_figure_is_its_median_with_its_range() -> None:
    assert figure(Spread(2.345, 1.0, 12.34, 5), "×") == "2.35× (1–12.3)"
    assert figure(Spread(22_444.4, 20_000, 23_000, 5)) == "22,444 (20,000–23,000)"
    assert figure(Spread(8.25, 8.25, 8.25, 1), "s") == "8.25 s"
    assert figure(None) == "–"


def test_a_cell_cannot_end_its_cell() -> None:
    assert markdown(["a|b"], [["c\nd"]]) == "| a\\|b |\n| --- |\n| c d |"


@pytest.mark.parametrize(
    ("is_ceiling", "median", "word"),
    [(False, 2.0, "met"), (False, 1.99, "MISSED"), (True, 2.0, "met"), (True, 2.01, "MISSED")],
)
def test_a_target_is_met_by_the_median(is_ceiling: bool, median: float, word: str) -> None:
    target = Target("title", lambda _: None, 2.0, is_ceiling=is_ceiling)
    assert Verdict(target, Spread(median, 0.0, 9.0, 5)).word == word


def test_a_target_without_figures_is_said_to_be_not_measured() -> None:
    words = {verdict.target.title: verdict.word for verdict in verdicts(report())}
    assert words["64 at once, over raw grpc.aio echo"] == "MISSED"
    assert words["growth of memory for 10,000 requests whose answers are never read"] == "met"
    assert words["256 at once, over raw grpc.aio echo"] == "not measured"


def test_figures_have_as_many_digits_as_they_mean() -> None:
    shown = [with_unit(value, "ms") for value in (0.126, 9.5, 12.34, 123.4, 12_345.6)]
    assert shown == ["0.13 ms", "9.5 ms", "12.3 ms", "123 ms", "12,346 ms"]


def test_a_picture_is_well_formed_and_holds_every_label() -> None:
    bars = tuple(Bar(f'<"{name}">&', Spread(50.0, 40.0, 80.0, 5), name == "a") for name in "ab")
    root = ET.fromstring(bar_chart('<"title">', "calls/s", [Group("<group>", bars)]))
    texts = [each.text for each in root.iter(f"{SVG}text")]
    assert texts == ["<group> (calls/s)", '<"a">&', "50", '<"b">&', "50"]
    assert root.get("aria-label") == '<"title">'


def test_bars_are_as_long_as_their_medians_and_stay_within_the_picture() -> None:
    bars = (
        Bar("long", Spread(100.0, 90.0, 110.0, 5), True),
        Bar("short", Spread(50.0, 50.0, 50.0, 5), False),
    )
    root = ET.fromstring(bar_chart("title", "calls/s", [Group("group", bars)]))
    long, short = root.iter(f"{SVG}rect")
    assert float(long.get("width", "")) == pytest.approx(2 * float(short.get("width", "")), abs=0.3)
    # The range of the first, a line and its ends; the second has none.
    lines = [each for each in root.iter(f"{SVG}line") if each.get("class") == "range"]
    assert len(lines) == 3
    assert max(float(each.get("x2", "")) for each in root.iter(f"{SVG}line")) <= WIDTH


def test_a_picture_is_light_and_dark() -> None:
    picture = picture_of(report().scenarios["calls"])
    assert picture is not None
    assert "prefers-color-scheme: dark" in picture


def test_scenarios_without_rates_have_no_picture(tmp_path: Path) -> None:
    assert write_pictures(report(), tmp_path / "performance") == {"calls": "performance/calls.svg"}
