"""The MCP Inspector's command line in front of the HTTP door, at both eras."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.interop.conftest import Ended, door_to, run
from tests.node.installed import Node

PACKAGE = "@modelcontextprotocol/inspector"
ENTRY = "clients/launcher/build/index.js"


@dataclass(frozen=True)
class Inspector:
    """`mcp-inspector --cli URL` with a home of its own, where it keeps its settings."""

    node: Node
    url: str
    era: str
    home: Path

    async def ended(self, method: str, *words: str) -> Ended:
        options = ["--transport", "http", "--protocol-era", self.era, "--format", "json", "--quiet"]
        command = [*self.node.script(PACKAGE, ENTRY), "--cli", self.url, *options]
        environment = {"HOME": str(self.home), "PATH": str(self.node.executable.parent)}
        return await run([*command, "--method", method, *words], environment=environment)

    async def result(self, method: str, *words: str) -> dict[str, Any]:
        ended = await self.ended(method, *words)
        assert ended.code == 0, ended
        result: dict[str, Any] = ended.json["result"]
        return result


@pytest.fixture(params=["legacy", "modern"])
async def inspector(
    request: pytest.FixtureRequest, node: Node, everything: str, tmp_path: Path
) -> AsyncIterator[Inspector]:
    """The Inspector of one era, in front of a door."""
    async with door_to(everything, tmp_path / "gateway.log") as url:
        yield Inspector(node, f"{url}/mcp", request.param, tmp_path)


async def test_it_lists_and_calls_tools(inspector: Inspector) -> None:
    listed = await inspector.result("tools/list")
    assert {"add", "weather", "countdown"} <= {tool["name"] for tool in listed["tools"]}

    added = await inspector.result("tools/call", "--tool-name", "add", "--tool-arg", "a=1", "b=2")
    assert added["structuredContent"] == {"result": 3}

    counted = ["--tool-name", "countdown", "--tool-args-json", '{"steps": 3}']
    assert (await inspector.result("tools/call", *counted))["structuredContent"] == {
        "result": "Counted 3 steps."
    }


async def test_it_speaks_the_era_that_it_was_told(inspector: Inspector) -> None:
    told = await inspector.result("tools/call", "--tool-name", "whoami")
    version = {"legacy": "2025-11-25", "modern": "2026-07-28"}[inspector.era]
    assert told["structuredContent"]["protocol_version"] == version


async def test_it_reads_resources_and_gets_prompts(inspector: Inspector) -> None:
    listed = await inspector.result("resources/list")
    assert "everything://readme" in {resource["uri"] for resource in listed["resources"]}

    read = await inspector.result("resources/read", "--uri", "everything://readme")
    assert read["contents"][0]["text"].startswith("# Everything")

    got = await inspector.result(
        "prompts/get", "--prompt-name", "plan", "--prompt-args", "city=Oslo"
    )
    assert got["messages"][-1]["content"]["text"] == "Plan 8 hours in Oslo."


async def test_it_shows_a_failure_of_a_tool_and_an_error_of_the_protocol(
    inspector: Inspector,
) -> None:
    failed = await inspector.ended("tools/call", "--tool-name", "fail")
    assert failed.json["result"]["isError"] is True

    missing = await inspector.ended("resources/read", "--uri", "everything://missing")
    assert missing.code != 0
    assert "everything://missing" in missing.errors
