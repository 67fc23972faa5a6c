"""Decisions 1 to 8 of the binding: frames, envelopes, JSON members, ids, numbers, what is new."""

from __future__ import annotations

import json
import logging

import grpc
import pytest

from mcpgrpc.v1 import envelope_pb2, errors_pb2, mcp_service_pb2
from mcpgrpc_server import Server
from tests.wire.app import Probe
from tests.wire.raw import (
    OpenSession,
    RawSession,
    client_item,
    modern,
    request,
    tool,
)

DEEP = '{"a":' * 10_000 + "1" + "}" * 10_000
BIG = 9007199254740993


def field(number: int, payload: bytes) -> bytes:
    """A length-delimited field of the protobuf wire format."""
    assert len(payload) < 128
    return bytes([number << 3 | 2, len(payload)]) + payload


async def test_decision_01_settings_are_the_first_item_of_the_server(session: RawSession) -> None:
    first = await session.item()
    assert first is not None
    assert first.settings.max_in_flight == 1024
    assert first.settings.max_frame_bytes == 16 * 1024 * 1024
    assert first.settings.keepalive_interval.ToSeconds() == 30


async def test_decision_01_items_of_one_frame_are_taken_in_their_order(
    session: RawSession, probe: Probe
) -> None:
    await session.send(*[tool(n, "hold", {"key": str(n)}) for n in range(20)])
    probe.release_all()
    for n in range(20):
        probe.gates[str(n)].set()
    await session.responses(20)
    assert probe.order == [str(n) for n in range(20)]


async def test_decision_01_what_belongs_to_a_request_stands_before_its_response(
    session: RawSession,
) -> None:
    await session.send(*[tool(n, "progress", {"count": 5}, progressToken=n) for n in range(8)])
    await session.responses(8)
    answered: set[int] = set()
    for item in session.seen:
        envelope = item.envelope
        if envelope.HasField("notification"):
            token = json.loads(envelope.notification.params_json)["progressToken"]
            assert token not in answered
        elif envelope.HasField("response"):
            answered.add(envelope.response.id.integer)
    assert answered == set(range(8))


async def test_decision_02_every_request_scoped_message_names_its_request(
    session: RawSession,
) -> None:
    await session.send(tool("a", "progress", {"count": 3}, progressToken="t"))
    await session.response("a")
    notifications = [
        item.envelope for item in session.seen if item.envelope.HasField("notification")
    ]
    assert len(notifications) == 3
    assert {each.related_request_id.text for each in notifications} == {"a"}


async def test_decision_02_a_question_to_the_client_names_the_request_that_asks(
    session: RawSession,
) -> None:
    await session.initialize()
    params = json.dumps({"name": "ask", "arguments": {"key": "sure"}})
    await session.send(request("7", "tools/call", params))
    question = await session.question()
    assert question.request.method == "elicitation/create"
    assert question.related_request_id.text == "7"
    await session.answer(question, {"action": "cancel"})
    await session.response("7")


async def test_decision_02_a_response_has_no_related_request(session: RawSession) -> None:
    await session.send(tool(1, "echo", {"value": 1}))
    envelope = await session.envelope()
    assert not envelope.HasField("related_request_id")


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ("", -32700),
        ("{", -32700),
        ("{} {}", -32700),
        ("nonsense", -32700),
        ('{"a":NaN}', -32700),
        (DEEP, -32700),
        ("[]", -32602),
        ("[1]", -32602),
        ("null", -32602),
        ("7", -32602),
        ('"text"', -32602),
    ],
    ids=lambda value: str(value)[:12],
)
async def test_decision_03_params_that_are_no_object_are_refused_with_their_id(
    session: RawSession, other: RawSession, params: str, code: int
) -> None:
    response = await session.ask("known", "tools/list", params)
    assert response.error.code == code
    assert response.reason == errors_pb2.ERROR_REASON_UNSPECIFIED
    # The session goes on.
    assert (await session.call(2, "echo", {"value": 1})).HasField("result_json")
    assert other is not session


async def test_decision_03_absent_and_empty_params_are_two_things(session: RawSession) -> None:
    await session.initialize()
    assert (await session.ask(1, "ping")).HasField("result_json")
    assert (await session.ask(2, "ping", "{}")).HasField("result_json")


async def test_decision_03_a_bad_result_to_a_question_fails_its_waiter_alone(
    session: RawSession, other: RawSession
) -> None:
    await session.initialize()
    for number, bad in enumerate(["nonsense", "[1]", "null", ""]):
        params = json.dumps({"name": "ask", "arguments": {"key": "a"}})
        await session.send(request(number, "tools/call", params))
        question = await session.question()
        response = envelope_pb2.JsonRpcResponse(id=question.request.id, result_json=bad)
        await session.send(envelope_pb2.Envelope(response=response))
        failed = await session.response(number)
        assert failed.HasField("error") or '"isError":true' in failed.result_json
    assert other is not session


async def test_decision_04_the_string_7_and_the_number_7_are_two_requests(
    session: RawSession, probe: Probe
) -> None:
    await session.send(tool("7", "hold", {"key": "text"}), tool(7, "hold", {"key": "number"}))
    probe.gates["number"].set()
    probe.gates["text"].set()
    texts = {}
    for response in await session.responses(2):
        kind = response.id.WhichOneof("value")
        texts[kind] = json.loads(response.result_json)["content"][0]["text"]
    assert texts == {"text": "text", "integer": "number"}


