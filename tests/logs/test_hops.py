"""One id through door, service, application and upstream, in every line of each."""

from __future__ import annotations

import asyncio
import json
import logging
import sys
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import anyio
import grpc
import pytest
import websockets
from mcp.server import MCPServer

import mcpgrpc
from mcpgrpc.errors import McpGrpcError
from mcpgrpc.logs.correlation import sane
from mcpgrpc_server import Server, ServerSettings
from tests.doors.door import Door, open_door, tool_call
from tests.logs.test_ids import TRACE, TRACEPARENT
from tests.logs.written import Written, written
from tests.upstream.http_app import Told
from tests.upstream.http_servers import served
from tests.wire.raw import LOCAL_CONNECTION, RawSession, tool

SECONDS = 20
APP = "an.app"
AUDIT = "mcpgrpc.audit"
REQUESTS = "mcpgrpc.requests"


def app_of() -> MCPServer:
    """An app that writes to a logger of its own, in each way that an app may."""
    app = MCPServer("logs")
    log = logging.getLogger(APP)

    @app.tool()
    async def plain() -> str:
        log.info("in the handler")
        return "done"

    @app.tool()
    def threaded() -> str:
        log.info("in a thread")
        return "done"

    @app.tool()
    async def spread() -> str:
        async def one(number: int) -> None:
            await anyio.lowlevel.checkpoint()
            log.info("in task %d", number)

        async with anyio.create_task_group() as group:
            for number in range(3):
                group.start_soon(one, number)
        return "done"

    @app.tool()
    async def fail() -> str:
        raise RuntimeError("as it should")

    return app


@asynccontextmanager
async def serving(app: object = None, **settings: Any) -> AsyncIterator[tuple[str, Written]]:
    """A server with an audit; gives its address and what is written."""
    chosen = {"listen": ["127.0.0.1:0"], "audit": "calls"} | settings
    server = Server(app, settings=ServerSettings.model_validate(chosen))
    with written() as lines:
        async with asyncio.timeout(SECONDS), server:
            yield server.addresses[0], lines


@asynccontextmanager
async def through_the_door() -> AsyncIterator[tuple[Door, Written]]:
    async with serving(app_of()) as (address, lines), open_door(address) as door:
        yield door, lines


def call(name: str) -> dict[str, Any]:
    return {"name": name, "arguments": {}}


@pytest.mark.parametrize("era", ["modern", "legacy"])
async def test_the_doors_id_is_answered_and_stands_in_every_line_behind_it(era: str) -> None:
    async with through_the_door() as (door, lines):
        given = {"x-request-id": "order-4711"}
        if era == "modern":
            answer = await door.modern("tools/call", call("plain"), **given)
        else:
            session = await door.initialize()
            answer = await door.legacy(tool_call(1, "plain"), session, **given)
        assert answer.headers["x-request-id"] == "order-4711"
    assert lines.ids(APP) == ["order-4711"]
    (audited,) = [each for each in lines.lines(AUDIT) if each.get("target") == "plain"]
    assert audited["correlation_id"] == "order-4711"
    told = [each for each in lines.lines(REQUESTS) if each.get("target") == "plain"]
    assert {each["message"] for each in told} >= {"request finished"}
    finished = [each for each in told if each["message"] == "request finished"]
    assert [each["correlation_id"] for each in finished] == ["order-4711"]
    at_the_door = lines.lines("mcpgrpc.gateway.observing")
    assert at_the_door[-1]["correlation_id"] == "order-4711"


async def test_requests_of_one_legacy_session_each_have_their_own_id() -> None:
    async with through_the_door() as (door, lines):
        session = await door.initialize()
        answers = [await door.legacy(tool_call(at, "plain"), session) for at in range(3)]
    ids = [answer.headers["x-request-id"] for answer in answers]
    assert lines.ids(APP) == ids
    assert len(set(ids)) == 3


async def test_a_trace_is_the_id_where_none_is_given() -> None:
    async with through_the_door() as (door, lines):
        answer = await door.modern("tools/call", call("plain"), traceparent=TRACEPARENT)
    assert answer.headers["x-request-id"] == TRACE
    assert lines.ids(APP) == [TRACE]


