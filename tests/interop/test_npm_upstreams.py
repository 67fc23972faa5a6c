"""Servers that others publish on npm, offered over gRPC as stdio upstreams."""

from __future__ import annotations

import json
import shlex
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import mcp
import pytest
from mcp import types

import mcpgrpc
from tests.interop.conftest import served
from tests.node.installed import Node

EVERYTHING = "@modelcontextprotocol/server-everything"
FILESYSTEM = "@modelcontextprotocol/server-filesystem"
FEATURES = "demo://resource/static/document/features.md"
ALLOWED = "list_allowed_directories"
SECRET = "A_SECRET_OF_THE_SERVICE"  # the name of a variable
CLIENT_SECONDS = 30


@pytest.fixture(params=["legacy", "2026-07-28"])
def mode(request: pytest.FixtureRequest) -> str:
    """The era that the client speaks; both servers know the legacy one alone."""
    chosen: str = request.param
    return chosen


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that the filesystem server is let into."""
    folder = tmp_path_factory.mktemp("files")
    (folder / "greeting.txt").write_text("Grüß Gott, 世界\n", encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def logs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("logs")


@pytest.fixture(scope="module")
async def everything_npm(node: Node, logs: Path) -> AsyncIterator[str]:
    """The address of a service with the everything server behind it, and with a secret."""
    async with offered(logs / "everything.log", everything_command(node)) as address:
        yield address


@pytest.fixture(scope="module")
async def filesystem(node: Node, files: Path, logs: Path) -> AsyncIterator[str]:
    """The address of a service with the filesystem server behind it."""
    async with offered(logs / "filesystem.log", filesystem_command(node, files)) as address:
        yield address


@pytest.fixture(scope="module")
async def both(node: Node, files: Path, logs: Path) -> AsyncIterator[str]:
    """The address of a service with both behind it."""
    commands = [everything_command(node), filesystem_command(node, files)]
    async with offered(logs / "both.log", *commands) as address:
        yield address


def everything_command(node: Node) -> str:
    return shlex.join([*node.script(EVERYTHING, "dist/index.js"), "stdio"])


def filesystem_command(node: Node, files: Path) -> str:
    return shlex.join([*node.script(FILESYSTEM, "dist/index.js"), str(files)])


def offered(log: Path, *commands: str) -> AbstractAsyncContextManager[str]:
    words = [word for command in commands for word in ("--upstream-command", command)]
    return served(log, *words, environment={SECRET: "0b5c"})


@asynccontextmanager
async def connected(address: str, mode: str, **callbacks: Any) -> AsyncIterator[mcp.Client]:
    """The SDK's client."""
    transport = mcpgrpc.transport(address)
    async with mcp.Client(
        transport, mode=mode, read_timeout_seconds=CLIENT_SECONDS, **callbacks
    ) as client:
        yield client


def text_of(result: types.CallToolResult) -> str:
    block = result.content[0]
    assert isinstance(block, types.TextContent)
    return block.text


async def test_the_everything_server_lists_and_calls_its_tools(
    everything_npm: str, mode: str
) -> None:
    async with connected(everything_npm, mode) as client:
        names = {tool.name for tool in (await client.list_tools()).tools}
        assert {"echo", "get-sum", "get-structured-content"} <= names

        assert text_of(await client.call_tool("echo", {"message": "naïve ☃"})) == "Echo: naïve ☃"
        weather = await client.call_tool("get-structured-content", {"location": "Chicago"})
        assert weather.structured_content is not None
        assert {"temperature", "conditions", "humidity"} <= weather.structured_content.keys()
        assert (await client.call_tool("get-sum", {"a": "one", "b": 2})).is_error


async def test_the_everything_server_reports_progress_before_it_answers(
    everything_npm: str, mode: str
) -> None:
    steps: list[tuple[float, float | None]] = []

    async def note(progress: float, total: float | None, message: str | None) -> None:
        steps.append((progress, total))

    async with connected(everything_npm, mode) as client:
        done = await client.call_tool(
            "trigger-long-running-operation", {"duration": 1, "steps": 4}, progress_callback=note
        )
        assert steps == [(1, 4), (2, 4), (3, 4), (4, 4)]
        assert "completed" in text_of(done)


