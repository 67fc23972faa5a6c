"""What goes over the wire of a session, and what its end means; a server that the test writes."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx2
import pytest
from starlette.requests import Request
from starlette.responses import Response

from mcpgrpc.errors import ConnectionLost
from mcpgrpc.v1 import envelope_pb2
from mcpgrpc_server.upstream.http import posts as http_posts
from mcpgrpc_server.upstream.http import server_requests as http_server_requests
from mcpgrpc_server.upstream.http import session as http_session
from mcpgrpc_server.upstream.http.client import open_http_client
from tests.upstream.http_carriers import Heard, call, initialize, request, said, session, unbegun
from tests.upstream.http_servers import (
    SESSION,
    Scripted,
    event,
    events_response,
    json_response,
    notification,
    result,
    scripted,
    session_answers,
)


@pytest.fixture(scope="module")
async def client() -> AsyncIterator[httpx2.AsyncClient]:
    async with open_http_client() as client:
        yield client


@pytest.fixture(scope="module")
async def served_script() -> AsyncIterator[Scripted]:
    async with scripted() as script:
        yield script


@pytest.fixture
def upstream(served_script: Scripted) -> Scripted:
    served_script.requests.clear()
    return served_script


async def done(request: Request, message: dict[str, Any] | None) -> Response:
    assert message is not None
    return json_response(result(message["id"]))


def asking(request_id: str, method: str = "elicitation/create") -> str:
    """A request of the server."""
    return f'{{"jsonrpc":"2.0","id":{request_id},"method":"{method}","params":{{}}}}'


async def test_the_session_and_its_version_stand_on_everything_after_the_handshake(
    upstream: Scripted, client: httpx2.AsyncClient
) -> None:
    listened = asyncio.Event()

    async def listen(request: Request, message: dict[str, Any] | None) -> Response:
        listened.set()
        return Response(status_code=405)

    upstream.answer = session_answers(done, listen)
    async with session(upstream.url, Heard(), client=client) as carrier:
        await listened.wait()
        await carrier.exchange(call(2, "steps"))
        await carrier.notify(said("notifications/roots/list_changed"))
    assert upstream.methods() == [
        "POST initialize",
        "POST notifications/initialized",
        "GET",
        "POST tools/call",
        "POST notifications/roots/list_changed",
        "DELETE",
    ]
    opening, *others = upstream.headers
    assert "mcp-session-id" not in opening
    assert "mcp-protocol-version" not in opening
    assert {fields["mcp-session-id"] for fields in others} == {SESSION}
    assert {fields["mcp-protocol-version"] for fields in others} == {"2025-06-18"}
    accepted = "application/json, text/event-stream"
    assert opening["accept"] == others[2]["accept"] == accepted


async def test_a_server_without_session_ids_is_not_told_of_an_end(
    upstream: Scripted, client: httpx2.AsyncClient
) -> None:
    upstream.answer = session_answers(done, session_id=None)
    async with session(upstream.url, Heard(), client=client) as carrier:
        await carrier.exchange(call(2, "steps"))
    assert "DELETE" not in upstream.methods()
    assert not any("mcp-session-id" in fields for fields in upstream.headers)


async def test_a_refused_second_handshake_leaves_the_session_as_it_is(
    upstream: Scripted, client: httpx2.AsyncClient
) -> None:
    handshakes = 0

    async def answer(request: Request, message: dict[str, Any] | None) -> Response:
        nonlocal handshakes
        if message is None or message.get("method") != "initialize":
            return await session_answers(done)(request, message)
        handshakes += 1
        if handshakes == 1:
            return await session_answers(done)(request, message)
        refusal = '{"jsonrpc":"2.0","id":9,"error":{"code":-32600,"message":"again?"}}'
        return json_response(refusal, mcp_session_id="session-2")

    upstream.answer = answer
    async with session(upstream.url, Heard(), client=client) as carrier:
        again = await carrier.exchange(initialize(9))
        assert again.response.error.message == "again?"
        await carrier.exchange(call(2, "steps"))
    assert upstream.headers[-2]["mcp-session-id"] == SESSION
    repeated = upstream.headers[upstream.methods().index("POST initialize", 1)]
    assert repeated["mcp-session-id"] == SESSION
    assert "mcp-protocol-version" not in repeated


async def test_a_forgotten_session_is_over_once_and_with_all_that_was_under_way(
    upstream: Scripted, client: httpx2.AsyncClient
) -> None:
    arrived = asyncio.Event()

    async def answer(request: Request, message: dict[str, Any] | None) -> Response:
        assert message is not None
        if message["id"] == 2:
            arrived.set()
            await asyncio.Event().wait()
        body = '{"jsonrpc":"2.0","id":null,"error":{"code":-32600,"message":"Session not found"}}'
        return json_response(body, 404)

    upstream.answer = session_answers(answer)
    async with session(upstream.url, heard := Heard(), client=client) as carrier:
        held = asyncio.create_task(carrier.exchange(call(2, "hold")))
        await arrived.wait()
        with pytest.raises(ConnectionLost) as told:
            await carrier.exchange(call(3, "steps"))
        assert told.value.execution == "NOT_STARTED"
        with pytest.raises(ConnectionLost) as lost:
            await held
        assert lost.value.execution == "MAYBE"
        with pytest.raises(ConnectionLost) as late:
            await carrier.exchange(call(4, "steps"))
        assert late.value.execution == "NOT_STARTED"
        await carrier.notify(said("notifications/roots/list_changed"))
    assert len(heard.over) == 1
    assert isinstance(heard.over[0], ConnectionLost)
    assert upstream.methods()[-1] == "POST tools/call"


async def test_a_notification_can_be_what_learns_of_the_end(
    upstream: Scripted, client: httpx2.AsyncClient
) -> None:
    async def answer(request: Request, message: dict[str, Any] | None) -> Response:
        if message is not None and "roots" in message.get("method", ""):
            return Response(status_code=404)
        return await session_answers(done)(request, message)

    upstream.answer = answer
    async with session(upstream.url, heard := Heard(), client=client) as carrier:
        await carrier.notify(said("notifications/roots/list_changed"))
        assert len(heard.over) == 1


@pytest.mark.parametrize(
    ("cancellation", "reason"),
    [
        (None, "the client stopped waiting"),
        ('{"requestId":"x","reason":"no more"}', "no more"),
        ("no JSON", "the client stopped waiting"),
    ],
)
async def test_a_cancelled_request_is_cancelled_by_its_own_id(
    upstream: Scripted, client: httpx2.AsyncClient, cancellation: str | None, reason: str
) -> None:
    arrived, cancelled = asyncio.Event(), asyncio.Event()

    async def answer(request: Request, message: dict[str, Any] | None) -> Response:
        if message is not None and message.get("method") == "notifications/cancelled":
            cancelled.set()
            return Response(status_code=202)
        return await plain(request, message)

    async def hold(request: Request, message: dict[str, Any] | None) -> Response:
        arrived.set()
        await cancelled.wait()
        return Response(status_code=202)

    plain = session_answers(hold)
    upstream.answer = answer
    async with session(upstream.url, Heard(), client=client) as carrier:
        exchange = call(2, "hold")
        held = asyncio.create_task(carrier.exchange(exchange))
        await arrived.wait()
        exchange.cancellation_json = cancellation
        held.cancel()
        await cancelled.wait()
        with pytest.raises(asyncio.CancelledError):
            await held
    said_params = [
        json.loads(body)["params"] for _, body in upstream.requests if "cancelled" in body
    ]
    assert said_params == [{"reason": reason, "requestId": 2}]


async def test_a_handshake_that_is_given_up_is_not_cancelled(
    upstream: Scripted, client: httpx2.AsyncClient
) -> None:
    arrived = asyncio.Event()

    async def answer(request: Request, message: dict[str, Any] | None) -> Response:
        if message is not None and message.get("method") == "initialize":
            arrived.set()
            await asyncio.Event().wait()
        return await session_answers(done)(request, message)

    upstream.answer = answer
    async with unbegun(upstream.url, Heard(), client=client) as carrier:
        opening = asyncio.create_task(carrier.exchange(initialize()))
        await arrived.wait()
        opening.cancel()
        with pytest.raises(asyncio.CancelledError):
            await opening
        # A cancellation would arrive before these.
        for request_id in (2, 3):
            await carrier.exchange(request(request_id, "ping"))
    assert upstream.methods() == ["POST initialize", "POST ping", "POST ping"]


@pytest.mark.parametrize("request_id", ["7", '"7"', '"\\ud83d\\ude00"', "-9223372036854775808"])
async def test_the_servers_ids_go_back_as_they_came(
    upstream: Scripted, client: httpx2.AsyncClient, request_id: str
) -> None:
    replied = asyncio.Event()

    async def listen(request: Request, message: dict[str, Any] | None) -> Response:
        return events_response(event(asking(request_id)))

    async def answer(request: Request, message: dict[str, Any] | None) -> Response:
        if message is not None and "result" in message:
            replied.set()
        return await session_answers(done, listen)(request, message)

    upstream.answer = answer
    async with session(upstream.url, heard := Heard(), client=client) as carrier:
        envelope, reply = await heard.asked.get()
        assert not envelope.HasField("related_request_id")
        reply(envelope_pb2.JsonRpcResponse(result_json='{"n":9007199254740993}'))
        await replied.wait()
        reply(envelope_pb2.JsonRpcResponse(result_json="{}"))
        # A second answer would arrive before these.
        await carrier.exchange(call(2, "steps"))
        await carrier.exchange(call(3, "steps"))
    replies = [json.loads(body) for _, body in upstream.requests if '"result"' in body]
    expected = {"jsonrpc": "2.0", "id": json.loads(request_id), "result": {"n": 9007199254740993}}
    assert replies == [expected]
    assert type(replies[0]["id"]) is type(expected["id"])


async def test_what_the_server_withdraws_needs_no_answer(
    upstream: Scripted, client: httpx2.AsyncClient
) -> None:
    def withdrawing(request_id: str) -> str:
        return notification("notifications/cancelled", f'{{"requestId":{request_id}}}')

    async def answer(request: Request, message: dict[str, Any] | None) -> Response:
        assert message is not None
        return events_response(
            event(asking('"7"')),
            event(withdrawing("7")),
            event(withdrawing('"7"')),
            event(withdrawing("null")),
            event(result(message["id"])),
        )

    upstream.answer = session_answers(answer)
    async with session(upstream.url, heard := Heard(), client=client) as carrier:
        await carrier.exchange(call(2, "greet"))
        _, reply = heard.asked.get_nowait()
        assert heard.withdrawn.get_nowait() == "7"
        assert heard.withdrawn.empty()
        reply(None)
    assert heard.notifications.empty()
    assert "POST answer" not in upstream.methods()


async def test_a_request_under_an_id_that_waits_already_is_not_asked(
    upstream: Scripted, client: httpx2.AsyncClient
) -> None:
    async def answer(request: Request, message: dict[str, Any] | None) -> Response:
        assert message is not None
        again = [event(asking("1")), event(asking("1", "roots/list"))]
        return events_response(*again, event(result(message["id"])))

    upstream.answer = session_answers(answer)
    async with session(upstream.url, heard := Heard(), client=client) as carrier:
        await carrier.exchange(call(2, "greet"))
    assert heard.asked.get_nowait()[0].request.method == "elicitation/create"
    assert heard.asked.empty()


async def test_a_server_that_asks_too_much_is_refused(
    upstream: Scripted, client: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http_server_requests, "MAX_OPEN", 2)
    monkeypatch.setattr(http_posts, "MAX_AT_ONCE", 1)

    async def answer(request: Request, message: dict[str, Any] | None) -> Response:
        assert message is not None
        flood = [event(asking(str(number))) for number in range(10)]
        return events_response(*flood, event(result(message["id"])))

    upstream.answer = session_answers(answer)
    async with session(upstream.url, heard := Heard(), client=client) as carrier:
        await carrier.exchange(call(2, "greet"))
    assert heard.asked.qsize() == 2
    refused = [json.loads(body)["id"] for _, body in upstream.requests if '"error"' in body]
    assert refused == [2, 3, 4, 5, 6, 7, 8, 9]


async def test_a_server_that_does_not_let_go_is_left(
    upstream: Scripted, client: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http_session, "DELETE_SECONDS", 0.05)
    monkeypatch.setattr(http_session, "POST_SECONDS", 0.05)

    async def answer(request: Request, message: dict[str, Any] | None) -> Response:
        if request.method == "DELETE" or (message is not None and "id" not in message):
            await asyncio.Event().wait()
        return await session_answers(done)(request, message)

    upstream.answer = answer
    async with asyncio.timeout(10), session(upstream.url, Heard(), client=client) as carrier:
        await carrier.notify(said("notifications/roots/list_changed"))
    assert upstream.methods()[-1] == "DELETE"


NUMBERS = '{"a":9007199254740993,"b":1e400,"c":"\\ud800","d":1.0,\n "e" : [ ]}'


@pytest.mark.parametrize("streamed", [True, False])
async def test_text_passes_as_it_is_both_ways(
    upstream: Scripted, client: httpx2.AsyncClient, streamed: bool
) -> None:
    async def answer(request: Request, message: dict[str, Any] | None) -> Response:
        if not streamed:
            return json_response(result(2, NUMBERS))
        lines = result(2, NUMBERS).split("\n")
        return events_response(event("\ndata: ".join(lines)))

    upstream.answer = session_answers(answer)
    async with session(upstream.url, Heard(), client=client) as carrier:
        answered = await carrier.exchange(request(2, "tools/call", NUMBERS))
    assert answered.response.result_json == NUMBERS
    assert any(f'"params":{NUMBERS}' in body for _, body in upstream.requests)