HOSTILE = {"too long": "x" * 129, "a blank": "a b", "a token": "eyJhbGciOiJub25lIn0.eyJzdWIi.c2ln"}


@pytest.mark.parametrize("value", HOSTILE.values(), ids=HOSTILE)
async def test_an_id_that_is_not_sane_is_replaced_and_goes_nowhere(value: str) -> None:
    async with through_the_door() as (door, lines):
        answer = await door.modern("tools/call", call("plain"), **{"x-request-id": value})
    made = answer.headers["x-request-id"]
    assert sane(made)
    assert lines.ids(APP) == [made]
    assert value not in lines.text


async def test_of_two_ids_none_is_taken() -> None:
    async with through_the_door() as (door, _):
        headers = [("x-request-id", "a"), ("x-request-id", "b")]
        answer = await door.http.get(f"{door.url}/health", headers=headers)
    assert answer.headers.get_list("x-request-id") not in (["a"], ["b"])
    assert len(answer.headers.get_list("x-request-id")) == 1


async def test_what_the_door_refuses_itself_has_an_id_too() -> None:
    async with through_the_door() as (door, lines):
        refused = await door.modern("tools/list", origin="https://elsewhere.example")
    assert refused.status_code == 403
    assert lines.ids("mcpgrpc.gateway.guard") == [refused.headers["x-request-id"]]


async def test_a_websockets_requests_have_ids_of_their_own_unless_its_client_gives_one() -> None:
    async with through_the_door() as (door, lines):
        for given in ({}, {"x-request-id": "socket-1"}):
            async with websockets.connect(door.ws, additional_headers=given) as socket:
                for at in range(2):
                    message = {"jsonrpc": "2.0", **tool_call(at, "plain")}
                    params = message["params"] | {"_meta": _modern_meta()}
                    await socket.send(json.dumps(message | {"params": params}))
                    await socket.recv()
    first, second, third, fourth = lines.ids(APP)
    assert first != second
    assert (third, fourth) == ("socket-1", "socket-1")


def _modern_meta() -> dict[str, Any]:
    return {
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientInfo": {"name": "t", "version": "1"},
        "io.modelcontextprotocol/clientCapabilities": {},
    }


@pytest.mark.parametrize("rpc", ["session", "call"])
async def test_without_a_door_the_service_is_the_first_hop(rpc: str) -> None:
    async with (
        serving(app_of()) as (address, lines),
        mcpgrpc.Client(address, rpc=rpc, mode="2026-07-28") as client,
    ):
        for name in ("plain", "threaded", "spread"):
            await client.call_tool(name, {})
        await client.request("tools/call", {**call("plain"), "_meta": {"traceparent": TRACEPARENT}})
    audited = {
        each["target"]: each["correlation_id"] for each in lines.lines(AUDIT) if each.get("target")
    }
    plain, threaded, *spread, traced = lines.ids(APP)
    assert threaded == audited["threaded"]
    assert set(spread) == {audited["spread"]}
    assert traced == TRACE
    assert len({plain, threaded, spread[0], TRACE}) == 4


@pytest.mark.parametrize("rpc", ["session", "call"])
async def test_a_caller_gives_its_id_as_metadata(rpc: str) -> None:
    async with (
        serving(app_of()) as (address, lines),
        mcpgrpc.Client(address, rpc=rpc, metadata=(("x-request-id", "job-9"),)) as client,
    ):
        await client.call_tool("plain", {})
    assert lines.ids(APP) == ["job-9"]


@pytest.mark.parametrize("rpc", ["session", "call"])
async def test_what_fails_is_logged_under_the_same_id(rpc: str) -> None:
    async with (
        serving(app_of()) as (address, lines),
        mcpgrpc.Client(address, rpc=rpc, mode="2026-07-28") as client,
    ):
        with pytest.raises(McpGrpcError):
            await client.request("prompts/get", {"name": "none"})
    (audited,) = [each for each in lines.lines(AUDIT) if each.get("method") == "prompts/get"]
    finished = [each for each in lines.lines(REQUESTS) if each.get("method") == "prompts/get"]
    ends = [each for each in finished if each["message"] == "request finished"]
    assert [each["correlation_id"] for each in ends] == [audited["correlation_id"]]


