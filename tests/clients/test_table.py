"""The table of what each client can do: every cell names a test, and the test is there."""

from __future__ import annotations

import re

import pytest

from tests.clients.languages import LANGUAGES, ROOT
from tests.docs.documents import document

TABLE = document("clients/README.md")
HEADING = "## What each can do"
LINK = re.compile(r"\[(?P<name>(?:\\.|[^\]\\])+)\]\((?P<file>[^)\s]+)\)")
DEFINITIONS = {
    "go": r"func {name}\(",
    "java": r"void {name}\(",
    "python": r"def {name}\(",
    "rust": r"fn {name}\(",
    "typescript": r"(?:test|it)\(\s*[\"'`]{name}[\"'`]",
}
FOLDERS = {language.name: f"clients/{language.name}/" for language in LANGUAGES}


def head() -> list[str]:
    below = TABLE.text.split(f"\n{HEADING}\n", 1)[1]
    line = next(line for line in below.splitlines() if line.startswith("|"))
    return [cell.strip().lower() for cell in line.strip("|").split("|")]


def cells() -> list[tuple[str, str, str]]:
    """Feature, language and what stands there."""
    languages = head()[1:]
    return [
        (row[0], language, cell)
        for row in TABLE.table(HEADING)
        for language, cell in zip(languages, row[1:], strict=True)
    ]


EACH = [pytest.param(language, cell, id=f"{name}-{language}") for name, language, cell in cells()]


def test_every_language_has_its_column() -> None:
    assert sorted(head()[1:]) == sorted(language.name for language in LANGUAGES)


def test_every_feature_has_a_row_of_its_own() -> None:
    features = [row[0] for row in TABLE.table(HEADING)]
    assert len(features) == len(set(features)) > 10


@pytest.mark.parametrize(("language", "cell"), EACH)
def test_every_cell_names_a_test_that_is_there(language: str, cell: str) -> None:
    named = list(LINK.finditer(cell))
    assert named, "it names no test"
    for found in named:
        path = (TABLE.path.parent / found["file"]).resolve()
        is_own = path.relative_to(ROOT).as_posix().startswith(FOLDERS[language])
        assert is_own or language == "python"
        definition = DEFINITIONS[language].format(name=re.escape(found["name"]))
        assert re.search(definition, path.read_text(encoding="utf-8")), found["name"]
