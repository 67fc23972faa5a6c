"""Decisions 18 and 13 of the binding: a drain announces itself, loses nothing and is bounded."""

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
    RawCalls,
    RawSession,
    Serve,
    cancelled,
    modern,
    notification,
    request,
    text_of,
    tool,
)

LISTEN = modern({"notifications": {"toolsListChanged": True}})


async def began(probe: Probe, key: str) -> None:
    await asyncio.wait_for(probe.began[key].wait(), 10)


async def drained(task: asyncio.Task[None]) -> None:
    async with asyncio.timeout(10):
        await task


async def test_decision_18_go_away_counts_what_was_accepted_and_later_requests_have_not_run(
    server: Server, session: RawSession, probe: Probe
) -> None:
    # The count includes refused requests: the second one here has no id.
    await session.send(tool(1, "hold", {"key": "a"}), request(None, "x"), tool(2, "echo", {}))
    await began(probe, "a")
    drain = asyncio.create_task(server.drain(grace_seconds=10))
    go_away = await session.next("go_away")
    assert go_away.reason == session_pb2.GO_AWAY_REASON_SHUTDOWN
    assert go_away.accepted_requests == 3
    assert go_away.grace.ToSeconds() == 10
    await session.send(tool(9, "hold", {"key": "late"}))
    refused = await session.response(9)
    assert refused.error.code == 14
    assert refused.reason == errors_pb2.ERROR_REASON_DRAINING
    assert refused.execution == errors_pb2.EXECUTION_NOT_STARTED
    probe.gates["a"].set()
    assert text_of(await session.response(1)) == "a"
    assert (await session.ending()).code is grpc.StatusCode.OK
    assert "late" not in probe.order
    await drained(drain)


async def test_decision_18_cancellations_are_read_while_draining(
    server: Server, session: RawSession, probe: Probe
) -> None:
    await session.send(tool(1, "hold", {"key": "a"}))
    await began(probe, "a")
    drain = asyncio.create_task(server.drain(grace_seconds=10))
    await session.next("go_away")
    await session.send(cancelled(1))
    settled = await session.next("request_settled")
    assert settled.request_id.integer == 1
    assert (await session.ending()).code is grpc.StatusCode.OK
    await drained(drain)


async def test_decision_18_answers_to_the_server_are_read_while_draining(
    server: Server, session: RawSession, probe: Probe
) -> None:
    await session.initialize()
    await session.send(
        request(1, "tools/call", json.dumps({"name": "ask", "arguments": {"key": "a"}}))
    )
    question = await session.question()
    assert question.related_request_id.integer == 1
    drain = asyncio.create_task(server.drain(grace_seconds=10))
    await session.next("go_away")
    await session.answer(question, {"action": "decline"})
    assert text_of(await session.response(1)) == "decline"
    assert (await session.ending()).code is grpc.StatusCode.OK
    assert probe is not None
    await drained(drain)


async def test_decision_18_pieces_of_an_accepted_request_are_read_while_draining(
    server: Server, session: RawSession, probe: Probe
) -> None:
    # Accepted is what was received whole: the request in pieces is not, and has not run.
    await session.send(tool(1, "hold", {"key": "a"}))
    await began(probe, "a")
    payload = tool(2, "hold", {"key": "late"}).SerializeToString()
    await session.send(session_pb2.Fragment(fragment_id=1, data=payload[:10]))
    drain = asyncio.create_task(server.drain(grace_seconds=10))
    assert (await session.next("go_away")).accepted_requests == 1
    last = session_pb2.FRAGMENT_STATE_LAST
    await session.send(session_pb2.Fragment(fragment_id=1, data=payload[10:], state=last))
    assert (await session.response(2)).reason == errors_pb2.ERROR_REASON_DRAINING
    probe.gates["a"].set()
    await session.response(1)
    assert (await session.ending()).code is grpc.StatusCode.OK
    await drained(drain)


async def test_decision_18_past_the_grace_what_runs_is_aborted_and_maybe_executed(
    server: Server, session: RawSession, probe: Probe
) -> None:
    await session.send(tool(1, "hold", {"key": "a"}))
    await began(probe, "a")
    await asyncio.wait_for(server.drain(grace_seconds=0.05), 10)
    response = await session.response(1)
    assert response.error.code == 10
    assert response.reason == errors_pb2.ERROR_REASON_DRAIN_DEADLINE
    assert response.execution == errors_pb2.EXECUTION_MAYBE
    assert (await session.ending()).code is grpc.StatusCode.OK
    assert probe.cancelled["a"].is_set()


async def test_decision_18_a_thread_that_outlives_the_grace_does_not_hold_the_answer(
    server: Server, session: RawSession, probe: Probe
) -> None:
    await session.send(tool(1, "block", {"key": "a"}))
    await asyncio.wait_for(probe.thread_began["a"].wait(), 10)
    drain = asyncio.create_task(server.drain(grace_seconds=0.05))
    assert (await session.response(1)).reason == errors_pb2.ERROR_REASON_DRAIN_DEADLINE
    assert (await session.ending()).code is grpc.StatusCode.OK
    probe.thread_gates["a"].set()
    await drained(drain)


