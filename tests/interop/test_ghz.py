"""ghz puts load on the typed services, knowing them by reflection or by descriptors."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from tests.interop.conftest import run
from tests.interop.envoy import descriptor_set
from tests.interop.programs import required

CALLS = 1_500
CONCURRENCY = 20
ADD = {"name": "add", "arguments_json": '{"a":1,"b":2}'}
COUNT = {"call": {"name": "countdown", "arguments_json": '{"steps":3}'}}


async def report(address: str, rpc: str, data: Any, calls: int, *options: str) -> Any:
    """What ghz says of so many calls."""
    words = ["--insecure", "--call", f"mcpgrpc.v1.{rpc}", "--data", json.dumps(data)]
    words += ["--total", str(calls), "--concurrency", str(CONCURRENCY), "--format", "json"]
    command = [required("ghz"), *words, *options, address]
    ended = await run(command, environment=os.environ)
    assert ended.code == 0, ended.errors + ended.output
    return ended.json


@pytest.mark.parametrize("by", ["reflection", "descriptors"])
async def test_a_load_of_calls_is_answered_without_an_error(
    everything: str, tmp_path: Path, by: str
) -> None:
    options = ["--protoset", str(descriptor_set(tmp_path))] if by == "descriptors" else []
    said = await report(everything, "ToolsService/CallTool", ADD, CALLS, *options)
    assert said["options"]["concurrency"] == CONCURRENCY
    assert said["count"] == CALLS
    assert said["statusCodeDistribution"] == {"OK": CALLS}
    assert said["errorDistribution"] == {}
    assert said["endReason"] == "normal"
    assert {each["status"] for each in said["details"]} == {"OK"}
    assert sum(each["count"] for each in said["histogram"]) == CALLS
    assert 0 < said["fastest"] <= said["average"] <= said["slowest"]


async def test_streams_under_load_end_well(everything: str) -> None:
    said = await report(everything, "ToolsService/WatchTool", COUNT, 200)
    assert said["statusCodeDistribution"] == {"OK": 200}


async def test_errors_are_counted_by_their_status(everything: str) -> None:
    said = await report(everything, "ToolsService/CallTool", {}, 100)
    assert said["statusCodeDistribution"] == {"InvalidArgument": 100}
    (error,) = said["errorDistribution"]
    assert "name is required" in error
