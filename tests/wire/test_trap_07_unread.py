"""Trap 7: a client that does not read loses its own stream, never the server's memory."""

from __future__ import annotations

import asyncio
import logging
import tracemalloc
from collections.abc import Iterator

import grpc
import pytest

from mcpgrpc.v1 import envelope_pb2, session_pb2
from mcpgrpc_server import Server
from mcpgrpc_server.telemetry import (
    Fanout,
    LoggingTelemetry,
    NoTelemetry,
    Outcome,
    StreamInfo,
)
from tests.wire.app import Probe
from tests.wire.raw import OpenSession, RawCalls, RawSession, Serve, cancelled, request, tool

MIB = 1024 * 1024
STALL_SECONDS = 1.0
HIGH_WATER_BYTES = 64 * 1024
# A client whose HTTP/2 window does not grow, so that a writer soon feels that nobody reads.
NARROW = (("grpc.http2.bdp_probe", 0), ("grpc.http2.lookahead_bytes", 64 * 1024))
# What one unread stream may cost: the queue, with the objects that carry it, and gRPC's buffers.
MAX_GROWTH_BYTES = 6 * MIB


class Heard(NoTelemetry):
    """Notes how a stream ended."""

    def __init__(self) -> None:
        self.closed = asyncio.Event()
        self.outcome: Outcome | None = None
        self.reason = ""

    def stream_closed(
        self, stream: StreamInfo, outcome: Outcome, duration_seconds: float, reason: str = ""
    ) -> None:
        self.outcome, self.reason = outcome, reason
        self.closed.set()


@pytest.fixture
async def server(serve: Serve) -> Server:
    return await serve(stall_timeout_seconds=STALL_SECONDS, high_water_bytes=HIGH_WATER_BYTES)


@pytest.fixture
async def session(server: Server, opened: OpenSession) -> RawSession:
    return await opened(server, options=NARROW)


@pytest.fixture
def traced() -> Iterator[None]:
    tracemalloc.start()
    yield
    tracemalloc.stop()


async def stopped_growing(probe: Probe) -> None:
    """Wait until the flood tools wait for room."""
    async with asyncio.timeout(10):
        while True:
            before = probe.notified
            for _ in range(100):
                await asyncio.sleep(0.001)
            if probe.notified == before > 0:
                return


async def is_written(session: RawSession, frame: list[envelope_pb2.Envelope]) -> bool:
    """Write a frame; False when the server has not read what went before."""
    try:
        async with asyncio.timeout(STALL_SECONDS):
            await session.send(*frame)
    except TimeoutError:
        return False
    return True


@pytest.mark.usefixtures("traced")
async def test_trap_07_a_client_that_never_reads_does_not_grow_the_server(
    session: RawSession, other: RawSession, probe: Probe
) -> None:
    before, _ = tracemalloc.get_traced_memory()
    for key in range(8):
        await session.send(tool(key, "flood", {"size": 20_000}, progressToken=key))
    await stopped_growing(probe)
    after, _ = tracemalloc.get_traced_memory()
    assert after - before < MAX_GROWTH_BYTES
    assert probe.notified * 20_000 < MAX_GROWTH_BYTES
    assert (await other.call(1, "echo", {"value": 1})).WhichOneof("outcome") == "result_json"


async def test_trap_07_a_stream_that_is_not_read_is_ended_and_its_handlers_with_it(
    session: RawSession, other: RawSession, probe: Probe
) -> None:
    await session.send(tool(1, "hold", {"key": "a"}))
    await session.send(tool(2, "flood", {"size": 20_000}, progressToken=2))
    # Nothing is read: the handlers end because the server ends the stream.
    await asyncio.wait_for(probe.cancelled["a"].wait(), 10)
    ended = await session.ending()
    assert ended.code is grpc.StatusCode.ABORTED
    assert (ended.reason, ended.execution) == ("STREAM_STALLED", "MAYBE")
    assert "has not read" in ended.details
    assert other is not session


