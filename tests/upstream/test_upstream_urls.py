"""Upstreams that are URLs: both eras through the real wire; one that is killed and comes back."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import mcp
import pytest
from mcp import types
from starlette.requests import Request
from starlette.responses import Response

import mcpgrpc
from mcpgrpc.errors import ServiceError
from mcpgrpc_server import Server
from tests.upstream.http_app import NOTES, Told
from tests.upstream.http_servers import (
    KeptEvents,
    Scripted,
    free_port,
    json_response,
    result,
    scripted,
    served,
    session_answers,
)
from tests.upstream.offered import Offer, called, health_of, legacy, params_of
from tests.wire.raw import OpenSession, RawCalls, cancelled, modern, request, text_of, tool

PLAIN_HTTP = Path(__file__).with_name("plain_http_upstream.py")


@pytest.fixture
async def told() -> Told:
    """An app whose handlers tell the test what happens to them."""
    return Told()


@pytest.fixture
async def server(offer: Offer, told: Told) -> AsyncIterator[Server]:
    """It, over Streamable HTTP, offered."""
    async with served(told.app.streamable_http_app()) as url:
        yield await offer({"told": {"url": url}})


@pytest.mark.parametrize("mode", ["auto", "legacy"])
async def test_the_official_client_calls_and_hears_progress(server: Server, mode: str) -> None:
    reports: list[float] = []

    async def note(progress: float, total: float | None, message: str | None) -> None:
        reports.append(progress)

    async with mcp.Client(mcpgrpc.transport(server.addresses[0]), mode=mode) as client:
        done = await client.call_tool("steps", {"total": 3}, progress_callback=note)
        names = {each.name for each in (await client.list_tools()).tools}
    assert done.structured_content == {"result": "3 steps"}
    assert reports == [1, 2, 3]
    assert "greet" in names


async def test_each_legacy_client_is_asked_by_its_own_session(server: Server) -> None:
    async def greeted(name: str) -> str:
        async def answer(context: Any, params: types.ElicitRequestParams) -> types.ElicitResult:
            return types.ElicitResult(action="accept", content={"name": name})

        transport = mcpgrpc.transport(server.addresses[0])
        async with mcp.Client(transport, mode="legacy", elicitation_callback=answer) as client:
            done = await client.call_tool("greet", {})
            assert done.structured_content is not None
            return str(done.structured_content["result"])

    names = ["Ada", "Bob", "Cora"]
    assert await asyncio.gather(*map(greeted, names)) == [f"accept: {name}" for name in names]


async def test_a_cancellation_reaches_the_handler(
    server: Server, told: Told, opened: OpenSession
) -> None:
    client = await opened(server)
    await client.send(tool(1, "hold"))
    await asyncio.wait_for(told.started.wait(), 10)
    await client.send(cancelled(1))
    await asyncio.wait_for(told.cancelled.wait(), 10)


async def test_a_subscription_hears_of_changes_under_the_clients_own_id(
    server: Server, opened: OpenSession, calls: RawCalls
) -> None:
    client = await opened(server)
    wanted = modern({"notifications": {"resourceSubscriptions": [NOTES]}})
    await client.send(request("mine", "subscriptions/listen", wanted))
    await client.envelope()
    await called(calls, server, "touch")
    heard = (await client.envelope()).notification
    assert heard.method == "notifications/resources/updated"
    assert params_of(heard)["_meta"]["io.modelcontextprotocol/subscriptionId"] == "mine"


async def test_arguments_that_are_headers_for_proxies_reach_the_tool(
    server: Server, calls: RawCalls
) -> None:
    assert text_of(await called(calls, server, "routed", region="Nord")) == "served from Nord"


def legacy_answers(call: Any) -> Any:
    """A legacy server that refuses what it does not know by an HTTP status."""
    known = session_answers(call)

    async def answer(request: Request, message: dict[str, Any] | None) -> Response:
        if message is not None and message.get("method") == "server/discover":
            return Response("Bad Request: Missing session ID", 400)
        answered: Response = await known(request, message)
        return answered

    return answer


async def nothing(request: Request, message: dict[str, Any] | None) -> Response:
    assert message is not None
    return json_response(result(message["id"]))


@pytest.fixture
async def script() -> AsyncIterator[Scripted]:
    """A legacy server whose answers the test decides."""
    async with scripted() as made:
        made.answer = legacy_answers(nothing)
        yield made


async def test_modern_requests_to_a_legacy_url_are_translated(
    offer: Offer, script: Scripted, calls: RawCalls
) -> None:
    server = await offer({"old": {"url": script.url}})
    messages, _ = await calls.run(server, request(1, "tools/list", modern()))
    answered = json.loads(messages[-1].response.result_json)
    assert (answered["resultType"], answered["ttlMs"]) == ("complete", 0)
    body = next(json.loads(body) for _, body in script.requests if "tools/list" in body)
    assert body["params"] == {}


async def test_a_legacy_session_that_the_upstream_has_forgotten_is_told_to_it_anew(
    offer: Offer, script: Scripted, opened: OpenSession
) -> None:
    async def forget(request: Request, message: dict[str, Any] | None) -> Response:
        if message is not None and message["method"] == "tools/call":
            script.answer = legacy_answers(nothing)
            return Response(status_code=404)
        return await nothing(request, message)

    script.answer = legacy_answers(forget)
    server = await offer({"old": {"url": script.url, "probe_interval_seconds": 60}})
    client = await opened(server)
    await client.initialize()
    # The upstream said 404: it has not looked at the request, which can go again.
    assert (await client.ask(1, "tools/call", '{"name":"x"}')).HasField("result_json")
    began = [json.loads(body) for _, body in script.requests if "initialize" in body]
    of_client = [m for m in began if m.get("params", {}).get("clientInfo", {}).get("name") == "raw"]
    assert len(of_client) == 2


async def test_an_upstream_that_refuses_the_credential_is_down_and_says_why(
    offer: Offer, script: Scripted, calls: RawCalls
) -> None:
    script.always(lambda: Response(status_code=401))
    server = await offer({"locked": {"url": script.url, "headers": {"authorization": "Bearer x"}}})
    messages, ending = await calls.run(server, tool(1, "echo"))
    assert not messages
    assert ending.reason == "UPSTREAM_UNAVAILABLE"
    assert "'locked' refuses this server's credential (HTTP 401)" in ending.details
    assert "Bearer" not in ending.details


async def test_a_url_that_stops_answering_is_found_by_its_probes(
    offer: Offer, script: Scripted
) -> None:
    server = await offer({"old": {"url": script.url, "probe_interval_seconds": 0.1}})
    async with health_of(server) as until:
        await until(True)
        script.always(lambda: Response(status_code=503))
        await until(False)
        script.answer = legacy_answers(nothing)
        await until(True)


async def test_a_subscription_to_a_legacy_url_ends_when_that_stops_answering(
    offer: Offer, script: Scripted, opened: OpenSession
) -> None:
    server = await offer({"old": {"url": script.url, "probe_interval_seconds": 0.1}})
    client = await opened(server)
    wanted = modern({"notifications": {"toolsListChanged": True}})
    await client.send(request("l", "subscriptions/listen", wanted))
    await client.envelope()
    script.always(lambda: Response(status_code=503))
    response = await client.response("l")
    assert (response.error.code, response.execution) == (10, 2)


@pytest.mark.parametrize("can_close", [True, False])
async def test_the_stream_of_a_request_is_closed_at_a_door_that_can(
    offer: Offer, told: Told, opened: OpenSession, can_close: bool
) -> None:
    app = told.app.streamable_http_app(event_store=KeptEvents(), retry_interval=10)
    async with served(app) as url:
        client = await opened(await offer({"told": {"url": url}}))
        await client.initialize()
        asked = request("r", "tools/call", legacy("polled", token="t"))
        asked.door.can_close_request_stream = can_close
        await client.send(asked)
        # The SDK may end the stream before it sends what the tool reported, which then comes with
        # the next one: either order of the two is right.
        if can_close:
            closed = await client.next("request_stream_close")
            assert closed.request_id.text == "r"
        else:
            await client.envelope()
        told.go_on.set()
        assert text_of(await client.response("r")) == "polled"
        closings = [item.HasField("request_stream_close") for item in client.seen]
        assert any(closings) == can_close


@asynccontextmanager
async def running_at(port: int) -> AsyncIterator[asyncio.subprocess.Process]:
    """The hand-written upstream in a process of its own."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-S", "-E", str(PLAIN_HTTP), str(port))
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGKILL)
        await process.wait()


