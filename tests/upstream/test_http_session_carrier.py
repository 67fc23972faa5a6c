"""Sessions over HTTP, against the SDK's own server."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator

import pytest

from mcpgrpc.binding import errors
from mcpgrpc.errors import ConnectError, ConnectionLost
from mcpgrpc.v1 import envelope_pb2
from mcpgrpc_server.upstream.http.failures import SessionEnded
from tests.upstream.http_app import Told
from tests.upstream.http_carriers import (
    LEGACY,
    Heard,
    call,
    initialize,
    request,
    session,
    text_of,
    unbegun,
)
from tests.upstream.http_servers import KeptEvents, free_port, served

RETRY_MS = 20
ASKABLE: dict[str, object] = {"elicitation": {}}


@pytest.fixture
async def told() -> Told:
    return Told()


@pytest.fixture
async def url(told: Told) -> AsyncIterator[str]:
    async with served(told.app.streamable_http_app()) as url:
        yield url


@pytest.fixture
async def polled_url(told: Told) -> AsyncIterator[str]:
    """A server that keeps its events, and ends streams before their end."""
    app = told.app.streamable_http_app(event_store=KeptEvents(), retry_interval=RETRY_MS)
    async with served(app) as url:
        yield url


async def test_the_handshake_gives_the_upstreams_own_result(url: str) -> None:
    async with unbegun(url, Heard()) as carrier:
        answer = await carrier.exchange(initialize(9))
    assert answer.response.id.integer == 9
    assert json.loads(answer.response.result_json)["protocolVersion"] == LEGACY


async def test_progress_comes_in_order_and_before_the_answer(url: str) -> None:
    async with session(url, heard := Heard()) as carrier:
        answer = await carrier.exchange(call(7, "steps", {"progressToken": 70}, total=3))
    assert text_of(answer) == "3 steps"
    reports = [heard.notifications.get_nowait() for _ in range(3)]
    assert [params["progress"] for _, params, _ in reports] == [1, 2, 3]
    assert {related for _, _, related in reports} == {7}


@pytest.mark.parametrize("json_response", [True, False])
@pytest.mark.parametrize("stateless_http", [True, False])
async def test_every_kind_of_server_answers(
    told: Told, json_response: bool, stateless_http: bool
) -> None:
    app = told.app.streamable_http_app(json_response=json_response, stateless_http=stateless_http)
    async with served(app) as url, session(url, Heard()) as carrier:
        assert text_of(await carrier.exchange(call(2, "steps", total=2))) == "2 steps"


async def test_the_upstream_asks_its_client_in_the_course_of_a_request(url: str) -> None:
    async with session(url, heard := Heard(), capabilities=ASKABLE) as carrier:
        greeting = asyncio.create_task(carrier.exchange(call(2, "greet")))
        envelope, reply = await heard.asked.get()
        assert envelope.request.method == "elicitation/create"
        assert envelope.related_request_id.integer == 2
        accepted = '{"action":"accept","content":{"name":"Ada"}}'
        reply(envelope_pb2.JsonRpcResponse(result_json=accepted))
        assert text_of(await greeting) == "accept: Ada"


async def test_a_reply_that_is_no_json_fails_whoever_waits_for_it(url: str) -> None:
    async with session(url, heard := Heard(), capabilities=ASKABLE) as carrier:
        greeting = asyncio.create_task(carrier.exchange(call(2, "greet")))
        _, reply = await heard.asked.get()
        reply(envelope_pb2.JsonRpcResponse(result_json="{"))
        answer = await greeting
    assert answer.response.error.code == errors.INTERNAL_ERROR


async def test_what_belongs_to_no_request_comes_on_a_stream_of_its_own(url: str) -> None:
    async with session(url, heard := Heard()) as carrier:
        # The server opens that stream behind the notification that was just accepted.
        for request_id in range(2, 1000):
            await carrier.exchange(call(request_id, "touch"))
            if not heard.notifications.empty():
                break
        assert await heard.next("notifications/tools/list_changed") == (None, None)


async def test_cancelling_an_exchange_cancels_the_tool(url: str, told: Told) -> None:
    async with session(url, heard := Heard()) as carrier:
        held = asyncio.create_task(carrier.exchange(call(2, "hold", {"progressToken": 1})))
        await heard.next("notifications/progress")
        held.cancel()
        await told.cancelled.wait()
        with pytest.raises(asyncio.CancelledError):
            await held
        assert text_of(await carrier.exchange(call(3, "steps", total=1))) == "1 steps"


async def test_closing_ends_the_session_at_the_upstream(url: str, told: Told) -> None:
    async with session(url, heard := Heard()) as carrier:
        held = asyncio.create_task(carrier.exchange(call(2, "hold")))
        await told.started.wait()
        await carrier.close()
        with pytest.raises(ConnectionLost) as lost:
            await held
        assert lost.value.execution == "MAYBE"
        await told.cancelled.wait()
        with pytest.raises(ConnectionLost) as late:
            await carrier.exchange(call(3, "steps", total=1))
        assert late.value.execution == "NOT_STARTED"
    assert heard.over == []


async def test_a_stream_that_the_upstream_ends_is_taken_up_again(
    polled_url: str, told: Told
) -> None:
    async with session(polled_url, heard := Heard()) as carrier:
        polled = asyncio.create_task(carrier.exchange(call(2, "polled", {"progressToken": 1})))
        await heard.next("notifications/progress")
        await heard.stream_closed.wait()
        told.go_on.set()
        assert text_of(await polled) == "polled"
    assert heard.streams_closed == [2]


async def test_a_restarted_upstream_ends_the_session_and_what_was_under_way(told: Told) -> None:
    port = free_port()
    heard = Heard()
    async with contextlib.AsyncExitStack() as stack:
        async with served(told.app.streamable_http_app(), port, grace_seconds=0) as url:
            carrier = await stack.enter_async_context(session(url, heard))
            held = asyncio.create_task(carrier.exchange(call(2, "hold")))
            await told.started.wait()
        with pytest.raises(ConnectionLost) as lost:
            await held
        assert lost.value.execution == "MAYBE"
        with pytest.raises(ConnectError):
            await carrier.exchange(call(3, "steps", total=1))
        async with served(Told().app.streamable_http_app(), port):
            for request_id in (4, 5):
                with pytest.raises(ConnectionLost) as over:
                    await carrier.exchange(call(request_id, "steps", total=1))
                assert over.value.execution == "NOT_STARTED"
    assert [type(error) for error in heard.over] == [SessionEnded]


async def test_an_upstreams_errors_are_answers_as_they_stand(url: str) -> None:
    async with session(url, Heard()) as carrier:
        answer = await carrier.exchange(request(2, "no/such"))
    assert answer.response.error.code == errors.METHOD_NOT_FOUND
    assert answer.response.id.integer == 2
