"""Sessions of the legacy era through the HTTP door: one gRPC Session each."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import mcp
import pytest
from mcp import types

from mcpgrpc.testing import serving
from tests.doors.door import (
    ANSWER_SECONDS,
    LEGACY,
    Door,
    initialize_request,
    legacy_headers,
    messages_of,
    next_message,
    open_door,
    tool_call,
)
from tests.doors.door_app import Watched


def progressing(call: dict[str, Any]) -> dict[str, Any]:
    return call | {"params": call["params"] | {"_meta": {"progressToken": "t"}}}


@pytest.mark.parametrize("version", ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"])
async def test_every_legacy_revision_initializes(door: Door, version: str) -> None:
    answer = await door.legacy(initialize_request(version))
    assert answer.headers["content-type"] == "text/event-stream"
    (response,) = messages_of(answer)
    assert response["result"]["protocolVersion"] == version


async def test_notifications_come_before_the_response_on_the_stream_of_their_request(
    door: Door,
) -> None:
    session = await door.initialize()
    calls = [
        door.legacy(progressing(tool_call(number, "countdown", steps=number)), session)
        for number in (2, 5)
    ]
    for number, answer in zip((2, 5), await asyncio.gather(*calls), strict=True):
        *told, response = messages_of(answer)
        assert [message["params"]["progress"] for message in told] == list(range(1, number + 1))
        assert response["id"] == number


async def test_what_belongs_to_no_request_comes_on_the_standalone_stream(
    watched_door: Door,
) -> None:
    session = await watched_door.initialize()
    headers = legacy_headers(session)
    async with (
        asyncio.timeout(ANSWER_SECONDS),
        watched_door.http.stream("GET", watched_door.mcp, headers=headers) as listening,
    ):
        answer = await watched_door.legacy(tool_call(1, "announce"), session)
        assert [message["id"] for message in messages_of(answer)] == [1]
        told = await next_message(listening.aiter_lines())
        assert told["method"] == "notifications/tools/list_changed"
        second = await watched_door.http.get(watched_door.mcp, headers=headers)
        assert second.status_code == 409


async def test_the_server_asks_the_client_on_the_stream_of_the_request(door: Door) -> None:
    async def on_elicitation(
        context: object, params: types.ElicitRequestParams
    ) -> types.ElicitResult:
        return types.ElicitResult(action="accept", content={"seats": 2, "window": True})

    async with mcp.Client(door.mcp, mode="legacy", elicitation_callback=on_elicitation) as client:
        booked = await client.call_tool("book", {"city": "Oslo"})
    assert booked.structured_content == {"result": "Booked 2 seats to Oslo, by the window."}


async def test_two_clients_with_the_same_ids_never_meet(door: Door) -> None:
    sessions = [await door.initialize() for _ in range(5)]
    calls = [
        door.legacy(tool_call(1, "add", a=number, b=0), session)
        for number, session in enumerate(sessions)
    ]
    answers = [messages_of(answer)[-1] for answer in await asyncio.gather(*calls)]
    assert [answer["result"]["structuredContent"]["result"] for answer in answers] == [*range(5)]


async def test_a_cancelled_request_ends_with_the_error_of_its_era(
    watched_door: Door, watched: Watched
) -> None:
    session = await watched_door.initialize()
    call = asyncio.create_task(watched_door.legacy(tool_call("c", "hold"), session))
    async with asyncio.timeout(ANSWER_SECONDS):
        await watched.started.wait()
        cancellation = {"method": "notifications/cancelled", "params": {"requestId": "c"}}
        assert (await watched_door.legacy(cancellation, session)).status_code == 202
        await watched.cancelled.wait()
        response = messages_of(await call)[-1]
    assert response["id"] == "c"
    assert response["error"]["code"] == -32800


async def test_a_closed_stream_is_taken_up_again_where_it_ended(
    watched_door: Door, watched: Watched
) -> None:
    session = await watched_door.initialize()
    async with asyncio.timeout(ANSWER_SECONDS):
        closed = await watched_door.legacy(tool_call(1, "polled"), session)
        fields = dict(
            line.split(": ", 1)
            for line in closed.text.split("\r\n")
            if not line.startswith(":") and line
        )
        assert int(fields["retry"]) > 0
        assert messages_of(closed) == []
        watched.go_on.set()
        headers = legacy_headers(session) | {"last-event-id": fields["id"]}
        resumed = await watched_door.http.get(watched_door.mcp, headers=headers)
    (response,) = messages_of(resumed)
    assert response["id"] == 1
    assert response["result"]["structuredContent"] == {"result": "polled"}


async def test_a_client_that_leaves_cancels_nothing_and_comes_back_for_the_answer(
    watched_door: Door, watched: Watched
) -> None:
    session = await watched_door.initialize()
    content = json.dumps({"jsonrpc": "2.0", **progressing(tool_call(1, "polled"))})
    async with asyncio.timeout(ANSWER_SECONDS):
        async with watched_door.http.stream(
            "POST", watched_door.mcp, content=content, headers=legacy_headers(session)
        ) as answer:
            line = await anext(line async for line in answer.aiter_lines() if line[:3] == "id:")
        watched.go_on.set()
        headers = legacy_headers(session) | {"last-event-id": line.removeprefix("id: ")}
        resumed = await watched_door.http.get(watched_door.mcp, headers=headers)
    assert messages_of(resumed)[-1]["id"] == 1
    assert not watched.cancelled.is_set()


async def test_deleting_a_session_ends_what_it_runs_and_its_id(
    watched_door: Door, watched: Watched
) -> None:
    session = await watched_door.initialize()
    call = asyncio.create_task(watched_door.legacy(tool_call(1, "hold"), session))
    async with asyncio.timeout(ANSWER_SECONDS):
        await watched.started.wait()
        headers = legacy_headers(session)
        assert (await watched_door.http.delete(watched_door.mcp, headers=headers)).is_success
        assert messages_of(await call)[-1]["error"]["data"]["execution"] == "MAYBE"
        await watched.cancelled.wait()
    gone = await watched_door.legacy({"id": 2, "method": "ping"}, session)
    assert gone.status_code == 404


async def test_a_second_initialize_on_a_session_is_the_servers_to_answer(door: Door) -> None:
    session = await door.initialize()
    again = await door.legacy(initialize_request(), session)
    assert again.status_code == 200
    assert again.headers["mcp-session-id"] == session
    ping = await door.legacy({"id": 5, "method": "ping"}, session)
    assert messages_of(ping)[-1]["result"] == {}


async def test_an_initialize_that_fails_opens_no_session(door: Door) -> None:
    answer = await door.legacy({"id": 1, "method": "initialize", "params": {}})
    assert "error" in messages_of(answer)[-1]
    session = answer.headers["mcp-session-id"]
    assert (await door.legacy({"id": 2, "method": "ping"}, session)).status_code == 404


@pytest.mark.parametrize("method", ["POST", "GET", "DELETE"])
async def test_an_unknown_session_is_404_and_a_missing_one_400(door: Door, method: str) -> None:
    body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "ping"})
    unknown = await door.http.request(
        method, door.mcp, content=body, headers=legacy_headers("nobody")
    )
    assert unknown.status_code == 404
    missing = await door.http.request(method, door.mcp, content=body, headers=legacy_headers())
    assert missing.status_code == 400


async def test_a_session_belongs_to_the_credential_that_opened_it(door: Door) -> None:
    session = await door.initialize(authorization="Bearer mine")
    ping = {"id": 1, "method": "ping"}
    assert (await door.legacy(ping, session)).status_code == 404
    assert (await door.legacy(ping, session, authorization="Bearer other")).status_code == 404
    assert (await door.legacy(ping, session, authorization="Bearer mine")).status_code == 200


async def test_an_id_in_flight_is_refused_and_the_first_goes_on(
    watched_door: Door, watched: Watched
) -> None:
    session = await watched_door.initialize()
    call = asyncio.create_task(watched_door.legacy(tool_call(1, "polled"), session))
    async with asyncio.timeout(ANSWER_SECONDS):
        await watched.started.wait()
        second = await watched_door.legacy(tool_call(1, "echo", text="x"), session)
        assert second.status_code == 400
        other = await watched_door.legacy(tool_call("1", "echo", text="x"), session)
        assert messages_of(other)[-1]["id"] == "1"
        watched.go_on.set()
        await call


async def test_more_sessions_than_allowed_are_refused_until_one_ends(watched: Watched) -> None:
    async with serving(watched.app) as address, open_door(address, max_sessions=1) as door:
        session = await door.initialize()
        assert (await door.legacy(initialize_request())).status_code == 503
        await door.http.delete(door.mcp, headers=legacy_headers(session))
        await door.initialize()


async def test_an_idle_session_is_ended_with_what_it_runs(watched: Watched) -> None:
    async with (
        serving(watched.app) as address,
        open_door(address, session_idle_seconds=0.05) as door,
        asyncio.timeout(ANSWER_SECONDS),
    ):
        idle = await door.initialize()
        content = json.dumps({"jsonrpc": "2.0", **progressing(tool_call(1, "hold"))})
        headers = legacy_headers(idle)
        async with door.http.stream("POST", door.mcp, content=content, headers=headers) as answer:
            await next_message(answer.aiter_lines())
        await watched.cancelled.wait()
        assert (await door.legacy({"id": 2, "method": "ping"}, idle)).status_code == 404


async def test_a_refusal_while_a_session_opens_is_an_http_status() -> None:
    async with open_door("127.0.0.1:1", connect_timeout_seconds=0.5) as door:
        answer = await door.legacy(initialize_request(LEGACY))
    assert answer.status_code == 503
    assert answer.json()["error"]["data"] == {
        "reason": "CONNECTION_LOST",
        "execution": "NOT_STARTED",
    }
    assert answer.json()["id"] == 0