async def test_of_a_hundred_calls_under_a_kill_each_has_its_own_result_or_a_clear_error(
    offer: Offer,
) -> None:
    port = free_port()
    all_hold = asyncio.Event()
    reports: set[int] = set()

    async def call(client: mcpgrpc.Client, number: int) -> str:
        def report(*_: object) -> None:
            reports.add(number)
            if len(reports) == 50:
                all_hold.set()

        try:
            if number % 2:
                await client.call_tool("hold", {}, on_progress=report)
                return "an answer that nobody gave"
            done = await client.call_tool("echo", {"text": f"my {number}"})
        except ServiceError as error:
            return f"{error.reason} {error.execution}"
        return "own" if done.content[0].text == f"my {number}" else "another's"

    table = {"url": f"http://127.0.0.1:{port}/mcp", "probe_interval_seconds": 0.5}
    async with asyncio.timeout(50), running_at(port) as upstream:
        server = await offer({"plain": table})
        address = server.addresses[0]
        async with health_of(server) as until:
            await until(True)
            async with (
                mcpgrpc.Client(address) as one,
                mcpgrpc.Client(address, rpc="call") as two,
                mcpgrpc.Client(address, mode="legacy") as three,
            ):
                clients = (one, two, three)
                tasks = [asyncio.create_task(call(clients[n % 3], n)) for n in range(100)]
                await all_hold.wait()
                upstream.send_signal(signal.SIGKILL)
                outcomes = Counter(await asyncio.gather(*tasks))
                await until(False)
                async with running_at(port):
                    await until(True)
                    for client in clients:
                        done = await client.call_tool("echo", {"text": "after"})
                        assert done.content[0].text == "after"
    assert set(outcomes) <= {"own", "UPSTREAM_LOST MAYBE", "UPSTREAM_UNAVAILABLE NOT_STARTED"}
    assert outcomes["UPSTREAM_LOST MAYBE"] >= 50
