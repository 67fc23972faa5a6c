"""What a language must report about the vectors."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.clients import reports
from tests.clients.reports import ReportError
from tests.clients.server import VECTORS

BOTH_WAYS: dict[str, Any] = {"name": "a", "envelope": {}, "hex": ""}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two files: one of two vectors, one of a vector that has nothing to compare beside another."""
    write(tmp_path / "one.json", [BOTH_WAYS, {"name": "b", "frames": []}])
    write(tmp_path / "two.json", [{"name": "c", "text": "{"}, {"name": "d", "json": {}, "hex": ""}])
    return tmp_path


def write(path: Path, vectors: list[dict[str, Any]]) -> None:
    path.write_text(json.dumps({"about": "", "vectors": vectors}))


def report(folder: Path, text: str) -> Path:
    path = folder / "report.txt"
    path.write_text(text)
    return path


def test_what_has_no_bytes_to_compare_is_not_demanded(folder: Path) -> None:
    assert reports.demanded(folder) == {"one.json": 2, "two.json": 1}


def test_a_report_of_every_vector_gives_their_number(folder: Path) -> None:
    assert reports.checked(report(folder, "one.json 2\ntwo.json 1\n"), folder) == 3


def test_lines_of_one_file_are_added_up(folder: Path) -> None:
    assert reports.checked(report(folder, "one.json 1\ntwo.json 2\none.json 1\n"), folder) == 4


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("one.json 1\ntwo.json 1\n", "one.json 1 of 2"),
        ("one.json 2\n", "two.json 0 of 1"),
        ("", "one.json 0 of 2, two.json 0 of 1"),
        ("one.json\n", "not FILE COUNT: 'one.json'"),
        ("one.json -2\n", "not FILE COUNT: 'one.json -2'"),
    ],
    ids=["short", "a file is left out", "empty", "no count", "no number"],
)
def test_a_report_that_leaves_something_out_is_refused(
    folder: Path, text: str, message: str
) -> None:
    with pytest.raises(ReportError, match=message):
        reports.checked(report(folder, text), folder)


def test_no_report_is_refused(folder: Path) -> None:
    with pytest.raises(ReportError, match="no vectors were reported"):
        reports.checked(folder / "none.txt", folder)


def test_of_the_golden_vectors_only_some_malformed_ones_have_nothing_to_compare() -> None:
    for name, number in reports.demanded(VECTORS).items():
        total = len(json.loads((VECTORS / name).read_text())["vectors"])
        assert 0 < number <= total
        assert number == total or name == "malformed.json"
