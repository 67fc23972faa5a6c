"""The SDK's server over standard input and output, one process for each era."""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from mcpgrpc.v1 import envelope_pb2
from mcpgrpc_server.upstream.stdio.environment import child_environment
from mcpgrpc_server.upstream.stdio.process import Command
from tests.upstream.stdio_upstream import (
    Lifelines,
    Upstream,
    lifelines,
    notification,
    result_of,
    soon,
    upstream,
)

MODERN = "2026-07-28"
LEGACY = "2025-11-25"
CLIENT_INFO = {"name": "test", "version": "1"}
PROTOCOL = "io.modelcontextprotocol"
META = {
    f"{PROTOCOL}/protocolVersion": MODERN,
    f"{PROTOCOL}/clientInfo": CLIENT_INFO,
    f"{PROTOCOL}/clientCapabilities": {},
}


@dataclass(frozen=True)
class Server:
    """A running app, whose era is settled."""

    up: Upstream
    lines: Lifelines
    meta: dict[str, Any]
    numbers: itertools.count[int]

    def start(
        self, method: str, params: dict[str, Any] | None = None, **meta: Any
    ) -> asyncio.Task[envelope_pb2.Envelope]:
        """Begin a request as the era has it."""
        members = dict(params or {})
        if self.meta or meta:
            members["_meta"] = self.meta | meta
        return self.up.start(next(self.numbers), method, members)

    async def ask(self, method: str, params: dict[str, Any] | None = None, **meta: Any) -> Any:
        """The result of a request."""
        return result_of(await soon(self.start(method, params, **meta)))

    async def call(self, tool: str, **arguments: Any) -> Any:
        return await self.ask("tools/call", {"name": tool, "arguments": arguments})


@pytest.fixture(scope="module")
async def running() -> AsyncIterator[tuple[Upstream, Lifelines, Upstream, Lifelines]]:
    """Two processes of the app, since one speaks one era."""
    app = str(Path(__file__).with_name("stdio_app.py"))
    async with lifelines() as lines, lifelines() as others:

        def command(lines: Lifelines) -> Command:
            argv = (sys.executable, app, str(lines.port))
            return Command(argv, child_environment(os.environ))

        async with upstream(command(lines)) as legacy, upstream(command(others)) as modern:
            params = {"protocolVersion": LEGACY, "capabilities": {"elicitation": {}}}
            initialized = await legacy.ask(0, "initialize", params | {"clientInfo": CLIENT_INFO})
            assert result_of(initialized)["protocolVersion"] == LEGACY
            await legacy.carrier.notify(notification("notifications/initialized"))
            yield legacy, lines, modern, others


NUMBERS = itertools.count(1)


@pytest.fixture
async def legacy(running: tuple[Upstream, Lifelines, Upstream, Lifelines]) -> Server:
    return Server(running[0], running[1], {}, NUMBERS)


@pytest.fixture
async def modern(running: tuple[Upstream, Lifelines, Upstream, Lifelines]) -> Server:
    return Server(running[2], running[3], META, NUMBERS)


@pytest.fixture(params=["legacy", "modern"])
async def server(request: pytest.FixtureRequest, legacy: Server, modern: Server) -> Server:
    return legacy if request.param == "legacy" else modern


async def test_a_tool_is_called(server: Server) -> None:
    result = await server.call("add", a=2**53 + 1, b=1)
    assert result["structuredContent"] == {"result": 2**53 + 2}


async def test_many_calls_at_once_get_their_own_answers(server: Server) -> None:
    results = await asyncio.gather(*(server.call("add", a=n, b=n) for n in range(100)))
    assert [each["structuredContent"]["result"] for each in results] == [2 * n for n in range(100)]


async def test_progress_is_told_before_the_result(server: Server) -> None:
    before = next(NUMBERS)
    call = server.start(
        "tools/call", {"name": "count", "arguments": {"to": 3}}, progressToken=f"token {before}"
    )
    told = [await server.up.told() for _ in range(3)]
    assert [related for _, related in told] == [before + 1] * 3
    assert json.loads(told[2][0].params_json)["message"] == "step 3"
    assert result_of(await soon(call))["content"][0]["text"] == "counted"
    assert server.up.inbox.notifications.empty()


async def test_a_cancellation_reaches_the_tool(server: Server) -> None:
    call = server.start("tools/call", {"name": "hold", "arguments": {}})
    assert await server.lines.line() == "holding"
    call.cancel()
    assert await server.lines.line() == "cancelled"
    assert (await server.call("add", a=1, b=1))["structuredContent"] == {"result": 2}


async def test_the_modern_era_is_discovered(modern: Server) -> None:
    discovered = await modern.ask("server/discover")
    assert MODERN in discovered["supportedVersions"]
    assert discovered["resultType"] == "complete"


async def test_a_legacy_tool_asks_and_is_answered(legacy: Server) -> None:
    call = legacy.start("tools/call", {"name": "greet", "arguments": {}})
    envelope, reply = await legacy.up.asked()
    assert envelope.request.method == "elicitation/create"
    content = '{"action":"accept","content":{"name":"Ada"}}'
    reply(envelope_pb2.JsonRpcResponse(result_json=content))
    assert result_of(await soon(call))["content"][0]["text"] == "accept: Ada"


async def test_a_legacy_question_is_taken_back_with_its_request(legacy: Server) -> None:
    call = legacy.start("tools/call", {"name": "greet", "arguments": {}})
    envelope, reply = await legacy.up.asked()
    call.cancel()
    withdrawn = await soon(legacy.up.inbox.withdrawn.get())
    assert withdrawn == (envelope.request.id.text or envelope.request.id.integer)
    reply(None)
    assert (await legacy.call("add", a=1, b=1))["structuredContent"] == {"result": 2}


async def test_a_subscription_hears_what_it_asked_for_until_it_is_cancelled(
    modern: Server,
) -> None:
    listening = modern.start("subscriptions/listen", {"notifications": {"toolsListChanged": True}})
    listen_id = next(NUMBERS) - 1
    acknowledged, related = await modern.up.told()
    assert acknowledged.method == "notifications/subscriptions/acknowledged"
    assert related == listen_id
    assert (await modern.call("change"))["content"][0]["text"] == "changed"
    changed, related = await modern.up.told()
    assert changed.method == "notifications/tools/list_changed"
    assert related == listen_id
    listening.cancel()
    await asyncio.wait({listening})
    await modern.call("change")
    assert modern.up.inbox.notifications.empty()


async def test_a_change_in_a_legacy_session_belongs_to_no_request(legacy: Server) -> None:
    assert (await legacy.call("announce"))["content"][0]["text"] == "announced"
    changed, related = await legacy.up.told()
    assert changed.method == "notifications/tools/list_changed"
    assert related is None
