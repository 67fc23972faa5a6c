"""Every file, module, setting, command and link that a document names is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.docs.documents import DOCUMENTS, ROOT, Document, document, each_document
from tests.docs.names import make_targets, resolves

DOTTED = re.compile(r"(?<![\w./@-])mcpgrpc(?:_server)?(?:\.[A-Za-z_]\w*)+(?![\w/])")
FILE_ENDINGS = (".toml", ".git", ".sock", ".md")
ANNOUNCED = {"mcpgrpc.v2": "where an incompatible wire would go"}

PATH = re.compile(r"\.?[\w-]+(?:/[\w.-]+)*/?")
FOLDERS = {
    path.name
    for path in ROOT.iterdir()
    if path.is_dir() and path.name not in {".venv", ".cache", "build"}
}
MAKE = re.compile(r"make ([a-z][a-z-]*)(?: .*)?")
NOT_OURS = {
    "server/discover": "a method of MCP",
    "tests/interaction": "a folder of the SDK's sources",
}


@each_document
def test_every_link_leads_somewhere(document: Document) -> None:
    for link in document.links:
        if not link.startswith(("http://", "https://")):
            file, _, anchor = link.partition("#")
            target = (document.path.parent / file).resolve() if file else document.path
            assert target.exists(), link
            assert target.is_relative_to(ROOT), link
            assert not anchor or anchor in Document(target).anchors, link


@each_document
def test_every_file_that_is_named_is_there(document: Document) -> None:
    # A test is named as pytest names it; the file is what has to be there.
    for span in (each.partition("::")[0] for each in document.code_spans):
        if "/" in span and span.split("/")[0] in FOLDERS and span not in NOT_OURS:
            assert (ROOT / span).exists() or (document.path.parent / span).exists(), span


@each_document
def test_every_module_class_and_message_that_is_named_is_there(document: Document) -> None:
    names = {name for name in DOTTED.findall(document.text) if not name.endswith(FILE_ENDINGS)}
    assert [name for name in sorted(names - ANNOUNCED.keys()) if not resolves(name)] == []


@each_document
def test_every_target_of_make_that_is_named_is_there(document: Document) -> None:
    named = {found[1] for found in map(MAKE.fullmatch, document.code_spans) if found}
    assert named <= make_targets()


def test_contributing_names_every_target_that_make_help_shows() -> None:
    rows = document("CONTRIBUTING.md").table("## Set-up")
    assert {row[0].strip("`").removeprefix("make ") for row in rows} == make_targets(
        documented_only=True
    )


def test_contributing_names_every_folder_of_tests() -> None:
    rows = document("CONTRIBUTING.md").table("## How tests are arranged")
    folders = {path.parent for path in (ROOT / "tests").glob("*/**/*.py")}
    first = {path.relative_to(ROOT / "tests").parts[0] for path in folders}
    assert {row[0] for row in rows} == {f"`tests/{name}`" for name in first - {"__pycache__"}}


def test_every_decision_is_in_the_list_and_has_its_three_parts() -> None:
    folder = ROOT / "docs" / "adr"
    listed = {link for link in document("docs/adr/README.md").links if link.endswith(".md")}
    records = sorted(folder.glob("[0-9]*.md"))
    assert {record.name for record in records} == listed
    for number, record in enumerate(records, 1):
        text = record.read_text(encoding="utf-8")
        assert record.name.startswith(f"{number:04}-")
        assert text.startswith(f"# {number}. ")
        assert re.findall(r"^## (.+)$", text, re.MULTILINE) == [
            "Context",
            "Decision",
            "What was given up",
        ]


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md", "docs/binding.md"])
def test_the_documents_that_readers_are_sent_to_are_among_those_checked(name: str) -> None:
    assert name in {each.name for each in DOCUMENTS}


@pytest.mark.parametrize(
    "name", ["mcpgrpc.nothing", "mcpgrpc.Client.nothing", "mcpgrpc.v1.Nothing", "mcpgrpc_server.no"]
)
def test_a_name_that_does_not_exist_does_not_resolve(name: str) -> None:
    assert not resolves(name)


def test_a_link_into_a_missing_heading_is_noticed(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("# One heading, and `code`!\n\n[here](#one-heading-and-code)\n")
    assert Document(page).anchors == {"one-heading-and-code"}
    assert Document(page).links == ["#one-heading-and-code"]
