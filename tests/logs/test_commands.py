"""The doors as commands: JSON lines to a pipe, text to a terminal, as `serve` writes them."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import pty
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx2
import pytest

SECONDS = 40
NOWHERE = "127.0.0.1:1"
HALF = b'{"jsonrpc": "2.0",'


@asynccontextmanager
async def command(*words: str, stderr: int) -> AsyncIterator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "mcpgrpc.cli.main", *words),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=stderr,
    )
    try:
        async with asyncio.timeout(SECONDS):
            yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.communicate()


async def url_of(process: asyncio.subprocess.Process) -> str:
    assert process.stdout is not None
    while line := (await process.stdout.readline()).decode():
        if "is in front of" in line:
            return line.split("/mcp ")[0]
    raise AssertionError("the command ended")


async def line_about(process: asyncio.subprocess.Process, what: str) -> dict[str, Any]:
    """The first line of JSON on standard error that has a text."""
    assert process.stderr is not None
    while line := await process.stderr.readline():
        found: dict[str, Any] = json.loads(line)
        if what in found["message"]:
            return found
    raise AssertionError(f"nothing was said about {what}")


async def test_the_gateway_writes_json_to_a_pipe_with_the_id_of_the_request() -> None:
    words = ("gateway", NOWHERE, "--listen", "127.0.0.1:0", "--log-level", "debug")
    async with command(*words, stderr=asyncio.subprocess.PIPE) as process:
        url = await url_of(process)
        async with httpx2.AsyncClient(trust_env=False) as http:
            answer = await http.get(f"{url}/health", headers={"x-request-id": "probe-1"})
        line = await line_about(process, "http request finished")
    assert answer.headers["x-request-id"] == "probe-1"
    assert (line["level"], line["correlation_id"]) == ("debug", "probe-1")
    assert (line["route"], line["http_method"], line["status"]) == ("/health", "GET", 200)
    assert line["duration_seconds"] >= 0


async def test_the_gateway_says_by_itself_what_it_refuses() -> None:
    words = ("gateway", NOWHERE, "--listen", "127.0.0.1:0")
    async with command(*words, stderr=asyncio.subprocess.PIPE) as process:
        url = await url_of(process)
        async with httpx2.AsyncClient(trust_env=False) as http:
            await http.post(f"{url}/mcp", headers={"host": "elsewhere.example"})
        line = await line_about(process, "refused a request")
    assert line["level"] == "warning"
    assert len(line["correlation_id"]) == 32


async def test_the_bridge_writes_json_to_a_pipe_and_nothing_of_it_to_its_host() -> None:
    async with command("bridge", NOWHERE, stderr=asyncio.subprocess.PIPE) as process:
        said, logged = await process.communicate(HALF)
    assert said == b""
    (line,) = [json.loads(each) for each in logged.splitlines()]
    assert (line["level"], line["logger"]) == ("warning", "mcpgrpc.relay.stdio")
    assert line["message"] == "the host closed in the middle of a message; it is dropped"


async def test_the_bridge_writes_no_warnings_where_only_errors_are_wanted() -> None:
    words = ("bridge", NOWHERE, "--log-level", "ERROR")
    async with command(*words, stderr=asyncio.subprocess.PIPE) as process:
        _, logged = await process.communicate(HALF)
    assert logged == b""


@pytest.mark.parametrize(
    ("log_format", "begins"), [("auto", "20"), ("json", "{")], ids=["text", "json"]
)
async def test_on_a_terminal_a_line_is_text_unless_json_is_asked_for(
    log_format: str, begins: str
) -> None:
    terminal, inside = pty.openpty()
    try:
        async with command("bridge", NOWHERE, "--log-format", log_format, stderr=inside) as process:
            await process.communicate(HALF)
        shown = os.read(terminal, 4096).decode()
    finally:
        os.close(inside)
        os.close(terminal)
    assert shown.startswith(begins)
    assert "the host closed in the middle of a message" in shown
