"""Decisions 10 to 12 of the binding: order, window, half-close."""

from __future__ import annotations

import asyncio
import json

import grpc
import pytest

from mcpgrpc.v1 import errors_pb2, session_pb2
from mcpgrpc_server import Server
from tests.wire.app import Probe
from tests.wire.raw import (
    OpenSession,
    RawSession,
    Serve,
    cancelled,
    modern,
    request,
    text_of,
    tool,
)

LISTEN = modern({"notifications": {"toolsListChanged": True}})


async def on(event: asyncio.Event) -> None:
    await asyncio.wait_for(event.wait(), 10)


@pytest.fixture
async def narrow(serve: Serve, opened: OpenSession) -> RawSession:
    """A Session whose window is two requests and whose listens are two."""
    return await opened(await serve(max_in_flight=2, max_listens=2))


async def test_decision_10_requests_start_in_order_and_finish_in_any(
    session: RawSession, probe: Probe
) -> None:
    keys = [str(n) for n in range(64)]
    await session.send(*[tool(key, "hold", {"key": key}) for key in keys])
    await on(probe.began["63"])
    assert probe.order == keys
    for key in reversed(keys):
        probe.gates[key].set()
        response = await session.response(key)
        assert text_of(response) == key


async def test_decision_10_a_cancellation_finds_its_request(
    session: RawSession, probe: Probe
) -> None:
    await session.send(tool(1, "hold", {"key": "a"}))
    await on(probe.began["a"])
    await session.send(cancelled(1))
    assert (await session.next("request_settled")).request_id.integer == 1
    assert probe.cancelled["a"].is_set()


async def test_decision_10_a_cancellation_right_behind_its_request_finds_it(
    session: RawSession, probe: Probe
) -> None:
    await session.send(tool(1, "hold", {"key": "a"}), cancelled(1), tool(2, "echo", {"value": 1}))
    assert (await session.next("request_settled")).request_id.integer == 1
    assert "a" not in probe.order or probe.cancelled["a"].is_set()


async def test_decision_10_a_cancellation_of_another_kind_of_id_finds_nothing(
    session: RawSession, probe: Probe
) -> None:
    await session.send(tool(7, "hold", {"key": "a"}), cancelled("7"), cancelled(8))
    await on(probe.began["a"])
    probe.gates["a"].set()
    assert text_of(await session.response(7)) == "a"


async def test_decision_10_a_cancelled_request_gets_no_response(
    session: RawSession, probe: Probe
) -> None:
    await session.send(tool(1, "hold", {"key": "a"}))
    await on(probe.began["a"])
    await session.send(cancelled(1), cancelled(1))
    await session.next("request_settled")
    await session.half_close()
    await session.ending()
    assert not [item for item in session.seen if item.envelope.HasField("response")]
    assert sum(item.HasField("request_settled") for item in session.seen) == 1


async def test_decision_11_requests_beyond_the_window_are_refused_and_have_not_run(
    narrow: RawSession, probe: Probe
) -> None:
    await narrow.send(*[tool(n, "hold", {"key": str(n)}) for n in (1, 2, 3)])
    refused = await narrow.response(3)
    assert refused.error.code == 8
    assert refused.reason == errors_pb2.ERROR_REASON_WINDOW_EXCEEDED
    assert refused.execution == errors_pb2.EXECUTION_NOT_STARTED
    assert probe.order == ["1", "2"]
    probe.gates["1"].set()
    await narrow.response(1)
    probe.gates["3"].set()
    assert text_of(await narrow.call(3, "hold", {"key": "3"})) == "3"


async def test_decision_11_a_slot_is_held_until_the_thread_of_a_cancelled_tool_ends(
    narrow: RawSession, probe: Probe
) -> None:
    await narrow.send(tool(1, "block", {"key": "a"}), tool(2, "hold", {"key": "b"}))
    await on(probe.thread_began["a"])
    await on(probe.began["b"])
    await narrow.send(cancelled(1))
    assert (await narrow.call(3, "echo")).reason == errors_pb2.ERROR_REASON_WINDOW_EXCEEDED
    # The id is taken as well.
    duplicate = await narrow.call(1, "echo", {"value": 1})
    assert duplicate.reason == errors_pb2.ERROR_REASON_DUPLICATE_ID
    probe.thread_gates["a"].set()
    assert (await narrow.next("request_settled")).request_id.integer == 1
    assert (await narrow.call(1, "echo", {"value": 1})).HasField("result_json")


