"""Typed calls that end early: deadlines, cancellation, clients that stop reading."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import grpc
import pytest

from mcpgrpc.v1 import envelope_pb2, tools_service_pb2, tools_service_pb2_grpc
from mcpgrpc_server.backend import Client, ServerCall
from tests.typed.methods import METHODS
from tests.typed.served import Scripted, Ways, failed, soon, ways_to
from tests.wire.raw import MAX_SECONDS

CALL = METHODS[1]


def holds(backend: Scripted) -> tuple[asyncio.Event, asyncio.Event]:
    """Let the backend hold what it is asked; gives when it begins, and when it was cancelled."""
    began, cancelled = asyncio.Event(), asyncio.Event()

    async def answer(call: ServerCall, client: Client) -> envelope_pb2.JsonRpcResponse:
        began.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            cancelled.set()
            raise
        raise AssertionError

    backend.answer = answer
    return began, cancelled


async def test_a_deadline_cancels_the_handler(ways: Ways, backend: Scripted) -> None:
    _, cancelled = holds(backend)
    refused = await ways.refused(CALL, timeout=0.5)
    assert refused.code is grpc.StatusCode.DEADLINE_EXCEEDED
    await soon(cancelled)


@pytest.mark.parametrize("timeout", [0.0, -1.0, 1e-9])
async def test_a_deadline_that_is_over_is_exceeded_and_harms_nobody(
    ways: Ways, backend: Scripted, timeout: float
) -> None:
    # Held, since an answer may be faster than gRPC's clock, which counts in milliseconds.
    holds(backend)
    refused = await ways.refused(CALL, timeout=timeout)
    assert refused.code is grpc.StatusCode.DEADLINE_EXCEEDED
    backend.says('{"content":[]}')
    assert (await ways.typed(CALL)).HasField("complete")


async def test_cancelling_a_call_cancels_the_handler(ways: Ways, backend: Scripted) -> None:
    began, cancelled = holds(backend)
    stub: Any = tools_service_pb2_grpc.ToolsServiceStub(ways.channel)
    rpc = stub.CallTool(CALL.request, timeout=MAX_SECONDS)
    await soon(began)
    rpc.cancel()
    await soon(cancelled)


async def test_a_cancelled_call_gives_its_place_back(backend: Scripted) -> None:
    began, cancelled = holds(backend)
    async with ways_to(backend, max_requests_per_caller=1) as ways:
        stub: Any = tools_service_pb2_grpc.ToolsServiceStub(ways.channel)
        rpc = stub.CallTool(CALL.request, timeout=MAX_SECONDS)
        await soon(began)
        rpc.cancel()
        await soon(cancelled)
        backend.says('{"content":[]}')
        async with asyncio.timeout(MAX_SECONDS):
            while not await let_in(ways):
                pass


async def let_in(ways: Ways) -> bool:
    """Whether there is a place for a call."""
    try:
        return bool((await ways.typed(CALL)).HasField("complete"))
    except grpc.aio.AioRpcError as refused:
        if failed(refused).domain != "mcpgrpc":
            raise
        return False


async def read_to_the_end(rpc: Any) -> None:
    while await rpc.read() is not grpc.aio.EOF:
        pass


async def test_a_client_that_stops_reading_is_ended_and_its_handler_with_it(
    backend: Scripted,
) -> None:
    ended = asyncio.Event()

    async def flood(call: ServerCall, client: Client) -> envelope_pb2.JsonRpcResponse:
        text = json.dumps({"progressToken": 1, "progress": 1, "message": "x" * 100_000})
        try:
            while True:
                await client.notify("notifications/progress", text, call.request.id)
        finally:
            ended.set()

    backend.answer = flood
    async with ways_to(backend, stall_timeout_seconds=1.0) as ways:
        stub: Any = tools_service_pb2_grpc.ToolsServiceStub(ways.channel)
        request = tools_service_pb2.WatchToolRequest(call=CALL.request)
        rpc = stub.WatchTool(request, timeout=2 * MAX_SECONDS)
        await rpc.read()
        await soon(ended)
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await read_to_the_end(rpc)
    assert refused.value.code() is grpc.StatusCode.ABORTED
    assert failed(refused.value).reason == "STREAM_STALLED"
