"""What docs/typed-services.md shows of other programs runs, and says what is shown."""

from __future__ import annotations

import os
import re
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.docs.documents import ADDRESS, document
from tests.interop.conftest import program, run
from tests.interop.envoy import CONFIGURATION, DESCRIPTORS, descriptor_set, envoy_before
from tests.interop.programs import GO_PACKAGES, required

FRONT = "127.0.0.1:8081"
OURS = ("mcpgrpc ", "make ", "envoy ")
"""Begin what others run: tests of documents, and the fixture that starts Envoy."""


@dataclass(frozen=True)
class Shown:
    """A command, and lines that stand in its output."""

    command: str
    lines: tuple[str, ...]

    def __str__(self) -> str:
        return re.sub(r"[^\w/]+", " ", self.command)[:120]


def shown() -> Iterator[Shown]:
    """Each command of the document that is a program of others."""
    for block in document("docs/typed-services.md").blocks:
        for part in re.split(r"^\$ ", block.text, flags=re.MULTILINE)[1:]:
            command, *lines = part.replace("\\\n", " ").splitlines()
            if not command.startswith(OURS):
                yield Shown(command, tuple(lines))


@pytest.fixture
async def places(everything: str, tmp_path: Path) -> AsyncIterator[Mapping[str, str]]:
    """What stands in the place of the document's addresses and files."""
    async with envoy_before(everything, tmp_path) as front:
        descriptors = str(descriptor_set(tmp_path))
        yield {ADDRESS: everything, FRONT: front, DESCRIPTORS: descriptors}


@pytest.mark.parametrize("example", list(shown()), ids=str)
async def test_a_command_says_what_is_shown(places: Mapping[str, str], example: Shown) -> None:
    command = example.command
    for there, here in places.items():
        command = command.replace(there, here)
    name = command.partition(" ")[0]
    folder = Path(required(name) if name in GO_PACKAGES else program(name, package=name)).parent
    environment = {**os.environ, "PATH": f"{folder}{os.pathsep}{os.environ['PATH']}"}
    ended = await run(["sh", "-c", command], environment=environment)
    said = ended.output + ended.errors
    assert ended.code == 0, said
    for line in example.lines:
        assert line.strip() in said


def test_the_document_shows_every_program_and_the_configuration() -> None:
    programs = {example.command.partition(" ")[0] for example in shown()}
    # What renders manifests calls no service.
    assert programs == {*GO_PACKAGES, "curl"} - {"kustomize"}
    assert "../deploy/envoy/transcoder.yaml" in document("docs/typed-services.md").links
    text = CONFIGURATION.read_text(encoding="utf-8")
    assert all(place in text for place in (DESCRIPTORS, FRONT.partition(":")[2]))