async def test_the_everything_server_gives_resources_prompts_and_completions(
    everything_npm: str, mode: str
) -> None:
    async with connected(everything_npm, mode) as client:
        assert FEATURES in {str(each.uri) for each in (await client.list_resources()).resources}
        page = (await client.read_resource(FEATURES)).contents[0]
        assert isinstance(page, types.TextResourceContents)
        assert "# Everything Server" in page.text

        templates = (await client.list_resource_templates()).resource_templates
        assert "demo://resource/dynamic/text/{resourceId}" in {
            each.uri_template for each in templates
        }
        prompt = await client.get_prompt("args-prompt", {"city": "Oslo"})
        assert isinstance(prompt.messages[0].content, types.TextContent)
        assert "Oslo" in prompt.messages[0].content.text

        completion = await client.complete(
            types.PromptReference(name="completable-prompt"),
            {"name": "department", "value": "E"},
        )
        assert completion.completion.values == ["Engineering"]


async def test_the_everything_server_asks_the_model_of_the_client_that_called(
    everything_npm: str,
) -> None:
    async def sample(
        context: Any, params: types.CreateMessageRequestParams
    ) -> types.CreateMessageResult:
        answer = types.TextContent(text="Forty-two.")
        return types.CreateMessageResult(role="assistant", content=answer, model="a-model")

    async with connected(everything_npm, "legacy", sampling_callback=sample) as client:
        asked = await client.call_tool("trigger-sampling-request", {"prompt": "Why?"})
        assert "Forty-two." in text_of(asked)


async def test_an_upstream_sees_no_variable_of_the_service(everything_npm: str, mode: str) -> None:
    async with connected(everything_npm, mode) as client:
        seen = json.loads(text_of(await client.call_tool("get-env", {})))
        assert "PATH" in seen
        assert SECRET not in seen


async def test_the_filesystem_server_reads_and_writes_where_it_may(
    filesystem: str, files: Path, mode: str, tmp_path: Path
) -> None:
    async with connected(filesystem, mode) as client:
        names = {tool.name for tool in (await client.list_tools()).tools}
        assert {"read_text_file", "write_file", "list_directory"} <= names

        listed = await client.call_tool("list_directory", {"path": str(files)})
        assert "[FILE] greeting.txt" in text_of(listed).splitlines()
        read = await client.call_tool("read_text_file", {"path": str(files / "greeting.txt")})
        assert text_of(read) == "Grüß Gott, 世界\n"

        written = {"path": str(files / f"{mode}.txt"), "content": "a\nb\n"}
        assert not (await client.call_tool("write_file", written)).is_error
        assert (files / f"{mode}.txt").read_text() == "a\nb\n"

        denied = await client.call_tool("read_text_file", {"path": str(tmp_path / "other.txt")})
        assert denied.is_error
        assert "outside allowed directories" in text_of(denied)


async def test_the_filesystem_server_takes_the_roots_of_the_client_that_called(
    filesystem: str, tmp_path: Path
) -> None:
    async def roots(context: Any) -> types.ListRootsResult:
        return types.ListRootsResult.model_validate({"roots": [{"uri": tmp_path.as_uri()}]})

    async with (
        connected(filesystem, "legacy", list_roots_callback=roots) as client,
        connected(filesystem, "legacy") as other,
    ):
        while str(tmp_path) not in (said := text_of(await client.call_tool(ALLOWED, {}))):
            # It asks for the roots once it is initialized, beside the calls that come then.
            assert "Allowed directories" in said
        assert str(tmp_path) not in text_of(await other.call_tool(ALLOWED, {}))


async def test_both_are_offered_as_one_server(both: str, files: Path, mode: str) -> None:
    async with connected(both, mode) as client:
        names = [tool.name for tool in (await client.list_tools()).tools]
        assert {"echo", "list_directory"} <= set(names)
        assert len(names) == len(set(names))

        assert text_of(await client.call_tool("echo", {"message": "one"})) == "Echo: one"
        listed = await client.call_tool("list_directory", {"path": str(files)})
        assert "[FILE] greeting.txt" in text_of(listed).splitlines()
        assert (await client.read_resource(FEATURES)).contents