async def test_trap_07_an_unread_stream_lets_go_of_its_server_at_once(
    server: Server, session: RawSession, probe: Probe
) -> None:
    await session.send(tool(1, "flood", {"size": 20_000}, progressToken=1))
    await stopped_growing(probe)
    async with asyncio.timeout(10):
        # Not the stall timeout: the drain's grace is over at once.
        await server.drain(grace_seconds=0)


async def test_trap_07_a_half_closed_stream_that_is_not_read_is_ended_too(
    serve: Serve, opened: OpenSession
) -> None:
    heard = Heard()
    server = await serve(telemetry=heard, stall_timeout_seconds=STALL_SECONDS)
    session = await opened(server, options=NARROW)
    await session.send(session_pb2.Settings(max_frame_bytes=14 * MIB))
    await session.send(tool(1, "large", {"size": 6 * MIB}))
    await session.half_close()
    await asyncio.wait_for(heard.closed.wait(), 10)
    assert heard.reason == "STREAM_STALLED"
    session.cancel()


@pytest.mark.usefixtures("traced")
@pytest.mark.parametrize("kind", ["refused", "settled"])
async def test_trap_07_answers_that_nobody_reads_do_not_grow_the_server(
    session: RawSession, other: RawSession, caplog: pytest.LogCaptureFixture, kind: str
) -> None:
    caplog.set_level(logging.CRITICAL)  # what pytest keeps of the log is no growth of the server
    # Ids that make the answers large, so that few of them are needed.
    ids = [f"{n}" * 2000 for n in range(10, 20)]
    refused = [request(each, "") for each in ids]
    given_up = [what for each in ids for what in (tool(each, "hold"), cancelled(each))]
    frame = refused if kind == "refused" else given_up
    before, _ = tracemalloc.get_traced_memory()
    # The server stops reading, so that writing waits for it.
    while await is_written(session, frame):
        now, _ = tracemalloc.get_traced_memory()
        assert now - before < MAX_GROWTH_BYTES
    assert other is not session


async def test_trap_07_a_call_that_is_not_read_is_ended_too(
    server: Server, calls: RawCalls, probe: Probe
) -> None:
    rpc = calls.start(server, tool(1, "flood", {"size": 200_000}, progressToken=1), timeout=None)
    await asyncio.wait_for(probe.cancelled["flood"].wait(), 10)
    _, ended = await calls.finish(rpc)
    assert (ended.code, ended.reason) == (grpc.StatusCode.ABORTED, "STREAM_STALLED")


async def test_trap_07_a_slow_reader_loses_nothing(session: RawSession) -> None:
    await session.send(tool(1, "progress", {"count": 300}, progressToken=1))
    response = await session.response(1)
    assert response.WhichOneof("outcome") == "result_json"
    progress = [item for item in session.seen if item.envelope.HasField("notification")]
    assert len(progress) == 300


async def test_trap_07_a_client_that_stops_in_the_middle_of_a_message_in_pieces_is_ended(
    serve: Serve, opened: OpenSession, caplog: pytest.LogCaptureFixture
) -> None:
    heard = Heard()
    server = await serve(
        telemetry=Fanout(heard, LoggingTelemetry()),
        stall_timeout_seconds=STALL_SECONDS,
        high_water_bytes=HIGH_WATER_BYTES,
    )
    session, other = await opened(server, options=NARROW), await opened(server)
    await session.send(session_pb2.Settings(max_open_fragments=4, max_envelope_bytes=16 * MIB))
    await session.send(tool(1, "large", {"size": 8 * MIB}))
    piece = await session.next("fragment")
    assert piece.total_bytes > 8 * MIB
    # Nothing more is read: the other pieces wait at the server.
    assert (await other.call(1, "echo", {"value": 1})).HasField("result_json")
    await asyncio.wait_for(heard.closed.wait(), 10)
    assert (heard.outcome, heard.reason) == (Outcome.TIMEOUT, "STREAM_STALLED")
    warned = [vars(each)["reason"] for each in caplog.records if each.getMessage() == "refused"]
    assert warned == ["STREAM_STALLED"]
    assert (await other.call(2, "echo", {"value": 2})).HasField("result_json")
    session.cancel()