async def test_decision_11_a_duplicate_id_is_refused_and_the_first_goes_on(
    session: RawSession, probe: Probe
) -> None:
    await session.send(tool(1, "hold", {"key": "a"}))
    await on(probe.began["a"])
    refused = await session.call(1, "hold", {"key": "b"})
    assert refused.error.code == 3
    assert refused.reason == errors_pb2.ERROR_REASON_DUPLICATE_ID
    assert refused.execution == errors_pb2.EXECUTION_NOT_STARTED
    probe.gates["a"].set()
    assert text_of(await session.response(1)) == "a"
    assert probe.order == ["a"]


async def test_decision_11_listens_are_not_counted_and_have_their_own_limit(
    narrow: RawSession, probe: Probe
) -> None:
    await narrow.send(*[request(f"sub{n}", "subscriptions/listen", LISTEN) for n in range(3)])
    refused = await narrow.response("sub2")
    assert refused.error.code == 8
    assert refused.reason == errors_pb2.ERROR_REASON_LISTEN_LIMIT
    probe.gates["a"].set()
    await narrow.send(tool(1, "hold", {"key": "a"}), tool(2, "hold", {"key": "a"}))
    for response in await narrow.responses(2):
        assert text_of(response) == "a"


async def test_decision_11_the_server_keeps_the_clients_window(session: RawSession) -> None:
    await session.send(session_pb2.Settings(max_in_flight=1))
    await session.initialize()
    for number in (1, 2):
        params = json.dumps({"name": "ask", "arguments": {"key": str(number)}})
        await session.send(request(number, "tools/call", params))
    first = await session.question()
    assert (await session.ask(3, "ping")).HasField("result_json")
    asked = [item for item in session.seen if item.envelope.HasField("request")]
    assert len(asked) == 1
    await session.answer(first, {"action": "decline"})
    second = await session.question()
    assert second.request.id != first.request.id
    await session.answer(second, {"action": "decline"})
    await session.response(2)


async def test_decision_12_requests_in_flight_finish_after_a_half_close(
    session: RawSession, probe: Probe
) -> None:
    await session.send(tool(1, "hold", {"key": "a"}), tool(2, "hold", {"key": "b"}))
    await on(probe.began["b"])
    await session.half_close()
    probe.gates["b"].set()
    assert text_of(await session.response(2)) == "b"
    probe.gates["a"].set()
    assert text_of(await session.response(1)) == "a"
    assert (await session.ending()).code is grpc.StatusCode.OK


async def test_decision_12_listens_complete_with_their_result_at_a_half_close(
    session: RawSession,
) -> None:
    await session.send(request("sub", "subscriptions/listen", LISTEN))
    await session.envelope()
    await session.half_close()
    completion = json.loads((await session.response("sub")).result_json)
    assert completion["resultType"] == "complete"
    assert completion["_meta"]["io.modelcontextprotocol/subscriptionId"] == "sub"
    assert (await session.ending()).code is grpc.StatusCode.OK


async def test_decision_12_a_question_that_waits_fails_at_a_half_close(
    session: RawSession,
) -> None:
    await session.initialize()
    params = json.dumps({"name": "ask", "arguments": {"key": "a"}})
    await session.send(request(1, "tools/call", params))
    await session.question()
    await session.half_close()
    failed = await session.response(1)
    assert failed.HasField("error") or json.loads(failed.result_json)["isError"]
    assert (await session.ending()).code is grpc.StatusCode.OK


async def test_decision_12_an_idle_half_close_ends_ok(session: RawSession) -> None:
    await session.half_close()
    assert (await session.ending()).code is grpc.StatusCode.OK


@pytest.mark.parametrize("lost", ["cancelled", "connection"])
async def test_decision_12_giving_up_the_rpc_cancels_its_handlers(
    session: RawSession, other: RawSession, probe: Probe, lost: str
) -> None:
    await session.send(tool(1, "hold", {"key": "a"}))
    await on(probe.began["a"])
    if lost == "cancelled":
        session.cancel()
    else:
        await session.channel.close()
    await on(probe.cancelled["a"])
    assert other is not session


async def test_a_synchronous_tool_outlives_its_stream_and_harms_nobody(
    server: Server, session: RawSession, opened: OpenSession, probe: Probe
) -> None:
    await session.send(tool(1, "block", {"key": "a"}))
    await on(probe.thread_began["a"])
    session.cancel()
    other = await opened(server)
    assert (await other.call(1, "echo", {"value": 1})).HasField("result_json")
    probe.thread_gates["a"].set()
    await asyncio.wait_for(server.drain(grace_seconds=5), 10)
