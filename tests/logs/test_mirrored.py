"""What tools tell their callers, in the service's own log: where that is asked for, and bounded."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import mcp
import pytest
from mcp.server import MCPServer
from mcp.server.mcpserver import Context

import mcpgrpc
from mcpgrpc_server import Server, ServerSettings
from mcpgrpc_server.telemetry.allowance import MAX_LINES
from tests.logs.written import Written, written
from tests.upstream.http_servers import served

pytestmark = pytest.mark.filterwarnings("ignore::mcp.MCPDeprecationWarning")

SECONDS = 20
MIRROR = "mcpgrpc.notifications"
LEVEL_KEY = "io.modelcontextprotocol/logLevel"
ASKED = {"_meta": {LEVEL_KEY: "debug"}}


def app_of() -> MCPServer:
    app = MCPServer("tells")

    @app.tool()
    async def tell(level: Any, ctx: Context, text: str = "said", times: int = 1) -> str:
        for _ in range(times):
            await ctx.log(level, text, logger_name="inside")
        return "done"

    @app.tool()
    async def step(ctx: Context) -> str:
        await ctx.report_progress(1)
        return "done"

    return app


@asynccontextmanager
async def telling(app: object = None, **settings: Any) -> AsyncIterator[tuple[str, Written]]:
    chosen = {"listen": ["127.0.0.1:0"], "log_notifications": True} | settings
    server = Server(
        app or (None if "upstreams" in chosen else app_of()),
        settings=ServerSettings.model_validate(chosen),
    )
    with written() as lines:
        async with asyncio.timeout(SECONDS), server:
            yield server.addresses[0], lines


async def told(address: str, rpc: str = "session", **arguments: Any) -> None:
    """Call the tool, asking for what it says."""
    given = (("x-request-id", "job-9"),)
    async with mcpgrpc.Client(address, rpc=rpc, mode="2026-07-28", metadata=given) as client:
        params = {"name": "tell", "arguments": arguments, **ASKED}
        await client.request("tools/call", params)


@pytest.mark.parametrize("rpc", ["session", "call"])
async def test_a_message_of_a_request_is_a_line_with_the_tool_and_the_id(rpc: str) -> None:
    async with telling() as (address, lines):
        await told(address, rpc, level="warning", text="disk is full")
    (line,) = lines.lines(MIRROR)
    assert (line["level"], line["message"]) == ("warning", "disk is full")
    assert (line["method"], line["target"]) == ("tools/call", "tell")
    assert (line["mcp_level"], line["mcp_logger"]) == ("warning", "inside")
    assert line["correlation_id"] == "job-9"


LEVELS = {
    "debug": logging.DEBUG,
    "info": logging.INFO,
    "notice": logging.INFO,
    "warning": logging.WARNING,
    "error": logging.ERROR,
    "critical": logging.CRITICAL,
    "alert": logging.CRITICAL,
    "emergency": logging.CRITICAL,
}


async def test_every_level_of_mcp_is_one_of_the_log() -> None:
    async with telling() as (address, lines):
        for level in LEVELS:
            await told(address, level=level)
    found = {each["mcp_level"]: each["level"] for each in lines.lines(MIRROR)}
    assert found == {word: logging.getLevelName(level).lower() for word, level in LEVELS.items()}


async def test_a_legacy_clients_requests_are_mirrored_too() -> None:
    async with (
        telling() as (address, lines),
        mcp.Client(mcpgrpc.transport(address), mode="legacy") as client,
    ):
        await client.call_tool("tell", {"level": "error"})
    assert [each["target"] for each in lines.lines(MIRROR)] == ["tell"]


async def test_what_an_upstream_says_is_mirrored_under_the_request_that_it_belongs_to() -> None:
    async with (
        served(app_of().streamable_http_app()) as url,
        telling(upstreams={"far": {"url": url}}) as (address, lines),
    ):
        await told(address, level="error", text="from afar")
    (line,) = lines.lines(MIRROR)
    assert (line["message"], line["correlation_id"]) == ("from afar", "job-9")


async def test_nothing_but_messages_is_mirrored_and_nothing_unless_asked_for() -> None:
    async with telling() as (address, lines), mcpgrpc.Client(address) as client:
        await client.call_tool("step", {}, on_progress=lambda *_: None)
    assert lines.lines(MIRROR) == []
    async with telling(log_notifications=False) as (address, lines):
        await told(address, level="error")
    assert lines.lines(MIRROR) == []


async def test_lines_are_bounded_in_length_and_in_number_and_tell_what_was_left_out() -> None:
    async with telling() as (address, lines):
        await told(address, level="info", text="x" * 10_000, times=3 * MAX_LINES)
    found = lines.lines(MIRROR)
    # A machine that is slow may come into a second period.
    assert MAX_LINES <= len(found) < 3 * MAX_LINES
    assert all(len(each["message"]) < 1_100 for each in found)
    assert "(10000 characters)" in found[0]["message"]


async def test_a_secret_in_a_message_is_hidden_as_anywhere() -> None:
    async with telling() as (address, lines):
        await told(address, level="info", text="calling with Bearer s3cret-s3cret")
    assert "s3cret" not in lines.text
    assert lines.lines(MIRROR)[0]["message"] == "calling with Bearer [redacted]"
