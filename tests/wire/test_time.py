"""Decisions 13 and 15 of the binding: keep-alives, silence, timeouts."""

from __future__ import annotations

import asyncio

import grpc
from google.protobuf import duration_pb2

from mcpgrpc.v1 import envelope_pb2, errors_pb2, session_pb2
from tests.wire.app import Probe
from tests.wire.raw import (
    OpenSession,
    RawSession,
    Serve,
    text_of,
    tool,
)


async def on(event: asyncio.Event) -> None:
    await asyncio.wait_for(event.wait(), 10)


def timed(envelope: envelope_pb2.Envelope, seconds: float) -> envelope_pb2.Envelope:
    """A request with a timeout."""
    duration = duration_pb2.Duration()
    duration.FromNanoseconds(int(seconds * 1e9))
    envelope.timeout.CopyFrom(duration)
    return envelope


async def test_decision_13_empty_frames_are_written_at_the_promised_interval(
    serve: Serve, opened: OpenSession
) -> None:
    session = await opened(await serve(keepalive_interval_seconds=0.05))
    await session.next("settings")
    started = asyncio.get_running_loop().time()
    for _ in range(4):
        assert await session.frame() == []
    elapsed = asyncio.get_running_loop().time() - started
    assert elapsed > 0.1


async def test_decision_13_a_client_that_promised_and_went_silent_is_ended(
    session: RawSession, other: RawSession, probe: Probe
) -> None:
    promise = session_pb2.Settings(keepalive_interval=duration_pb2.Duration(nanos=100_000_000))
    await session.send(promise, tool(1, "hold", {"key": "a"}))
    ended = await session.ending()
    assert (ended.code, ended.reason) == (grpc.StatusCode.ABORTED, "STREAM_IDLE")
    assert ended.execution == "MAYBE"
    await on(probe.cancelled["a"])
    assert other is not session


async def test_decision_13_empty_frames_keep_a_promise(session: RawSession) -> None:
    promise = session_pb2.Settings(keepalive_interval=duration_pb2.Duration(nanos=200_000_000))
    await session.send(promise)
    for _ in range(12):
        await session.send()
        await asyncio.sleep(0.1)  # what is tested is the time itself
    assert (await session.call(1, "echo", {"value": 1})).HasField("result_json")


async def test_decision_13_a_client_without_a_promise_may_be_silent(
    serve: Serve, opened: OpenSession
) -> None:
    session = await opened(await serve(first_message_timeout_seconds=0.1))
    await session.call(1, "echo", {"value": 1})
    await asyncio.sleep(0.5)  # what is tested is the time itself
    assert (await session.call(2, "echo", {"value": 1})).HasField("result_json")


async def test_a_stream_that_never_says_anything_is_ended(
    serve: Serve, opened: OpenSession
) -> None:
    session = await opened(await serve(first_message_timeout_seconds=0.1))
    ended = await session.ending()
    assert (ended.code, ended.reason) == (grpc.StatusCode.ABORTED, "STREAM_IDLE")
    assert "first message" in ended.details


async def test_decision_15_the_timeout_of_an_envelope_ends_its_request_alone(
    session: RawSession, probe: Probe
) -> None:
    await session.send(timed(tool(1, "hold", {"key": "a"}), 0.05), tool(2, "hold", {"key": "b"}))
    response = await session.response(1)
    assert response.error.code == 4
    assert response.reason == errors_pb2.ERROR_REASON_TIMEOUT
    assert response.execution == errors_pb2.EXECUTION_MAYBE
    await on(probe.cancelled["a"])
    probe.gates["b"].set()
    assert text_of(await session.response(2)) == "b"


async def test_decision_15_progress_does_not_reset_a_timeout(
    session: RawSession, probe: Probe
) -> None:
    await session.send(timed(tool(1, "tick", {"key": "a"}, progressToken=1), 0.2))
    assert (await session.response(1)).reason == errors_pb2.ERROR_REASON_TIMEOUT
    await on(probe.cancelled["a"])


async def test_decision_15_a_timeout_answers_while_a_thread_runs_on(
    session: RawSession, probe: Probe
) -> None:
    await session.send(timed(tool(1, "block", {"key": "a"}), 0.05))
    assert (await session.response(1)).reason == errors_pb2.ERROR_REASON_TIMEOUT
    probe.thread_gates["a"].set()
    assert (await session.call(2, "echo", {"value": 1})).HasField("result_json")


async def test_decision_15_a_timeout_of_nothing_is_over_at_once(session: RawSession) -> None:
    await session.send(timed(tool(1, "hold", {"key": "a"}), 0))
    assert (await session.response(1)).reason == errors_pb2.ERROR_REASON_TIMEOUT