async def test_decision_18_listens_end_with_their_result_and_nothing_else(
    server: Server, session: RawSession
) -> None:
    await session.send(request("sub", "subscriptions/listen", LISTEN))
    acknowledged = await session.envelope()
    assert acknowledged.notification.method == "notifications/subscriptions/acknowledged"
    drain = asyncio.create_task(server.drain(grace_seconds=10))
    completion = await session.response("sub")
    assert json.loads(completion.result_json)["resultType"] == "complete"
    assert (await session.ending()).code is grpc.StatusCode.OK
    methods = [item.envelope.notification.method for item in session.seen]
    assert "notifications/cancelled" not in methods
    await drained(drain)


async def test_decision_18_legacy_sessions_finish_their_calls(
    server: Server, session: RawSession, probe: Probe
) -> None:
    await session.initialize()
    call = json.dumps({"name": "hold", "arguments": {"key": "a"}})
    await session.send(request(1, "tools/call", call))
    await began(probe, "a")
    drain = asyncio.create_task(server.drain(grace_seconds=10))
    await session.next("go_away")
    probe.gates["a"].set()
    assert text_of(await session.response(1)) == "a"
    assert (await session.ending()).code is grpc.StatusCode.OK
    await drained(drain)


async def test_decision_18_new_rpcs_are_refused_while_draining(
    server: Server, session: RawSession, opened: OpenSession, calls: RawCalls, probe: Probe
) -> None:
    await session.send(tool(1, "hold", {"key": "a"}))
    await began(probe, "a")
    # gRPC itself refuses connections once it stops; these were there before.
    late = await opened(server)
    await late.call(1, "echo", {"value": 1})
    drain = asyncio.create_task(server.drain(grace_seconds=10))
    await session.next("go_away")
    second = RawSession(late.channel)
    ended = await second.ending()
    assert (ended.code, ended.reason) == (grpc.StatusCode.UNAVAILABLE, "DRAINING")
    assert ended.execution == "NOT_STARTED"
    _, refused = await calls.run(server, tool(1, "echo", {"value": 1}))
    assert (refused.code, refused.reason) == (grpc.StatusCode.UNAVAILABLE, "DRAINING")
    assert refused.execution == "NOT_STARTED"
    probe.gates["a"].set()
    await session.response(1)
    await drained(drain)


async def test_decision_18_a_call_in_flight_finishes_in_a_drain(
    server: Server, calls: RawCalls, probe: Probe
) -> None:
    rpc = calls.start(server, tool(1, "hold", {"key": "a"}))
    await began(probe, "a")
    drain = asyncio.create_task(server.drain(grace_seconds=10))
    probe.gates["a"].set()
    messages, ended = await calls.finish(rpc)
    assert ended.code is grpc.StatusCode.OK
    assert text_of(messages[-1].response) == "a"
    await drained(drain)


async def test_decision_18_a_call_that_outlives_the_grace_is_aborted(
    server: Server, calls: RawCalls, probe: Probe
) -> None:
    rpc = calls.start(server, tool(1, "hold", {"key": "a"}))
    await began(probe, "a")
    await asyncio.wait_for(server.drain(grace_seconds=0.05), 10)
    _, ended = await calls.finish(rpc)
    assert (ended.code, ended.reason) == (grpc.StatusCode.ABORTED, "DRAIN_DEADLINE")
    assert ended.execution == "MAYBE"


@pytest.mark.parametrize("attempt", range(5))
async def test_decision_18_the_last_answers_and_statuses_of_a_drain_arrive(
    serve: Serve, opened: OpenSession, calls: RawCalls, probe: Probe, attempt: int
) -> None:
    assert attempt >= 0
    server = await serve()
    sessions = [await opened(server) for _ in range(4)]
    keys = ["a", "b", "c", "d"]
    for session, key in zip(sessions, keys, strict=True):
        await session.send(tool(1, "hold", {"key": key}))
    rpc = calls.start(server, tool(1, "hold", {"key": "call"}))
    await asyncio.gather(*(began(probe, key) for key in (*keys, "call")))
    drain = asyncio.create_task(server.drain(grace_seconds=10))
    for session in sessions:
        await session.next("go_away")
    probe.release_all()
    for session, key in zip(sessions, keys, strict=True):
        assert text_of(await session.response(1)) == key
        assert (await session.ending()).code is grpc.StatusCode.OK
    messages, ended = await calls.finish(rpc)
    assert (len(messages), ended.code) == (1, grpc.StatusCode.OK)
    await drained(drain)


async def test_trap_13_an_idle_stream_hears_of_a_drain_by_a_message_of_its_own(
    server: Server, session: RawSession
) -> None:
    await session.next("settings")
    drain = asyncio.create_task(server.drain(grace_seconds=10))
    go_away = await session.next("go_away")
    assert go_away.accepted_requests == 0
    assert (await session.ending()).code is grpc.StatusCode.OK
    await drained(drain)


async def test_decision_01_go_away_stands_where_it_was_written(
    server: Server, session: RawSession, probe: Probe
) -> None:
    await session.send(tool(1, "echo", {"value": 1}), tool(2, "hold", {"key": "a"}))
    await began(probe, "a")
    drain = asyncio.create_task(server.drain(grace_seconds=10))
    await session.next("go_away")
    probe.gates["a"].set()
    await session.send(notification("notifications/ignored"))
    assert (await session.ending()).code is grpc.StatusCode.OK
    kinds = [
        item.envelope.response.id.integer if item.HasField("envelope") else item.WhichOneof("item")
        for item in session.seen
    ]
    assert kinds == ["settings", 1, "go_away", 2]
    await drained(drain)


async def test_decision_18_a_drain_without_streams_is_immediate(server: Server) -> None:
    await asyncio.wait_for(server.drain(grace_seconds=60), 2)
