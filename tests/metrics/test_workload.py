"""A scripted workload through every door and both eras, and every counter compared with it.

What was done is written down beside the doing, and nothing else may have been counted.
"""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Final

import grpc
import pytest
import websockets
from mcp.server import MCPServer
from mcp.shared.exceptions import MCPError

from mcpgrpc.v1 import tools_service_pb2, tools_service_pb2_grpc
from mcpgrpc_server import Server, ServerSettings
from tests.doors.door import open_door, tool_call
from tests.metrics.scraped import Page, scraped
from tests.wire.raw import (
    INITIALIZE,
    LOCAL_CONNECTION,
    MAX_SECONDS,
    RawCalls,
    RawSession,
    cancelled,
    modern,
    notification,
    request,
    tool,
)

WINDOW: Final = 3
REQUESTS: Final = ("rpc", "method", "tool", "era", "outcome")


@dataclass
class Gates:
    """Where tools wait, and who has come there."""

    began: asyncio.Event = field(default_factory=asyncio.Event)
    open: asyncio.Event = field(default_factory=asyncio.Event)


def app_of(gates: Gates) -> MCPServer:
    """Tools that end in each way that a tool can end."""
    app = MCPServer("ends")

    @app.tool()
    async def add(a: int, b: int) -> int:
        return a + b

    @app.tool()
    async def fail() -> str:
        raise ValueError("as it should")

    @app.tool()
    async def refuse() -> str:
        raise MCPError(-32001, "no")

    @app.tool()
    async def wait() -> str:
        gates.began.set()
        await gates.open.wait()
        return "at last"

    return app


class Ledger:
    """What was done, by the labels of the counter that must have counted it."""

    def __init__(self) -> None:
        self.requests: Counter[tuple[str, ...]] = Counter()
        self.refusals: Counter[tuple[str, ...]] = Counter()
        self.streams: Counter[tuple[str, ...]] = Counter()

    def call(self, rpc: str, tool: str, outcome: str = "ok", era: str = "modern") -> None:
        self.requests[rpc, "tools/call", tool, era, outcome] += 1

    def asked(self, rpc: str, method: str, outcome: str = "ok", era: str = "modern") -> None:
        self.requests[rpc, method, "", era, outcome] += 1

    def refused(self, rpc: str, reason: str) -> None:
        self.refusals[rpc, reason] += 1

    def check(self, page: Page) -> None:
        """Compare with what was counted, exactly."""
        assert page.series("mcpgrpc_requests_total", *REQUESTS) == self.requests
        assert page.series("mcpgrpc_refusals_total", "rpc", "reason") == self.refusals
        assert page.series("mcpgrpc_streams_ended_total", "rpc", "outcome") == self.streams
        timed = page.series("mcpgrpc_request_duration_seconds_count", "rpc", "method", "tool")
        by_tool: Counter[tuple[str, ...]] = Counter()
        for labels, count in self.requests.items():
            by_tool[labels[:3]] += count
        assert timed == by_tool
        ended = page.series("mcpgrpc_request_duration_seconds_bucket", "le")
        assert ended[("+Inf",)] == self.requests.total()


@dataclass
class Stage:
    """A server with metrics, what its tools wait for, and what was done."""

    server: Server
    gates: Gates
    ledger: Ledger
    stack: AsyncExitStack

    async def session(self) -> RawSession:
        """A Session on a connection of its own."""
        target = self.server.addresses[0]
        channel = grpc.aio.insecure_channel(target, options=LOCAL_CONNECTION)
        self.stack.push_async_callback(channel.close)
        return RawSession(channel)

    async def page(self) -> Page:
        """A scrape once nothing runs and no stream is open: the last of it may lag the client."""
        async with asyncio.timeout(MAX_SECONDS):
            while True:
                page = await scraped(self.server.metrics_address)
                busy = ("mcpgrpc_requests_in_flight", "mcpgrpc_streams")
                if not any(page.value(name) for name in busy):
                    return page


@asynccontextmanager
async def staged(**settings: Any) -> AsyncIterator[Stage]:
    gates = Gates()
    chosen = {"listen": ["127.0.0.1:0"], "metrics": "127.0.0.1:0"} | settings
    async with AsyncExitStack() as stack:
        server = Server(app_of(gates), settings=ServerSettings(**chosen))
        await stack.enter_async_context(server)
        assert server._metrics is not None
        await server._metrics.ready()
        yield Stage(server, gates, Ledger(), stack)


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    """A server with a small window."""
    async with staged(max_in_flight=WINDOW) as opened:
        yield opened


