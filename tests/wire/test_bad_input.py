"""Bad input: an answer or the end of its own stream, and nobody else is disturbed."""

from __future__ import annotations

import json

import grpc
import pytest

from mcpgrpc.v1 import envelope_pb2, errors_pb2
from tests.wire.app import Probe
from tests.wire.raw import (
    INITIALIZE,
    OpenSession,
    RawSession,
    Serve,
    modern,
    notification,
    tool,
)


async def test_a_malformed_notification_is_dropped(session: RawSession, other: RawSession) -> None:
    broken = envelope_pb2.JsonRpcNotification(method="notifications/cancelled", params_json="{")
    nameless = envelope_pb2.JsonRpcNotification()
    await session.send(
        envelope_pb2.Envelope(notification=broken),
        envelope_pb2.Envelope(notification=nameless),
        notification("notifications/unknown", {"a": 1}),
        notification("notifications/cancelled", {"requestId": {"not": "an id"}}),
        notification("notifications/progress", {"progressToken": 99, "progress": 1}),
        tool(1, "echo", {"value": 1}),
    )
    assert (await session.response(1)).HasField("result_json")
    assert other is not session


@pytest.mark.parametrize("answer", ["result", "error", "nothing"])
async def test_a_response_that_nobody_asked_for_is_ignored(
    session: RawSession, other: RawSession, answer: str
) -> None:
    response = envelope_pb2.JsonRpcResponse(id=envelope_pb2.RequestId(integer=99))
    if answer == "result":
        response.result_json = "{}"
    if answer == "error":
        response.error.code = -1
    await session.send(envelope_pb2.Envelope(response=response), tool(1, "echo", {"value": 1}))
    assert (await session.response(1)).HasField("result_json")
    assert other is not session


async def test_a_frame_of_a_thousand_envelopes_is_answered_whole(
    session: RawSession, other: RawSession
) -> None:
    await session.send(*[tool(n, "echo", {"value": n}) for n in range(1000)])
    responses = await session.responses(1000)
    assert sorted(response.id.integer for response in responses) == list(range(1000))
    for response in responses:
        assert json.loads(response.result_json)["structuredContent"]["value"] == response.id.integer
    assert other is not session


async def test_a_frame_of_too_many_items_ends_its_stream_and_names_the_limit(
    session: RawSession, other: RawSession
) -> None:
    await session.send(*[notification("notifications/x")] * 1025)
    ended = await session.ending()
    assert (ended.code, ended.reason) == (grpc.StatusCode.INVALID_ARGUMENT, "INVALID_FRAME")
    assert "1024" in ended.details
    assert other is not session


async def test_a_frame_of_ten_thousand_requests_ends_its_stream_and_runs_none_of_them(
    session: RawSession, other: RawSession, probe: Probe
) -> None:
    await session.send(*[tool(n, "hold", {"key": str(n)}) for n in range(10_000)])
    ended = await session.ending()
    assert (ended.code, ended.reason) == (grpc.StatusCode.INVALID_ARGUMENT, "INVALID_FRAME")
    assert "10000 items" in ended.details
    assert probe.order == []
    assert other is not session


async def test_two_thousand_requests_beyond_the_window_are_each_refused_and_run_no_handler(
    serve: Serve, opened: OpenSession, probe: Probe
) -> None:
    server = await serve(max_in_flight=4)
    session, bystander = await opened(server), await opened(server)
    await session.send(*[tool(n, "hold", {"key": str(n)}) for n in range(4)])
    refused = 0
    for first in range(4, 2_004, 1000):
        numbers = range(first, first + 1000)
        await session.send(*[tool(n, "hold", {"key": str(n)}) for n in numbers])
        responses = await session.responses(len(numbers))
        assert {each.id.integer for each in responses} == set(numbers)
        assert {each.reason for each in responses} == {errors_pb2.ERROR_REASON_WINDOW_EXCEEDED}
        assert {each.execution for each in responses} == {errors_pb2.EXECUTION_NOT_STARTED}
        refused += len(responses)
        assert (await bystander.call(first, "echo", {"value": 1})).HasField("result_json")
    assert refused == 2_000
    assert probe.order == ["0", "1", "2", "3"]
    for key in probe.order:
        probe.gates[key].set()
    assert {each.id.integer for each in await session.responses(4)} == {0, 1, 2, 3}


async def test_a_frame_above_the_message_limit_ends_its_stream_and_names_the_limit(
    serve: Serve, opened: OpenSession
) -> None:
    server = await serve(max_message_bytes=400_000)
    session, second = await opened(server), await opened(server)
    await second.call(1, "echo", {"value": 1})
    await session.send_bytes(b"x" * 400_001)
    ended = await session.ending()
    assert ended.code is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert "400000" in ended.details
    assert (await second.call(2, "echo", {"value": 1})).HasField("result_json")


async def test_an_unknown_protocol_version_is_named_with_the_known_ones(
    session: RawSession,
) -> None:
    version = {"io.modelcontextprotocol/protocolVersion": "1999-01-01"}
    response = await session.ask(1, "tools/list", modern(None, **version))
    assert response.error.code == -32022
    assert "2026-07-28" in json.loads(response.error.data_json)["supported"]


async def test_an_unknown_version_in_initialize_is_answered_with_a_known_one(
    session: RawSession,
) -> None:
    params = json.dumps({**INITIALIZE, "protocolVersion": "1999-01-01"})
    response = await session.ask(1, "initialize", params)
    assert json.loads(response.result_json)["protocolVersion"] == "2025-11-25"


@pytest.mark.parametrize(
    ("method", "params", "expected"),
    [
        ("tools/call", {"name": "nobody", "arguments": {}}, "Unknown tool: nobody"),
        ("tools/call", {"name": "typed", "arguments": {"number": "x"}}, "valid integer"),
        ("tools/call", {"name": "typed"}, "Field required"),
        ("resources/read", {"uri": "file:///nobody"}, "Unknown resource"),
        ("prompts/get", {"name": "nobody"}, "error"),
        ("nobody/knows", {}, "Method not found"),
    ],
)
async def test_what_the_app_does_not_have_is_an_answer_and_the_session_goes_on(
    session: RawSession, other: RawSession, method: str, params: dict[str, object], expected: str
) -> None:
    response = await session.ask(1, method, modern(params))
    assert expected in f"{response.result_json}{response.error.message}"
    assert response.reason == errors_pb2.ERROR_REASON_UNSPECIFIED
    assert (await session.call(2, "echo", {"value": 1})).HasField("result_json")
    assert other is not session
