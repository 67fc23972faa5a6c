"""The project's documents as tests see them: blocks, links, names. It checks and runs nothing.

A fenced block may have a directive, an HTML comment on the line before it:

    <!-- file: my_app.py -->                     later blocks of the document find it by this name
    <!-- run -->                                 Python: it is run, and must end with 0
    <!-- run: with APP on the path -->           the same; APP can be imported
    <!-- run: with a server of APP -->           the same, and console; 127.0.0.1:50051 serves APP
    <!-- message: mcpgrpc.v1.SessionRequest -->  JSON: ProtoJSON of this message
    <!-- hex of the message -->                  the bytes of the message before
    <!-- exchange: client, app=APP -->           JSON: a frame to a server of APP
    <!-- exchange: server -->                    JSON: the items that come from it then
    <!-- settings -->                            TOML: a file for --config

APP is a file of the document or of the project. Without a directive Python is compiled and its
imports are resolved, JSON and TOML are parsed, and console commands are looked up.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ADDRESS = "127.0.0.1:50051"
"""The address in examples, which a test replaces by the one of its own server."""

_BLOCK = re.compile(
    r"(?:^<!-- (?P<directive>[^\n]*?) -->\n)?^```(?P<language>\w*)[^\n]*\n(?P<text>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)
_HEADING = re.compile(r"^#+ +(.+?) *$", re.MULTILINE)
_LINK = re.compile(r"\[[^\]]*\]\((?P<target>[^)\s]+)\)")
_CODE = re.compile(r"`([^`\n]+)`")
_SERVER_OF = re.compile(r"run: with a server of (\S+)")
_ON_THE_PATH = re.compile(r"run: with (\S+) on the path")


@dataclass(frozen=True)
class Block:
    """A fenced block."""

    document: Document
    language: str
    directive: str
    text: str
    line: int

    @property
    def is_run(self) -> bool:
        return self.directive == "run" or self.directive.startswith("run:")

    @property
    def served_app(self) -> str | None:
        """The app of which a server is needed."""
        found = _SERVER_OF.fullmatch(self.directive)
        return found[1] if found else None

    @property
    def app_on_path(self) -> str | None:
        found = _ON_THE_PATH.fullmatch(self.directive)
        return found[1] if found else None

    def __str__(self) -> str:
        return f"{self.document.name}:{self.line}"


@dataclass(frozen=True)
class Document:
    """A file of Markdown."""

    path: Path

    @property
    def name(self) -> str:
        return self.path.relative_to(ROOT).as_posix()

    @cached_property
    def text(self) -> str:
        return self.path.read_text(encoding="utf-8")

    @cached_property
    def prose(self) -> str:
        """The text without its fenced blocks."""
        return _BLOCK.sub("", self.text)

    @cached_property
    def blocks(self) -> list[Block]:
        return [
            Block(
                self,
                found["language"],
                found["directive"] or "",
                found["text"],
                self.text.count("\n", 0, found.start("text")),
            )
            for found in _BLOCK.finditer(self.text)
        ]

    @property
    def links(self) -> list[str]:
        return [found["target"] for found in _LINK.finditer(self.prose)]

    @property
    def code_spans(self) -> list[str]:
        return _CODE.findall(self.prose)

    @property
    def anchors(self) -> set[str]:
        """Of headings, as GitHub makes them."""
        headings = (heading.lower() for heading in _HEADING.findall(self.prose))
        return {re.sub(r"[^\w\- ]", "", heading).replace(" ", "-") for heading in headings}

    def table(self, heading: str) -> list[list[str]]:
        """The rows of the first table below a heading, without its head."""
        below = self.text.split(f"\n{heading}\n", 1)[1]
        lines = below[below.index("\n|") + 1 :].split("\n\n", 1)[0].splitlines()
        rows = (re.split(r"(?<!\\)\|", line)[1:-1] for line in lines[2:])
        return [[cell.strip() for cell in row] for row in rows]


def documents() -> Iterator[Document]:
    """Every document of the project: at its root, in docs/, and beside what they explain."""
    found = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")]
    found += [*ROOT.glob("proto/**/*.md"), *ROOT.glob("tests/**/*.md"), *ROOT.glob("examples/*.md")]
    # Those of other languages are read by the tests of their languages.
    found += [ROOT / "clients" / "README.md", ROOT / "clients" / "python" / "README.md"]
    return (Document(path) for path in sorted(found))


DOCUMENTS = list(documents())
each_document = pytest.mark.parametrize("document", DOCUMENTS, ids=lambda each: each.name)


def each_block(*languages: str) -> pytest.MarkDecorator:
    """A parameter `block` for every block in one of the languages."""
    blocks = [b for document in DOCUMENTS for b in document.blocks if b.language in languages]
    return pytest.mark.parametrize("block", blocks, ids=str)


def document(name: str) -> Document:
    """A document by its path in the project."""
    return Document(ROOT / name)