async def every_ending(stage: Stage, session: RawSession) -> None:
    """Every way in which a modern request on a Session can end."""
    note = stage.ledger
    for number in range(5):
        await session.call(number, "add", {"a": number, "b": 1})
        note.call("Session", "add")
    for number in range(3):
        await session.call(10 + number, "fail")
        note.call("Session", "fail", "tool_error")
    await session.call(20, "refuse")
    note.call("Session", "refuse", "error")
    for number in range(2):
        await session.call(30 + number, f"invented {number}")
        note.call("Session", "other", "tool_error")
    await session.ask(40, "invented/method", modern())
    note.asked("Session", "other", "error")
    await session.ask(41, "tools/list", modern())
    note.asked("Session", "tools/list")
    await cancelled_one(stage, session)
    await timed_out_one(stage, session)
    await beyond_the_window(stage, session)


async def cancelled_one(stage: Stage, session: RawSession) -> None:
    await session.send(tool("given up", "wait"))
    async with asyncio.timeout(MAX_SECONDS):
        await stage.gates.began.wait()
    await session.send(cancelled("given up"))
    await session.next("request_settled")
    stage.ledger.call("Session", "wait", "cancelled")


async def timed_out_one(stage: Stage, session: RawSession) -> None:
    late = tool("late", "wait")
    late.timeout.FromMilliseconds(50)
    await session.send(late)
    await session.response("late")
    stage.ledger.call("Session", "wait", "timeout")
    stage.ledger.refused("Session", "TIMEOUT")


async def beyond_the_window(stage: Stage, session: RawSession) -> None:
    """One frame with two requests more than the window holds."""
    await session.send(*(tool(f"crowd {at}", "wait") for at in range(WINDOW + 2)))
    for at in (WINDOW, WINDOW + 1):
        await session.response(f"crowd {at}")
        stage.ledger.refused("Session", "WINDOW_EXCEEDED")
    stage.gates.open.set()
    for at in range(WINDOW):
        await session.response(f"crowd {at}")
        stage.ledger.call("Session", "wait")


async def half_closed(stage: Stage, session: RawSession) -> None:
    await session.half_close()
    await session.ending()
    stage.ledger.streams["Session", "ok"] += 1


async def test_every_ending_on_a_session_is_counted_once(stage: Stage) -> None:
    session = await stage.session()
    await every_ending(stage, session)
    await half_closed(stage, session)
    stage.ledger.check(await stage.page())


async def test_the_legacy_era_is_counted_as_such(stage: Stage) -> None:
    session = await stage.session()
    await session.ask("init", "initialize", json.dumps(INITIALIZE))
    stage.ledger.asked("Session", "initialize", era="open")
    await session.send(notification("notifications/initialized"))
    for number in range(4):
        params = {"name": "add", "arguments": {"a": number, "b": 2}}
        await session.ask(number, "tools/call", json.dumps(params))
        stage.ledger.call("Session", "add", era="legacy")
    await session.ask("p", "ping")
    stage.ledger.asked("Session", "ping", era="legacy")
    await half_closed(stage, session)
    stage.ledger.check(await stage.page())


async def test_calls_are_counted_and_no_streams(stage: Stage) -> None:
    async with RawCalls() as calls:
        for number in range(3):
            await calls.run(stage.server, tool(number, "add", {"a": 1, "b": 2}))
            stage.ledger.call("Call", "add")
        await calls.run(stage.server, tool(8, "fail"))
        stage.ledger.call("Call", "fail", "tool_error")
        await calls.run(stage.server, tool(9, "wait"), timeout=0.2)
        stage.ledger.call("Call", "wait", "cancelled")
        _, ending = await calls.run(stage.server, request(10, "tools/list", "{}"))
        assert ("mcpgrpc-error-code", "-32602") in ending.trailers
        stage.ledger.asked("Call", "tools/list", "error")
        page = await stage.page()
    stage.ledger.refusals.update(page.series("mcpgrpc_refusals_total", "rpc", "reason"))
    assert set(stage.ledger.refusals) <= {("Call", "TIMEOUT"), ("Call", "INVALID_FRAME")}
    outcome = ("Call", "tools/call", "wait", "modern", "timeout")
    if outcome in page.series("mcpgrpc_requests_total", *REQUESTS):
        # Whose clock was first: the server's own, or the client that hung up.
        del stage.ledger.requests["Call", "tools/call", "wait", "modern", "cancelled"]
        stage.ledger.requests[outcome] += 1
    stage.ledger.check(page)


