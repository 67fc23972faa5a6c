"""Modern POSTs through the HTTP door: one request, one Call, one response."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import mcp
import pytest

from mcpgrpc.testing import serving
from tests.doors.door import (
    ANSWER_SECONDS,
    BOTH,
    MODERN,
    Door,
    messages_of,
    modern_request,
    next_message,
    open_door,
)
from tests.doors.door_app import Watched

ADD = {"name": "add", "arguments": {"a": 9007199254740993, "b": 1}}


@pytest.mark.parametrize("mode", ["legacy", "auto", MODERN])
async def test_the_official_client_works_through_the_door_at_both_eras(
    door: Door, mode: str
) -> None:
    reports: list[float] = []

    async def on_progress(progress: float, total: float | None, message: str | None) -> None:
        reports.append(progress)

    async with mcp.Client(door.mcp, mode=mode) as client:
        added = await client.call_tool("add", {"a": 9007199254740993, "b": 1})
        counted = await client.call_tool("countdown", {"steps": 3}, progress_callback=on_progress)
        routed = await client.call_tool("in_region", {"region": "Zürich"})
        resources = await client.list_resources()
    assert added.structured_content == {"result": 9007199254740994}
    assert counted.is_error is not True
    assert routed.structured_content == {"result": "Served from Zürich."}
    assert reports == [1, 2, 3]
    assert resources.resources


async def test_a_request_without_notifications_is_answered_as_json(door: Door) -> None:
    answer = await door.modern("tools/call", ADD)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    assert "mcp-session-id" not in answer.headers
    assert answer.json()["result"]["structuredContent"] == {"result": 9007199254740994}


async def test_notifications_come_before_the_response_on_the_same_stream(door: Door) -> None:
    params = {"name": "countdown", "arguments": {"steps": 3}, "_meta": {"progressToken": "t"}}
    answer = await door.modern("tools/call", params)
    assert answer.headers["content-type"] == "text/event-stream"
    *told, response = messages_of(answer)
    assert [message["params"]["progress"] for message in told] == [1, 2, 3]
    assert response["id"] == 1


@pytest.mark.parametrize("request_id", ["7", 7, 0, -1, "Ünï\u2028"])
async def test_ids_pass_untouched(door: Door, request_id: object) -> None:
    content, headers = modern_request("tools/call", ADD, request_id)
    answer = await door.http.post(door.mcp, content=content, headers=headers)
    assert answer.json()["id"] == request_id


async def test_text_passes_as_it_is(watched_door: Door) -> None:
    text = '\u2028 naïve \U0001f600 \\ " \n'
    params = {"name": "echo", "arguments": {"text": text}, "_meta": {"progressToken": 1}}
    told, response = messages_of(await watched_door.modern("tools/call", params))
    assert told["params"]["message"] == text
    assert response["result"]["structuredContent"] == {"result": text}


@pytest.mark.parametrize(
    ("headers", "code", "status"),
    [
        ({"mcp-name": "subtract"}, -32020, 400),
        ({"mcp-method": "tools/list"}, -32020, 400),
        ({"mcp-protocol-version": "2027-01-01"}, -32020, 400),
    ],
)
async def test_headers_that_contradict_the_body_are_refused(
    door: Door, headers: dict[str, str], code: int, status: int
) -> None:
    answer = await door.modern("tools/call", ADD, **headers)
    assert answer.status_code == status
    assert answer.json()["error"]["code"] == code
    assert answer.json()["id"] == 1


async def test_a_header_that_stands_twice_is_refused(door: Door) -> None:
    content, headers = modern_request("tools/call", ADD)
    twice = [*headers.items(), ("mcp-name", "add")]
    answer = await door.http.post(door.mcp, content=content, headers=twice)
    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == -32020


@pytest.mark.parametrize("header", [None, "south"])
async def test_a_parameter_header_that_is_missing_or_wrong_is_refused(
    door: Door, header: str | None
) -> None:
    params = {"name": "in_region", "arguments": {"region": "north"}}
    headers = {} if header is None else {"mcp-param-region": header}
    answer = await door.modern("tools/call", params, **headers)
    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == -32020
    right = await door.modern("tools/call", params, **{"mcp-param-region": "north"})
    assert right.json()["result"]["structuredContent"] == {"result": "Served from north."}


async def test_an_unknown_revision_is_told_those_that_are_served(door: Door) -> None:
    content, headers = modern_request("tools/list")
    content = content.replace(MODERN, "2099-01-01")
    headers["mcp-protocol-version"] = "2099-01-01"
    answer = await door.http.post(door.mcp, content=content, headers=headers)
    assert answer.status_code == 400
    error = answer.json()["error"]
    assert error["code"] == -32022
    assert error["data"] == {"supported": [MODERN], "requested": "2099-01-01"}


@pytest.mark.parametrize("method", ["tools/nothing", "initialize", "ping", "logging/setLevel"])
async def test_a_method_that_the_era_does_not_have_is_404_with_its_error(
    door: Door, method: str
) -> None:
    answer = await door.modern(method)
    assert answer.status_code == 404
    assert answer.json()["error"]["code"] == -32601


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"rubbish", -32700),
        (b"\xff{}", -32700),
        (b"{" * 10_000, -32700),
        (b"[]", -32600),
        (b'{"jsonrpc":"2.0","id":null,"method":"tools/list"}', -32600),
        (b'{"jsonrpc":"2.0","id":1.5,"method":"tools/list"}', -32600),
        (b'{"jsonrpc":"2.0","id":1,"result":{}}', -32600),
        (b'{"jsonrpc":"2.0","id":1,"method":"tools/list","params":[]}', -32602),
        (b'{"jsonrpc":"2.0","id":1,"method":"tools/list"}', -32602),
    ],
)
async def test_what_is_no_modern_request_is_400(door: Door, body: bytes, code: int) -> None:
    headers = BOTH | {"mcp-protocol-version": MODERN, "mcp-method": "tools/list"}
    answer = await door.http.post(door.mcp, content=body, headers=headers)
    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == code


async def test_a_notification_is_accepted_and_goes_no_further(door: Door) -> None:
    body = json.dumps({"jsonrpc": "2.0", "method": "notifications/cancelled"})
    headers = BOTH | {"mcp-protocol-version": MODERN}
    answer = await door.http.post(door.mcp, content=body, headers=headers)
    assert answer.status_code == 202
    assert not answer.content


@pytest.mark.parametrize("method", ["GET", "DELETE", "PUT"])
async def test_only_post_exists(door: Door, method: str) -> None:
    headers = {"mcp-protocol-version": MODERN}
    answer = await door.http.request(method, door.mcp, headers=headers)
    assert answer.status_code == 405
    assert answer.headers["allow"] == "POST"


async def test_closing_the_response_cancels_the_handler(
    watched_door: Door, watched: Watched
) -> None:
    params = {"name": "hold", "arguments": {}, "_meta": {"progressToken": 1}}
    content, headers = modern_request("tools/call", params)
    async with watched_door.http.stream(
        "POST", watched_door.mcp, content=content, headers=headers
    ) as answer:
        progress = await next_message(answer.aiter_lines())
        assert progress["method"] == "notifications/progress"
        assert not watched.cancelled.is_set()
    async with asyncio.timeout(ANSWER_SECONDS):
        await watched.cancelled.wait()


async def test_a_client_that_leaves_before_anything_was_sent_cancels_the_handler(
    watched_door: Door, watched: Watched
) -> None:
    call = asyncio.create_task(watched_door.modern("tools/call", {"name": "hold"}))
    async with asyncio.timeout(ANSWER_SECONDS):
        await watched.started.wait()
        call.cancel()
        await watched.cancelled.wait()


async def test_a_request_that_takes_longer_keeps_its_response_alive(watched: Watched) -> None:
    content, headers = modern_request("tools/call", {"name": "hold"})
    async with (
        serving(watched.app) as address,
        open_door(address, keepalive_seconds=0.05) as door,
        asyncio.timeout(ANSWER_SECONDS),
        door.http.stream("POST", door.mcp, content=content, headers=headers) as answer,
    ):
        assert answer.headers["content-type"] == "text/event-stream"
        comments = [line async for line in _first(answer.aiter_lines(), 5) if line]
    assert set(comments) == {": keep-alive"}


async def test_more_requests_than_allowed_are_refused_and_probes_are_not(
    watched: Watched,
) -> None:
    async with serving(watched.app) as address, open_door(address, max_calls=1) as door:
        call = asyncio.create_task(door.modern("tools/call", {"name": "hold"}))
        async with asyncio.timeout(ANSWER_SECONDS):
            await watched.started.wait()
        assert (await door.modern("tools/list")).status_code == 503
        assert (await door.http.get(f"{door.url}/ready")).status_code == 200
        call.cancel()
        async with asyncio.timeout(ANSWER_SECONDS):
            await watched.cancelled.wait()


async def _first(lines: AsyncIterator[str], count: int) -> AsyncIterator[str]:
    async for line in lines:
        yield line
        if not (count := count - 1):
            return


async def test_a_subscription_stays_open_and_hears_of_changes(door: Door) -> None:
    params: dict[str, Any] = {"notifications": {"resourceSubscriptions": ["everything://notes"]}}
    content, headers = modern_request("subscriptions/listen", params, "listen")
    async with (
        asyncio.timeout(ANSWER_SECONDS),
        door.http.stream("POST", door.mcp, content=content, headers=headers) as answer,
    ):
        assert answer.headers["content-type"] == "text/event-stream"
        lines = answer.aiter_lines()
        acknowledged = await next_message(lines)
        assert acknowledged["method"] == "notifications/subscriptions/acknowledged"
        note = {"name": "add_note", "arguments": {"text": "news"}}
        assert (await door.modern("tools/call", note)).status_code == 200
        told = await next_message(lines)
        assert told["method"] == "notifications/resources/updated"
        assert told["params"]["uri"] == "everything://notes"