@pytest.mark.parametrize("request_id", [0, -1, 2**53 + 1, 2**63 - 1, -(2**63), "", "7", "ü☃" * 50])
async def test_decision_04_every_id_comes_back_as_it_went(
    session: RawSession, request_id: str | int
) -> None:
    await session.send(tool(request_id, "echo", {"value": 1}))
    response = await session.response(request_id)
    assert response.HasField("result_json")


async def test_decision_04_a_request_without_an_id_is_answered_with_null(
    session: RawSession,
) -> None:
    await session.send(request(None, "tools/list"))
    response = await session.response(None)
    assert response.error.code == -32600
    assert response.HasField("id")


async def test_decision_04_a_request_whose_id_is_null_is_refused(session: RawSession) -> None:
    message = request(None, "tools/list")
    message.request.id.SetInParent()
    await session.send(message)
    assert (await session.response(None)).error.code == -32600


async def test_a_request_without_a_method_is_refused_with_its_id(session: RawSession) -> None:
    assert (await session.ask(5, "")).error.code == -32600


@pytest.mark.parametrize(
    "literal",
    [
        str(BIG),
        str(2**64 + 1),
        str(10**40),
        "-0.1",
        '"\\ud83d\\ude00 ü"',
        '{"nested":[1,[2,[3,null,true]]]}',
    ],
)
async def test_decision_05_values_pass_through_a_tool_without_loss(
    session: RawSession, literal: str
) -> None:
    params = modern({"name": "echo", "arguments": {"value": "HERE"}}).replace('"HERE"', literal)
    response = await session.ask(1, "tools/call", params)
    value = json.loads(response.result_json)["structuredContent"]["value"]
    assert json.dumps(value) == json.dumps(json.loads(literal))


async def test_decision_05_a_number_beyond_every_float_ends_nothing_but_its_request(
    session: RawSession,
) -> None:
    params = modern({"name": "echo", "arguments": {"value": "HERE"}}).replace('"HERE"', "1e400")
    response = await session.ask(1, "tools/call", params)
    assert response.WhichOneof("outcome") is not None
    assert (await session.call(2, "echo", {"value": 1})).HasField("result_json")


async def test_decision_05_an_escaped_lone_surrogate_comes_back_escaped(
    session: RawSession,
) -> None:
    params = modern({"name": "echo", "arguments": {"value": "HERE"}}).replace("HERE", "\\ud800")
    response = await session.ask(1, "tools/call", params)
    assert response.WhichOneof("outcome") is not None
    if response.HasField("result_json"):
        assert '"\\ud800"' in response.result_json


INVALID_UTF8 = field(1, field(1, field(1, field(2, b"\xff\xfe"))))


@pytest.mark.parametrize("frame", [b"\xff\xff\xff", b"\x0a\x7f", INVALID_UTF8])
async def test_decision_06_a_frame_that_does_not_decode_ends_the_stream(
    session: RawSession, other: RawSession, probe: Probe, frame: bytes
) -> None:
    await session.send(tool(1, "hold", {"key": "a"}))
    await session.send_bytes(frame)
    ended = await session.ending()
    assert ended.code is grpc.StatusCode.INVALID_ARGUMENT
    assert ended.reason == "INVALID_FRAME"
    assert "frame" in ended.details
    assert other is not session
    assert probe is not None


async def test_decision_06_a_result_that_utf8_cannot_hold_fails_alone(
    session: RawSession, other: RawSession, caplog: pytest.LogCaptureFixture
) -> None:
    # The server logs it, and a report with a lone surrogate cannot be passed on by xdist.
    caplog.set_level(logging.CRITICAL)
    message = "x\\ud800y"
    params = modern({"name": "forge", "arguments": {"code": 5, "message": "HERE"}})
    response = await session.ask(1, "tools/call", params.replace("HERE", message))
    assert response.error.code == -32603
    assert (await session.call(2, "echo", {"value": 1})).HasField("result_json")
    assert other is not session


async def test_decision_07_unknown_items_and_members_are_ignored(session: RawSession) -> None:
    unknown_item = field(1, field(15, b"new"))
    unknown_message = field(1, field(1, field(15, b"new")))
    known = mcp_service_pb2.SessionRequest(items=[client_item(tool(1, "echo", {"value": 1}))])
    await session.send_bytes(unknown_item + unknown_message + known.SerializeToString())
    assert (await session.response(1)).HasField("result_json")


async def test_decision_07_an_envelope_without_a_message_is_ignored(session: RawSession) -> None:
    await session.send(envelope_pb2.Envelope(), tool(1, "echo", {"value": 1}))
    assert (await session.response(1)).HasField("result_json")


async def test_decision_07_a_batch_is_no_params(session: RawSession) -> None:
    batch = json.dumps([{"jsonrpc": "2.0", "id": 1, "method": "ping"}])
    assert (await session.ask(1, "ping", batch)).error.code == -32602


async def test_decision_08_two_sessions_use_the_same_ids_side_by_side(
    server: Server, session: RawSession, opened: OpenSession, probe: Probe
) -> None:
    second = await opened(server)
    await session.send(tool(1, "hold", {"key": "first"}))
    await second.send(tool(1, "hold", {"key": "second"}))
    probe.gates["second"].set()
    assert "second" in (await second.response(1)).result_json
    probe.gates["first"].set()
    assert "first" in (await session.response(1)).result_json