async def test_typed_rpcs_are_counted_under_their_own_names(stage: Stage) -> None:
    channel = grpc.aio.insecure_channel(stage.server.addresses[0], options=LOCAL_CONNECTION)
    stage.stack.push_async_callback(channel.close)
    stub = tools_service_pb2_grpc.ToolsServiceStub(channel)
    for number in range(2):
        arguments = json.dumps({"a": number, "b": 1})
        message = tools_service_pb2.CallToolRequest(name="add", arguments_json=arguments)
        await stub.CallTool(message, timeout=MAX_SECONDS)
        stage.ledger.call("ToolsService/CallTool", "add")
    await stub.ListTools(tools_service_pb2.ListToolsRequest(), timeout=MAX_SECONDS)
    stage.ledger.asked("ToolsService/ListTools", "tools/list")
    stage.ledger.check(await stage.page())


async def test_what_comes_through_the_http_door_is_counted_at_the_service(stage: Stage) -> None:
    note = stage.ledger
    async with open_door(stage.server.addresses[0]) as door:
        for number in range(3):
            params = {"name": "add", "arguments": {"a": number, "b": 1}}
            assert (await door.modern("tools/call", params)).status_code == 200
            note.call("Call", "add")
        # Which arguments of a tool have headers, the door finds out once.
        note.asked("Call", "tools/list")
        session = await door.initialize()
        note.asked("Session", "initialize", era="legacy")
        for number in range(2):
            await door.legacy(tool_call(number, "fail"), session)
            note.call("Session", "fail", "tool_error", era="legacy")
        async with websockets.connect(door.ws, subprotocols=["mcp"]) as socket:  # type: ignore[list-item]
            await socket.send(json.dumps({"jsonrpc": "2.0", "id": 1, "method": "ping"}))
            await socket.recv()
    page = await stage.page()
    # A WebSocket is a Session that has not said yet of which era it is.
    note.asked("Session", "ping", era="open")
    # Of an idle stream that is cancelled gRPC tells first that no more requests come.
    half_closed = page.value("mcpgrpc_streams_ended_total", rpc="Session", outcome="ok")
    for outcome, many in (("ok", half_closed), ("cancelled", 2 - half_closed)):
        if many:
            note.streams["Session", outcome] += int(many)
    note.check(page)


async def test_a_drain_is_counted_with_what_outlived_it() -> None:
    async with staged() as stage:
        session = await stage.session()
        await session.send(tool(1, "wait"))
        async with asyncio.timeout(MAX_SECONDS):
            await stage.gates.began.wait()
        metrics = stage.server._metrics
        assert metrics is not None
        draining = asyncio.create_task(stage.server.drain(grace_seconds=0.3))
        await session.next("go_away")
        page = await scraped(stage.server.metrics_address)
        assert page.value("mcpgrpc_draining") == 1
        assert page.series("mcpgrpc_streams", "state") == {("open",): 0, ("draining",): 1}
        await draining
        counted = {each.name: each for each in metrics.families()}
    values = {
        sample.name: sample.value
        for name in ("mcpgrpc_drains", "mcpgrpc_drain_ended_requests")
        for sample in counted[name].samples
    }
    assert values == {"mcpgrpc_drains_total": 1, "mcpgrpc_drain_ended_requests_total": 1}


async def test_frames_and_their_bytes_are_counted_as_they_went(stage: Stage) -> None:
    session = await stage.session()
    sent = [tool(number, "add", {"a": number, "b": 1}) for number in range(WINDOW)]
    await session.send(*sent)
    for number in range(WINDOW):
        await session.response(number)
    await half_closed(stage, session)
    page = await stage.page()
    received = page.value("mcpgrpc_frame_items_sum", direction="received")
    assert received == WINDOW
    assert page.value("mcpgrpc_frame_items_count", direction="received") == 1
    assert page.value("mcpgrpc_frame_items_count", direction="sent") == len(session.frames)
    assert page.value("mcpgrpc_frame_items_sum", direction="sent") == sum(session.frames)
    wrote = sum(each.ByteSize() for each in session.seen)
    assert page.value("mcpgrpc_frame_bytes_total", direction="sent") >= wrote


async def test_bytes_that_nobody_reads_are_told(stage: Stage) -> None:
    """The client reads nothing; answers wait in the server."""
    page = await scraped(stage.server.metrics_address)
    assert page.value("mcpgrpc_queued_bytes") == 0
    assert page.value("mcpgrpc_queued_bytes_max") == 0
