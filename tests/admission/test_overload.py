"""A server with as much work as it admits refuses more at once, and may stop being ready."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import grpc
import pytest
from google.rpc import error_details_pb2, status_pb2
from grpc_health.v1 import health_pb2, health_pb2_grpc

import mcpgrpc
from mcpgrpc.errors import ServiceError
from mcpgrpc.v1 import tools_service_pb2, tools_service_pb2_grpc
from mcpgrpc_server import Server, ServerSettings
from mcpgrpc_server.admission.overload import LOOKS, OverloadWatch
from mcpgrpc_server.admission.stage import RETRY_SECONDS
from tests.admission.test_admission import SECONDS, Gate
from tests.doors.door import open_door
from tests.wire.raw import LOCAL_CONNECTION

MODERN = "2026-07-28"
FIRST, LAST = RETRY_SECONDS


def server(gate: Gate, most: int, **settings: Any) -> Server:
    told = {"listen": ["127.0.0.1:0"], "max_requests_per_server": most, **settings}
    return Server(gate.app(), settings=ServerSettings(**told))


@asynccontextmanager
async def full(most: int = 2) -> AsyncIterator[tuple[Gate, str, mcpgrpc.Client]]:
    """A server that runs as much as it admits, its address, and the client that keeps it so."""
    gate = Gate()
    async with (
        asyncio.timeout(SECONDS),
        server(gate, most) as serving,
        mcpgrpc.Client(serving.addresses[0], mode=MODERN) as client,
    ):
        running = [asyncio.create_task(client.call_tool("wait", {})) for _ in range(most)]
        for _ in running:
            await gate.waiting.acquire()
        yield gate, serving.addresses[0], client
        gate.open.set()
        assert [(await each).content[0].text for each in running] == ["done"] * most
        assert (await client.call_tool("now", {})).content[0].text == "now"


@pytest.mark.parametrize("rpc", ["session", "call"])
async def test_more_is_refused_at_once_with_when_to_try_again(rpc: Any) -> None:
    async with full() as (_, address, _), mcpgrpc.Client(address, rpc=rpc, mode=MODERN) as other:
        with pytest.raises(ServiceError) as refused:
            await other.call_tool("now", {})
        error = refused.value
        assert (error.code, error.reason, error.execution) == (14, "OVERLOADED", "NOT_STARTED")
        assert "2 requests are running, the limit of this server" in str(error)
        assert error.retry_after_seconds is not None
        assert FIRST <= error.retry_after_seconds <= LAST + 0.001


async def test_a_typed_call_is_refused_with_its_status_and_retry_info() -> None:
    async with (
        full() as (_, address, _),
        grpc.aio.insecure_channel(address, options=LOCAL_CONNECTION) as channel,
    ):
        stub: Any = tools_service_pb2_grpc.ToolsServiceStub(channel)
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await stub.CallTool(tools_service_pb2.CallToolRequest(name="now"), timeout=SECONDS)
        assert refused.value.code() is grpc.StatusCode.UNAVAILABLE
        trailers = dict(refused.value.trailing_metadata() or ())
        status = status_pb2.Status.FromString(trailers["grpc-status-details-bin"])
        (info,) = [
            each for each in status.details if each.Is(error_details_pb2.RetryInfo.DESCRIPTOR)
        ]
        retry = error_details_pb2.RetryInfo()
        info.Unpack(retry)
        assert FIRST <= retry.retry_delay.ToTimedelta().total_seconds() <= LAST + 0.001


async def test_the_http_door_answers_503_with_retry_after() -> None:
    async with full() as (_, address, _), open_door(address) as door:
        refused = await door.modern("tools/call", {"name": "now", "arguments": {}})
        assert refused.status_code == 503
        assert refused.headers["retry-after"] == "1"
        assert refused.json()["error"]["data"]["reason"] == "OVERLOADED"


async def test_whoever_finds_out_how_to_talk_is_let_in_and_listens_take_no_place() -> None:
    async with full() as (_, address, client):
        async with mcpgrpc.Client(address) as newcomer:
            assert newcomer.server_info is not None
        async with client.listen(tools=True):
            pass
    gate = Gate()
    async with (
        asyncio.timeout(SECONDS),
        server(gate, 1) as serving,
        mcpgrpc.Client(serving.addresses[0], mode=MODERN) as client,
        client.listen(tools=True),
    ):
        assert (await client.call_tool("now", {})).content[0].text == "now"


async def test_without_a_bound_none_is_refused_for_what_others_do() -> None:
    gate = Gate()
    async with (
        asyncio.timeout(SECONDS),
        server(gate, 0) as serving,
        mcpgrpc.Client(serving.addresses[0], mode=MODERN) as client,
    ):
        running = [asyncio.create_task(client.call_tool("wait", {})) for _ in range(20)]
        for _ in running:
            await gate.waiting.acquire()
        gate.open.set()
        await asyncio.gather(*running)


async def readiness(address: str) -> AsyncIterator[str]:
    async with grpc.aio.insecure_channel(address, options=LOCAL_CONNECTION) as channel:
        watch = health_pb2_grpc.HealthStub(channel).Watch
        async for told in watch(health_pb2.HealthCheckRequest(service="readiness")):
            yield str(health_pb2.HealthCheckResponse.ServingStatus.Name(told.status))


@pytest.mark.parametrize(("seconds", "turns"), [(0.05, True), (0, False)], ids=["asked", "not"])
async def test_a_server_that_stays_full_is_not_ready_where_that_is_asked_for(
    seconds: float, turns: bool
) -> None:
    gate = Gate()
    async with (
        asyncio.timeout(SECONDS),
        server(gate, 1, overload_not_ready_seconds=seconds) as serving,
        mcpgrpc.Client(serving.addresses[0], mode=MODERN) as client,
    ):
        told = readiness(serving.addresses[0])
        assert await anext(told) == "SERVING"
        running = asyncio.create_task(client.call_tool("wait", {}))
        await gate.waiting.acquire()
        if turns:
            assert await anext(told) == "NOT_SERVING"
        gate.open.set()
        await running
        if turns:
            assert await anext(told) == "SERVING"
        await serving.drain(0)
        assert await anext(told) == "NOT_SERVING"


def watched() -> tuple[OverloadWatch, list[bool]]:
    told: list[bool] = []
    return OverloadWatch(lambda: 0, 100, 8, told.append), told


async def test_a_burst_shorter_than_the_time_changes_nothing() -> None:
    watch, told = watched()
    for _ in range(3):
        for running in (*[100] * (LOOKS - 1), 89):
            watch.saw(running)
    assert told == []


async def test_load_between_the_two_marks_does_not_make_it_flap() -> None:
    watch, told = watched()
    for running in (*[90] * LOOKS, *[61, 89, 100] * LOOKS):
        watch.saw(running)
    assert told == [True]
    for running in (*[60] * (LOOKS - 1), 61, *[60] * LOOKS):
        watch.saw(running)
    assert told == [True, False]
    for running in [61, 89] * LOOKS:
        watch.saw(running)
    assert told == [True, False]
