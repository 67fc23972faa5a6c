"""What kubelet's probes hear, by the real grpc-health-probe, from the start of a pod to its end."""

from __future__ import annotations

import asyncio
import os
import signal
import threading
from pathlib import Path

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from mcpgrpc_server.health import LIVENESS, READINESS, STARTUP
from tests.interop.conftest import run
from tests.interop.programs import required
from tests.mesh.manifests import container
from tests.mesh.replicas import Replica, replicas

HEALTHY = 0
NO_CONNECTION = 2
UNHEALTHY = 4
SECONDS = 30.0

pytestmark = pytest.mark.timeout(120)


def probed_names() -> set[str]:
    """What the manifests ask for."""
    told = container("base", "mcpgrpc")
    return {
        told[f"{name}Probe"]["grpc"]["service"] for name in ("startup", "liveness", "readiness")
    }


async def probes(health: str) -> dict[str, int]:
    """The exit code of a probe for each name."""
    program = required("grpc-health-probe")
    names = sorted(probed_names())
    ended = await asyncio.gather(
        *(
            run(
                [
                    program,
                    f"-addr={health}",
                    f"-service={name}",
                    "-connect-timeout=20s",
                    "-rpc-timeout=20s",
                ],
                environment={},
            )
            for name in names
        )
    )
    return {name: each.code for name, each in zip(names, ended, strict=True)}


async def until(health: str, service: str, status: int) -> None:
    """Watch a service until it has a status."""
    async with asyncio.timeout(SECONDS), grpc.aio.insecure_channel(health) as channel:
        stub = health_pb2_grpc.HealthStub(channel)
        watch = stub.Watch(health_pb2.HealthCheckRequest(service=service), wait_for_ready=True)
        async for answer in watch:
            if answer.status == status:
                return
    raise AssertionError(f"{service} was never {status}")


def open_gate(gate: Path) -> None:
    """Let an app come up that waits for it."""
    gate.write_bytes(b"up")


async def test_probes_hear_the_truth_in_every_phase(tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    os.mkfifo(gate)
    given = {"MESH_GATE": str(gate)}
    pause = ("--drain-pause", "100", "--drain-grace", "0")
    async with replicas(tmp_path, count=1, started=0, environment=given) as fleet:
        (first,) = fleet.each
        host = first.address.rpartition(":")[0]
        health = f"{host}:50052"
        replica = Replica(first.address, tmp_path, (*pause, "--health", health), given)
        try:
            await replica.begin()
            await until(health, LIVENESS, health_pb2.HealthCheckResponse.SERVING)
            coming_up = {STARTUP: UNHEALTHY, LIVENESS: HEALTHY, READINESS: UNHEALTHY}
            assert await probes(health) == coming_up
            opened = threading.Thread(target=open_gate, args=(gate,))
            opened.start()
            await replica.answering()
            opened.join()
            assert await probes(health) == dict.fromkeys(probed_names(), HEALTHY)
            replica.signal(signal.SIGTERM)
            await until(health, READINESS, health_pb2.HealthCheckResponse.NOT_SERVING)
            draining = {STARTUP: HEALTHY, LIVENESS: HEALTHY, READINESS: UNHEALTHY}
            assert await probes(health) == draining
        finally:
            await replica.close()
        ended = await run(
            [required("grpc-health-probe"), f"-addr={health}", "-connect-timeout=1s"],
            environment={},
        )
        assert ended.code == NO_CONNECTION
