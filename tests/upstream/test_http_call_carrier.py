"""The modern era over HTTP, against the SDK's own server."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from mcpgrpc.errors import ConnectError, ConnectionLost
from tests.upstream.http_app import NOTES, Told
from tests.upstream.http_carriers import (
    META,
    Heard,
    call_modern,
    calling,
    modern,
    text_of,
)
from tests.upstream.http_servers import free_port, served

TOOLS_CHANGED = "notifications/tools/list_changed"


@pytest.fixture
async def told() -> Told:
    return Told()


@pytest.fixture
async def url(told: Told) -> AsyncIterator[str]:
    async with served(told.app.streamable_http_app()) as url:
        yield url


async def test_a_request_is_answered_under_its_own_id(url: str) -> None:
    async with calling(url, Heard()) as carrier:
        answer = await carrier.exchange(modern(41, "server/discover"))
    assert answer.response.id.integer == 41
    assert "2026-07-28" in json.loads(answer.response.result_json)["supportedVersions"]


async def test_progress_comes_in_order_and_before_the_answer(url: str) -> None:
    heard = Heard()
    async with calling(url, heard) as carrier:
        exchange = call_modern(7, "steps", {"progressToken": 70}, total=3)
        answer = await carrier.exchange(exchange)
    assert text_of(answer) == "3 steps"
    reports = [heard.notifications.get_nowait() for _ in range(3)]
    assert [params["progress"] for _, params, _ in reports] == [1, 2, 3]
    assert {related for _, _, related in reports} == {7}


@pytest.mark.parametrize("options", [{"json_response": True}, {"stateless_http": True}])
async def test_every_kind_of_server_answers(told: Told, options: dict[str, Any]) -> None:
    app = told.app.streamable_http_app(**options)
    async with served(app) as url, calling(url, Heard()) as carrier:
        answer = await carrier.exchange(call_modern(1, "steps", {"progressToken": 1}, total=2))
    assert text_of(answer) == "2 steps"


async def test_requests_run_beside_each_other(url: str, told: Told) -> None:
    async with calling(url, Heard()) as carrier:
        held = asyncio.create_task(carrier.exchange(call_modern(1, "hold")))
        await told.started.wait()
        assert text_of(await carrier.exchange(call_modern(2, "steps", total=1))) == "1 steps"
        told.go_on.set()
        assert text_of(await held) == "held"


async def test_cancelling_an_exchange_cancels_the_tool(url: str, told: Told) -> None:
    async with calling(url, heard := Heard()) as carrier:
        exchange = call_modern(1, "hold", {"progressToken": 1})
        held = asyncio.create_task(carrier.exchange(exchange))
        await heard.next("notifications/progress")
        held.cancel()
        await told.cancelled.wait()
        with pytest.raises(asyncio.CancelledError):
            await held


async def test_closing_the_carrier_ends_what_is_under_way(url: str, told: Told) -> None:
    async with calling(url, Heard()) as carrier:
        held = asyncio.create_task(carrier.exchange(call_modern(1, "hold")))
        await told.started.wait()
        await carrier.close()
        with pytest.raises(ConnectionLost) as lost:
            await held
        assert lost.value.execution == "MAYBE"
        await told.cancelled.wait()
        with pytest.raises(ConnectionLost) as late:
            await carrier.exchange(call_modern(2, "steps", total=1))
        assert late.value.execution == "NOT_STARTED"


async def test_an_upstream_that_dies_under_many_calls_leaves_none_hanging() -> None:
    port = free_port()
    dying, reborn = Told(), Told()
    async with contextlib.AsyncExitStack() as stack:
        async with served(dying.app.streamable_http_app(), port, grace_seconds=0) as url:
            carrier = await stack.enter_async_context(calling(url, heard := Heard()))
            calls = [
                call_modern(number, "hold", {"progressToken": number}) for number in range(100)
            ]
            held = [asyncio.create_task(carrier.exchange(each)) for each in calls]
            for _ in calls:
                await heard.next("notifications/progress")
        for lost in await asyncio.gather(*held, return_exceptions=True):
            assert isinstance(lost, ConnectionLost)
            assert lost.execution == "MAYBE"
        with pytest.raises(ConnectError):
            await carrier.exchange(call_modern(200, "steps", total=1))
        async with served(reborn.app.streamable_http_app(), port):
            answer = await carrier.exchange(call_modern(201, "steps", total=1))
            assert text_of(answer) == "1 steps"


async def test_a_subscription_stays_open_and_brings_what_it_asked_for(url: str) -> None:
    async with calling(url, heard := Heard()) as carrier:
        wanted = {"resourceSubscriptions": [NOTES], "toolsListChanged": False}
        exchange = modern(5, "subscriptions/listen", notifications=wanted)
        listening = asyncio.create_task(carrier.exchange(exchange))
        _, related = await heard.next("notifications/subscriptions/acknowledged")
        assert related == 5
        await carrier.exchange(call_modern(6, "touch"))
        updated, related = await heard.next("notifications/resources/updated")
        assert (updated["uri"], related) == (NOTES, 5)
        assert not listening.done()
        listening.cancel()
        with pytest.raises(asyncio.CancelledError):
            await listening


async def test_an_argument_is_mirrored_once_the_upstream_has_missed_it(
    url: str, told: Told
) -> None:
    heard = Heard()
    async with calling(url, heard) as carrier:
        for request_id, region in ((1, "Zürich"), (2, "eu-west")):
            answer = await carrier.exchange(call_modern(request_id, "routed", region=region))
            assert text_of(answer) == f"served from {region}"
    assert heard.notifications.empty()


@pytest.mark.parametrize(
    ("method", "params", "code"),
    [
        ("tools/call", {"name": "steps", "arguments": {}}, None),
        ("no/such", {}, -32601),
        ("resources/read", {"uri": "notes://Zürich \n"}, -32602),
    ],
)
async def test_an_error_of_the_upstream_is_the_answer_as_it_stands(
    url: str, method: str, params: dict[str, Any], code: int | None
) -> None:
    async with calling(url, Heard()) as carrier:
        answer = await carrier.exchange(modern(1, method, **params))
    if code is None:
        assert json.loads(answer.response.result_json)["isError"] is True
    else:
        assert answer.response.error.code == code


async def test_the_upstream_gets_its_own_headers_and_none_of_a_door(url: str) -> None:
    async with calling(url, Heard(), {"Authorization": "Bearer own"}) as carrier:
        exchange = call_modern(1, "headers")
        exchange.envelope.door.headers.add(name="authorization", value="Bearer caller")
        exchange.envelope.door.headers.add(name="x-caller", value="1")
        answer = await carrier.exchange(exchange)
    seen = json.loads(text_of(answer))
    assert seen["authorization"] == "Bearer own"
    assert seen["mcp-method"] == "tools/call"
    assert seen["mcp-name"] == "headers"
    assert seen["mcp-protocol-version"] == META["io.modelcontextprotocol/protocolVersion"]
    assert "x-caller" not in seen
