"""What a document shows in a fenced block is right: it runs, parses, or names what exists."""

from __future__ import annotations

import ast
import json
import re
import shlex
import sys
import tomllib
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from google.protobuf import descriptor_pool, json_format, message, message_factory

from mcpgrpc.v1 import mcp_service_pb2  # noqa: F401  # registers the messages
from mcpgrpc_server.settings_sources import load_settings
from tests.docs.documents import ADDRESS, DOCUMENTS, ROOT, Block, each_block
from tests.docs.names import is_command, make_targets, options_of, resolves
from tests.docs.running import COMMAND, Workshop

DIRECTIVE = re.compile(
    r"|file: \S+\.py|run(: with (a server of \S+|\S+ on the path))?|message: mcpgrpc\.\S+"
    r"|hex of the message|exchange: client(, app=\S+)?|exchange: server|settings"
)
OWN = ("mcpgrpc", "mcpgrpc_server")
ELSEWHERE = {
    *("git", "cd", "curl", "docker", "envoy", "ghz", "grpc-health-probe", "grpcurl", "kubectl"),
    *("pip", "promtool", "#"),
}
"""Programs that are not the project's; what they are told is not checked."""

EVERY_BLOCK = [block for document in DOCUMENTS for block in document.blocks]


def protobuf(block: Block) -> message.Message:
    name = block.directive.removeprefix("message: ")
    descriptor = descriptor_pool.Default().FindMessageTypeByName(name)
    parsed = message_factory.GetMessageClass(descriptor)()
    json_format.Parse(block.text, parsed)
    return parsed


def commands(block: Block) -> Iterator[list[str]]:
    """The words of each command of a console block, without variables before it."""
    lines = block.text.replace("\\\n", " ").splitlines()
    for line in lines:
        if line.startswith("$ "):
            for part in line.removeprefix("$ ").split(" && "):
                words = shlex.split(part, comments=True)
                while words and re.fullmatch(r"\w+=.*", words[0]):
                    words = words[1:]
                yield words


@pytest.mark.parametrize("block", EVERY_BLOCK, ids=str)
def test_every_directive_is_one_that_is_known(block: Block) -> None:
    assert DIRECTIVE.fullmatch(block.directive), block.directive


@each_block("python")
async def test_python_runs_or_at_least_compiles(block: Block, workshop: Workshop) -> None:
    tree = ast.parse(block.text)
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] in OWN:
            for alias in node.names:
                assert resolves(f"{node.module}.{alias.name}"), alias.name
    if block.is_run:
        await run_python(block, workshop)


async def run_python(block: Block, workshop: Workshop) -> None:
    workshop.lay_out(block.document)
    script = workshop.folder / "shown_in_the_document.py"
    script.write_text(block.text, encoding="utf-8")
    if block.served_app is not None:
        async with workshop.serving(block.served_app) as address:
            assert ADDRESS in block.text, "it does not connect to the server that it asks for"
            script.write_text(block.text.replace(ADDRESS, address), encoding="utf-8")
            await workshop.run(sys.executable, script.name)
    else:
        app = block.app_on_path
        path = None if app is None else workshop.app(app).parent
        await workshop.run(sys.executable, script.name, path=path)


@each_block("console", "shell", "bash", "sh")
async def test_every_command_exists_with_its_options_and_runs_where_it_is_said_to(
    block: Block, workshop: Workshop
) -> None:
    shown = list(commands(block))
    assert shown, "a console block shows commands behind `$ `"
    for words in shown:
        check_command(words)
    if block.served_app is not None:
        workshop.lay_out(block.document)
        async with workshop.serving(block.served_app) as address:
            for words in shown:
                if Path(words[0]).name == "mcpgrpc" and words[1] != "serve":
                    await workshop.run(*COMMAND, *at(address, words[1:]))


def at(address: str, words: list[str]) -> list[str]:
    """The words of a command with the address of a server that is there."""
    if ADDRESS in words:
        return [address if word == ADDRESS else word for word in words]
    return [words[0], address, *words[1:]]


def check_command(words: list[str]) -> None:
    program = Path(words[0]).name
    if program == "make":
        targets = [word for word in words[1:] if "=" not in word]
        assert set(targets) <= make_targets(), words
    elif program == "mcpgrpc":
        check_own_command(words[1:])
    elif program == "python" and words[1] == "-m":
        assert (ROOT / words[2].replace(".", "/")).with_suffix(".py").is_file(), words[2]
    elif program == "python":
        assert (ROOT / words[1]).is_file(), words[1]
    else:
        assert program in ELSEWHERE, f"nobody knows what {program} is"


def check_own_command(words: list[str]) -> None:
    if words[0] not in {"--help", "--version"}:
        assert is_command(words[0]), words[0]
        given = {word.partition("=")[0] for word in words if word.startswith("--")}
        assert given <= options_of(*words[:2]), words


@each_block("json")
def test_json_is_json_and_a_message_is_one(block: Block) -> None:
    json.loads(block.text)
    if block.directive.startswith("message: "):
        protobuf(block)


@pytest.mark.parametrize(
    ("block", "bytes_of_it"),
    [
        (before, after)
        for before, after in pairwise(EVERY_BLOCK)
        if after.directive == "hex of the message"
    ],
    ids=str,
)
def test_the_bytes_shown_are_those_of_the_message_and_of_a_golden_vector(
    block: Block, bytes_of_it: Block
) -> None:
    shown = "".join(bytes_of_it.text.split())
    assert protobuf(block).SerializeToString(deterministic=True).hex() == shown
    assert f'"hex": "{shown}"' in (ROOT / "proto/vectors/frames.json").read_text(encoding="utf-8")


@each_block("toml")
def test_toml_is_toml_and_settings_are_settings(block: Block, tmp_path: Path) -> None:
    tomllib.loads(block.text)
    if block.directive == "settings":
        path = tmp_path / "mcpgrpc.toml"
        path.write_text(block.text, encoding="utf-8")
        load_settings(path, {}, {})


@pytest.mark.parametrize(
    "words",
    [["mcpgrpc", "nothing"], ["mcpgrpc", "call", "--nothing"], ["make", "nothing"], ["nothing"]],
)
def test_a_command_that_does_not_exist_is_noticed(words: list[str]) -> None:
    with pytest.raises(AssertionError):
        check_command(words)
