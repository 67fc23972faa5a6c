"""The shipped Envoy while servers drain, die or are not there: nothing runs twice."""

from __future__ import annotations

import asyncio
import json
import signal
from pathlib import Path
from typing import Any

import grpc
import pytest

from mcpgrpc.v1 import mcp_service_pb2_grpc, tools_service_pb2, tools_service_pb2_grpc
from tests.mesh.proxy import Front, proxied
from tests.mesh.replicas import Replica

SECONDS = 60.0
LOOK_SECONDS = 0.02
CALLS = 40
MANY_CALLS = 400
LONG_SECONDS = 50

pytestmark = pytest.mark.timeout(180)


def calling(front: Front, channel: grpc.aio.Channel, execution: str, seconds: float = 0) -> Any:
    """A typed call of `record`, under way."""
    stub: Any = tools_service_pb2_grpc.ToolsServiceStub(channel)
    arguments = json.dumps({"id": execution, "seconds": seconds})
    request = tools_service_pb2.CallToolRequest(name="record", arguments_json=arguments)
    return stub.CallTool(request, timeout=SECONDS, metadata=front.metadata)


async def executing(front: Front, execution: str) -> Replica:
    """The replica that executes something, once it does."""
    async with asyncio.timeout(SECONDS):
        while True:
            for replica in front.replicas.each:
                if execution in replica.ids:
                    return replica
            # Nobody tells when a file grows.
            await asyncio.sleep(LOOK_SECONDS)


async def test_health_checks_see_a_drain_while_everything_is_still_served(tmp_path: Path) -> None:
    options = ("--drain-pause", "120", "--drain-grace", "0")
    async with proxied(tmp_path, options=options) as front, front.channel() as channel:
        leaving, staying = front.replicas.each
        await front.envoy.wait_healthy(leaving.address, staying.address)
        leaving.signal(signal.SIGTERM)
        await front.envoy.wait_unhealthy(leaving.address)
        before = len(leaving.ids)
        for number in range(CALLS):
            await calling(front, channel, f"drained-{number}")
        assert len(leaving.ids) == before
        assert len(staying.ids) >= CALLS
        assert await front.envoy.health() == {leaving.address: False, staying.address: True}


async def test_what_may_have_run_is_not_sent_again(tmp_path: Path) -> None:
    async with proxied(tmp_path) as front, front.channel() as channel:
        await front.envoy.wait_healthy(*front.replicas.addresses)
        call = calling(front, channel, "long", LONG_SECONDS)
        replica = await executing(front, "long")
        replica.signal(signal.SIGKILL)
        assert await call.code() is grpc.StatusCode.UNAVAILABLE
        # Another call is answered by the other replica, so a second try would have been there.
        await calling(front, channel, "after")
        assert front.replicas.executions() == {"long": 1, "after": 1}


def unjudged(cluster: dict[str, Any]) -> None:
    """Envoy knows of no server that it is away."""
    del cluster["health_checks"], cluster["outlier_detection"]


async def test_what_could_not_be_sent_goes_to_another_server_and_runs_once(tmp_path: Path) -> None:
    async with (
        proxied(tmp_path, count=2, running=1, cluster=unjudged) as front,
        front.channel() as channel,
    ):
        calls = [f"sent-{number}" for number in range(MANY_CALLS)]
        for execution in calls:
            await calling(front, channel, execution)
        assert front.replicas.executions() == dict.fromkeys(calls, 1)
        await front.lines(MANY_CALLS)
        # At once, not to the same one again: about one in 64 was, and one in 4,096 was then lost.
        assert {line["attempts"] for line in front.logged()} == {1, 2}


async def test_a_stream_that_could_not_be_opened_is_opened_at_another_server(
    tmp_path: Path,
) -> None:
    async with (
        proxied(tmp_path, count=2, running=1, cluster=unjudged) as front,
        front.channel() as channel,
    ):
        stub: Any = mcp_service_pb2_grpc.McpServiceStub(channel)
        for _ in range(CALLS):
            stream = stub.Session(timeout=SECONDS, metadata=front.metadata)
            first = await stream.read()
            assert first is not grpc.aio.EOF, await stream.code()
            assert first.items[0].HasField("settings")
            stream.cancel()
        await front.lines(CALLS)
        assert {line["attempts"] for line in front.logged()} == {1, 2}


async def test_a_server_that_refuses_connections_is_ejected(tmp_path: Path) -> None:
    def unchecked(cluster: dict[str, Any]) -> None:
        """Outlier detection alone is to find it."""
        del cluster["health_checks"]

    async with (
        proxied(tmp_path, count=2, running=1, cluster=unchecked) as front,
        front.channel() as channel,
    ):
        calls = [f"ejected-{number}" for number in range(CALLS)]
        for execution in calls:
            await calling(front, channel, execution)
        answer = await front.admin.get(
            "/stats", params={"filter": "outlier_detection.ejections_enforced_total"}
        )
        assert int(answer.text.rpartition(":")[2]) >= 1
        assert front.replicas.executions() == dict.fromkeys(calls, 1)


async def test_a_sidecar_that_drains_moves_its_clients_and_refuses_nothing(tmp_path: Path) -> None:
    async with (
        proxied(tmp_path, count=1, servers="pod.yaml") as front,
        front.channel() as channel,
    ):
        await calling(front, channel, "before")
        running = calling(front, channel, "running", 1)
        await executing(front, "running")
        # As preStop does in the overlay.
        answer = await front.admin.post("/drain_listeners?graceful")
        assert answer.text == "OK\n"
        await running
        await calling(front, channel, "meanwhile")
        await calling(front, channel, "moved")
        stats = await front.admin.get("/stats", params={"filter": "http.front.downstream_cx"})
        figures = dict(line.split(": ") for line in stats.text.splitlines() if "P0" not in line)
        assert int(figures["http.front.downstream_cx_drain_close"]) >= 1
        executions = front.replicas.executions()
        assert executions == dict.fromkeys(("before", "running", "meanwhile", "moved"), 1)
