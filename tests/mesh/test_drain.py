"""What balancers and open streams see of a drain, through a proxy and without one."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from mcpgrpc import Client
from mcpgrpc.v1 import session_pb2
from tests.mesh.replicas import Replica, replicas
from tests.mesh.typed_load import typed_load
from tests.mesh.ways import way_to
from tests.wire.raw import LOCAL_CONNECTION, RawSession, tool

pytestmark = pytest.mark.timeout(100)

SERVING = health_pb2.HealthCheckResponse.SERVING
NOT_SERVING = health_pb2.HealthCheckResponse.NOT_SERVING
ANSWER_SECONDS = 20.0
HANG_SECONDS = 1.0


class Asked:
    """The health of a replica, as probes ask for it."""

    def __init__(self, channel: grpc.aio.Channel) -> None:
        self._stub: Any = health_pb2_grpc.HealthStub(channel)

    async def check(self, service: str, seconds: float = ANSWER_SECONDS) -> int:
        """The status of a service now."""
        request = health_pb2.HealthCheckRequest(service=service)
        answer = await self._stub.Check(request, timeout=seconds, wait_for_ready=True)
        return int(answer.status)

    async def checks(self, *services: str) -> dict[str, int]:
        """The statuses of several."""
        return {service: await self.check(service) for service in services}

    async def until(self, service: str, status: int) -> None:
        """Watch a service until it has a status."""
        request = health_pb2.HealthCheckRequest(service=service)
        watch = self._stub.Watch(request, timeout=ANSWER_SECONDS, wait_for_ready=True)
        async for answer in watch:
            if answer.status == status:
                watch.cancel()
                return
        raise AssertionError(f"{service} was never {status}")


@asynccontextmanager
async def asked(replica: Replica) -> AsyncIterator[Asked]:
    async with grpc.aio.insecure_channel(replica.address, options=LOCAL_CONNECTION) as channel:
        yield Asked(channel)


async def test_envoy_routes_nothing_to_a_replica_that_drains_while_it_still_serves(
    tmp_path: Path,
) -> None:
    pause = ("--drain-pause", "60")
    async with (
        replicas(tmp_path, pause) as fleet,
        way_to(fleet, "envoy", tmp_path) as road,
    ):
        assert road.envoy is not None
        draining, *others = fleet.each
        await road.wait_routed(*fleet.addresses)
        draining.signal(signal.SIGTERM)
        await road.envoy.wait_unhealthy(draining.address)
        async with Client(draining.address) as client:
            await client.call_tool("record", {"id": "still-served"})
        async with typed_load(tmp_path, road.target) as load:
            await load.more_batches()
            assert not await load.finish(), load.story
        assert draining.ids == ["still-served"]
        assert sum(len(replica.ids) for replica in others) == load.answered
        await road.envoy.wait_healthy(*(replica.address for replica in others))


@pytest.mark.parametrize("way", ["envoy", "list"])
async def test_a_stream_hears_of_the_drain_though_http2_does_not_tell_it(
    tmp_path: Path, way: str
) -> None:
    # Trap 13: a proxy ends HTTP/2's GOAWAY at itself, and gRPC shows it to no stream.
    async with (
        replicas(tmp_path, ("--drain-pause", "0"), count=1) as fleet,
        way_to(fleet, way, tmp_path) as road,
    ):
        (replica,) = fleet.each
        await road.wait_routed(replica.address)
        async with grpc.aio.insecure_channel(road.target, options=LOCAL_CONNECTION) as channel:
            session = RawSession(channel)
            await session.send(tool(1, "record", {"id": "in flight", "seconds": 1.0}))
            await replica.executing()
            replica.signal(signal.SIGTERM)
            go_away = await session.next("go_away")
            assert go_away.reason == session_pb2.GO_AWAY_REASON_SHUTDOWN
            assert go_away.accepted_requests == 1
            response = await session.response(1)
            assert response.WhichOneof("outcome") == "result_json"
            ending = await session.ending(ANSWER_SECONDS)
            assert ending.code is grpc.StatusCode.OK
        assert await replica.ended() == 0


async def test_health_tells_the_truth_from_the_start_to_the_end(tmp_path: Path) -> None:
    # Trap 14.
    gate = tmp_path / "gate"
    os.mkfifo(gate)
    environment = {"MESH_GATE": str(gate)}
    async with replicas(
        tmp_path, ("--drain-pause", "60"), count=1, started=0, environment=environment
    ) as fleet:
        (replica,) = fleet.each
        await replica.begin()
        async with asked(replica) as health:
            coming_up = await health.checks("startup", "liveness", "readiness", "")
            assert coming_up == {
                "startup": NOT_SERVING,
                "liveness": SERVING,
                "readiness": NOT_SERVING,
                "": NOT_SERVING,
            }
            await asyncio.to_thread(gate.write_bytes, b"up")
            await health.until("readiness", SERVING)
            assert set((await health.checks("startup", "liveness", "")).values()) == {SERVING}
            replica.signal(signal.SIGSTOP)
            with pytest.raises(grpc.aio.AioRpcError) as hangs:
                await health.check("liveness", HANG_SECONDS)
            assert hangs.value.code() is grpc.StatusCode.DEADLINE_EXCEEDED
            replica.signal(signal.SIGCONT)
            await health.until("liveness", SERVING)
            await replica.answering()
            replica.signal(signal.SIGTERM)
            await health.until("readiness", NOT_SERVING)
            draining = await health.checks("startup", "liveness", "mcpgrpc.v1.McpService")
            assert draining == {
                "startup": SERVING,
                "liveness": SERVING,
                "mcpgrpc.v1.McpService": NOT_SERVING,
            }