async def test_a_request_whose_time_is_over_is_logged_under_its_own_id() -> None:
    """One timer serves all requests of a stream, and another request may have set it."""
    app = MCPServer("slow")

    @app.tool()
    async def wait(name: str) -> None:
        logging.getLogger(APP).info(name)
        await asyncio.Event().wait()

    async with (
        serving(app) as (address, lines),
        grpc.aio.insecure_channel(address, options=LOCAL_CONNECTION) as channel,
    ):
        session = RawSession(channel)
        for name, milliseconds in (("late", 300), ("early", 100), ("last", 600)):
            asked = tool(name, "wait", {"name": name})
            asked.timeout.FromMilliseconds(milliseconds)
            await session.send(asked)
        await session.response("last")
    began = dict(zip([each["message"] for each in lines.lines(APP)], lines.ids(APP), strict=True))
    ended = [each for each in lines.lines(REQUESTS) if each["message"] == "refused"]
    assert {each["request_id"]: each["correlation_id"] for each in ended} == began
    assert len(set(began.values())) == 3


async def test_threads_that_ask_at_once_get_one_id() -> None:
    together = threading.Barrier(4)
    app = MCPServer("at once")

    @app.tool()
    async def crowd() -> str:
        def ask() -> None:
            together.wait(SECONDS)
            logging.getLogger(APP).info("asked")

        async with anyio.create_task_group() as group:
            for _ in range(4):
                group.start_soon(anyio.to_thread.run_sync, ask)
        return "done"

    async with serving(app) as (address, lines), mcpgrpc.Client(address) as client:
        await client.call_tool("crowd", {})
    assert len(set(lines.ids(APP))) == 1
    assert len(lines.ids(APP)) == 4


@pytest.mark.parametrize("mode", ["2026-07-28", "legacy"])
async def test_an_http_upstream_gets_the_id_and_no_credential(mode: str) -> None:
    async with served(Told().app.streamable_http_app()) as url:
        upstreams = {"told": {"url": url}}
        given = {"x-request-id": "job-9", "authorization": "Bearer s3cret", "x-else": "mine"}
        async with (
            serving(upstreams=upstreams) as (address, _),
            mcpgrpc.Client(address, metadata=tuple(given.items()), mode=mode) as client,
        ):
            done = await client.call_tool("headers", {})
    assert done.structured_content is not None
    seen = done.structured_content
    seen = seen.get("result", seen)
    assert seen["x-request-id"] == "job-9"
    assert "authorization" not in seen
    assert "x-else" not in seen


async def test_the_settings_of_an_upstream_go_before_the_id() -> None:
    async with served(Told().app.streamable_http_app()) as url:
        upstreams = {"told": {"url": url, "headers": {"X-Request-Id": "always"}}}
        async with (
            serving(upstreams=upstreams) as (address, _),
            mcpgrpc.Client(address, mode="2026-07-28") as client,
        ):
            done = await client.call_tool("headers", {})
    assert done.structured_content is not None
    seen = done.structured_content
    assert seen.get("result", seen)["x-request-id"] == "always"


@pytest.mark.parametrize("mode", ["2026-07-28", "legacy"])
async def test_what_a_command_says_stays_the_upstreams_whoever_called_it(mode: str) -> None:
    """A legacy client has a process of its own, which its request has started."""
    command = [sys.executable, str(Path(__file__).with_name("speaking.py"))]
    said = "mcpgrpc.upstream"
    async with (
        serving(upstreams={"far": {"command": command}}) as (address, lines),
        mcpgrpc.Client(address, mode=mode) as client,
    ):
        await client.call_tool("speak", {"text": "words on the way"})
        # They come another way than the answer, and may be later.
        await lines.seen("words on the way")
    (line,) = [each for each in lines.lines(said) if "words on the way" in each["message"]]
    assert (line["upstream"], line["message"]) == ("far", "far: words on the way")
    assert "correlation_id" not in line
