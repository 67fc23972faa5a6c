"""Health tells the truth: about starting, serving and draining, for each service by full name."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc
from mcp.server.lowlevel import Server as LowlevelServer

from mcpgrpc_server import Server, ServerSettings
from mcpgrpc_server.typed.services import SERVICE_NAMES
from tests.wire.app import Probe
from tests.wire.raw import LOCAL_CONNECTION, RawSession, Serve, tool

SERVING = health_pb2.HealthCheckResponse.SERVING
NOT_SERVING = health_pb2.HealthCheckResponse.NOT_SERVING
SERVICES = ["", "mcpgrpc.v1.McpService", *SERVICE_NAMES, "grpc.health.v1.Health"]
PROBES = ["startup", "liveness", "readiness"]


class Watching:
    """A health client of one server."""

    def __init__(self, address: str) -> None:
        self.channel = grpc.aio.insecure_channel(address, options=LOCAL_CONNECTION)
        self.stub: Any = health_pb2_grpc.HealthStub(self.channel)

    async def check(self, service: str = "") -> int:
        response = await self.stub.Check(health_pb2.HealthCheckRequest(service=service), timeout=10)
        return int(response.status)

    async def list(self) -> dict[str, int]:
        response = await self.stub.List(health_pb2.HealthListRequest(), timeout=10)
        return {name: each.status for name, each in response.statuses.items()}

    def watch(self, service: str = "") -> Any:
        return self.stub.Watch(health_pb2.HealthCheckRequest(service=service), timeout=10)


@asynccontextmanager
async def watching(address: str) -> AsyncIterator[Watching]:
    client = Watching(address)
    try:
        yield client
    finally:
        await client.channel.close()


def app_with_lifespan(entered: asyncio.Event, come_up: asyncio.Event) -> LowlevelServer[Any]:
    @asynccontextmanager
    async def lifespan(_: LowlevelServer[Any]) -> AsyncIterator[None]:
        entered.set()
        await come_up.wait()
        yield

    return LowlevelServer("slow", lifespan=lifespan)


async def test_health_answers_not_serving_until_the_lifespan_has_come_up() -> None:
    entered, come_up = asyncio.Event(), asyncio.Event()
    app = app_with_lifespan(entered, come_up)
    server = Server(app, listen=["127.0.0.1:0"], settings=ServerSettings())
    starting = asyncio.create_task(server.start())
    await asyncio.wait_for(entered.wait(), 10)
    async with watching(server.addresses[0]) as client:
        assert await client.check() == NOT_SERVING
        watch = client.watch("mcpgrpc.v1.McpService")
        assert (await watch.read()).status == NOT_SERVING
        session = RawSession(client.channel)
        refused = await session.ending()
        assert (refused.code, refused.reason) == (grpc.StatusCode.UNAVAILABLE, "DRAINING")
        come_up.set()
        await asyncio.wait_for(starting, 10)
        assert (await watch.read()).status == SERVING
        assert await client.check() == SERVING
        watch.cancel()
    await server.stop()


@pytest.mark.parametrize("service", SERVICES)
async def test_each_service_is_checked_by_its_full_name(server: Server, service: str) -> None:
    async with watching(server.addresses[0]) as client:
        assert await client.check(service) == SERVING


async def test_all_services_are_listed(server: Server) -> None:
    async with watching(server.addresses[0]) as client:
        assert await client.list() == dict.fromkeys(SERVICES + PROBES, SERVING)


async def test_an_unknown_service_is_not_found_by_check_and_unknown_to_watch(
    server: Server,
) -> None:
    async with watching(server.addresses[0]) as client:
        with pytest.raises(grpc.aio.AioRpcError) as raised:
            await client.check("nobody.v1.Service")
        assert raised.value.code() is grpc.StatusCode.NOT_FOUND
        watch = client.watch("nobody.v1.Service")
        assert (await watch.read()).status == health_pb2.HealthCheckResponse.SERVICE_UNKNOWN
        watch.cancel()


async def test_trap_14_health_says_not_serving_as_soon_as_a_drain_begins(
    server: Server, session: RawSession, probe: Probe
) -> None:
    await session.send(tool(1, "hold", {"key": "a"}))
    await asyncio.wait_for(probe.began["a"].wait(), 10)
    async with watching(server.addresses[0]) as client:
        watch = client.watch("mcpgrpc.v1.McpService")
        assert (await watch.read()).status == SERVING
        drain = asyncio.create_task(server.drain(grace_seconds=10))
        assert (await watch.read()).status == NOT_SERVING
        # Asked on a connection from before: the request in flight still runs.
        assert await client.check() == NOT_SERVING
        told = dict.fromkeys([*SERVICES, "readiness"], NOT_SERVING)
        assert await client.list() == told | {"liveness": SERVING, "startup": SERVING}
        probe.gates["a"].set()
        await session.response(1)
        assert await watch.read() is grpc.aio.EOF
        await asyncio.wait_for(drain, 10)


async def test_watchers_hear_of_a_drain_that_has_nothing_to_wait_for(server: Server) -> None:
    async with watching(server.addresses[0]) as client:
        watch = client.watch()
        assert (await watch.read()).status == SERVING
        await asyncio.wait_for(server.drain(grace_seconds=10), 5)
        assert (await watch.read()).status == NOT_SERVING
        assert await watch.read() is grpc.aio.EOF


async def test_watchers_that_do_not_read_never_hang_a_drain(server: Server) -> None:
    async with watching(server.addresses[0]) as client:
        watches = [client.watch(service) for service in SERVICES for _ in range(10)]
        for watch in watches:
            await watch.initial_metadata()
        await asyncio.wait_for(server.drain(grace_seconds=10), 5)
        for watch in watches:
            watch.cancel()


async def reflected(server: Server) -> list[str]:
    async with grpc.aio.insecure_channel(server.addresses[0], options=LOCAL_CONNECTION) as channel:
        stub: Any = reflection_pb2_grpc.ServerReflectionStub(channel)
        call = stub.ServerReflectionInfo(timeout=10)
        await call.write(reflection_pb2.ServerReflectionRequest(list_services=""))
        response = await call.read()
        await call.done_writing()
        return [each.name for each in response.list_services_response.service]


async def test_reflection_names_every_service(server: Server) -> None:
    names = await reflected(server)
    assert {"mcpgrpc.v1.McpService", "grpc.health.v1.Health"} <= set(names)


async def test_reflection_can_be_switched_off(serve: Serve) -> None:
    server = await serve(reflection=False)
    async with grpc.aio.insecure_channel(server.addresses[0], options=LOCAL_CONNECTION) as channel:
        stub: Any = reflection_pb2_grpc.ServerReflectionStub(channel)
        # Nothing is written: a write that races with the refusal hides it as INTERNAL.
        assert await stub.ServerReflectionInfo(timeout=10).code() is grpc.StatusCode.UNIMPLEMENTED
