"""The order of a drain: not ready, a pause in which all is served, GoAway, what runs, the end."""

from __future__ import annotations

import asyncio
import json
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx2
import pytest

import mcpgrpc
from mcpgrpc_server import Server, ServerSettings
from mcpgrpc_server.lifecycle.pause import PAUSE_SECONDS, pause_seconds_of
from mcpgrpc_server.telemetry import NoTelemetry
from tests.doors.door import modern_request
from tests.lifecycle.process import SECONDS, Processes, free_address, health_of
from tests.wire.app import Probe
from tests.wire.raw import OpenSession, Serve, text_of, tool, within

LONG_SECONDS = 600


@pytest.mark.parametrize(
    ("told", "seconds"),
    [
        ({"listen": ["127.0.0.1:1", "[::1]:1", "unix:/run/s"]}, 0),
        ({"listen": ["127.0.0.1:1", "0.0.0.0:1"]}, PAUSE_SECONDS),
        ({"listen": ["mtls:pod.example:1"]}, PAUSE_SECONDS),
        ({"listen": ["127.0.0.1:1"], "http": "0.0.0.0:2"}, PAUSE_SECONDS),
        ({"listen": ["127.0.0.1:1"], "health": "0.0.0.0:2"}, 0),
        ({"listen": ["127.0.0.1:1"], "drain_pause_seconds": 2.5}, 2.5),
        ({"listen": ["0.0.0.0:1"], "drain_pause_seconds": 0}, 0),
    ],
    ids=["local", "all interfaces", "a name", "the door", "health alone", "as told", "none told"],
)
def test_the_pause_is_for_balancers_and_so_where_other_machines_can_connect(
    told: dict[str, Any], seconds: float
) -> None:
    assert pause_seconds_of(ServerSettings(**told)) == seconds


class Told(NoTelemetry):
    """What was told of drains."""

    def __init__(self) -> None:
        self.events: list[str] = []

    def drain_started(self, grace_seconds: float) -> None:
        self.events.append(f"started {grace_seconds:g}")

    def drain_finished(self, duration_seconds: float, ended_requests: int) -> None:
        self.events.append(f"finished {ended_requests}")


async def until_not_ready(address: str) -> None:
    async with asyncio.timeout(SECONDS):
        while await health_of(address) == "SERVING":
            pass


async def test_in_the_pause_everything_is_served_and_then_streams_are_told(
    serve: Serve, opened: OpenSession, probe: Probe
) -> None:
    events = Told()
    server = await serve(telemetry=events)
    before = await opened(server)
    await before.send(tool(1, "hold", {"key": "a"}))
    await within(probe.began["a"].wait())
    leaving = asyncio.create_task(server.leave(pause_seconds=LONG_SECONDS))
    await until_not_ready(server.addresses[0])
    during = await opened(server)
    assert (await during.call(1, "echo", {"value": 1})).HasField("result_json")
    assert (await before.call(2, "echo", {"value": 2})).HasField("result_json")
    assert events.events == []
    drain = asyncio.create_task(server.drain(grace_seconds=SECONDS))
    for session in (before, during):
        assert (await session.next("go_away")).grace.ToSeconds() == SECONDS
    await within(leaving)
    assert events.events == ["started 60"]
    probe.gates["a"].set()
    assert text_of(await before.response(1)) == "a"
    await within(drain)
    assert events.events == ["started 60", "finished 0"]


@asynccontextmanager
async def in_its_pause(serve: Serve) -> AsyncIterator[tuple[Server, asyncio.Task[None]]]:
    server = await serve()
    drain = asyncio.create_task(server.drain(pause_seconds=LONG_SECONDS))
    await until_not_ready(server.addresses[0])
    yield server, drain
    await within(drain)


async def test_whoever_stops_a_server_in_its_pause_waits_for_nothing(serve: Serve) -> None:
    async with in_its_pause(serve) as (server, _):
        await within(server.stop())


async def test_a_backend_that_recovers_in_the_pause_makes_nothing_ready(serve: Serve) -> None:
    async with in_its_pause(serve) as (server, drain):
        server._readiness.set_overloaded(False)
        assert await health_of(server.addresses[0], "readiness") == "NOT_SERVING"
        assert not drain.done()
        await within(server.stop())


async def test_a_process_serves_on_in_the_pause_and_a_second_signal_ends_it(
    processes: Processes,
) -> None:
    process = await processes.start("--drain-pause", str(LONG_SECONDS))
    process.signal(signal.SIGTERM)
    told = json.loads(await process.line_with("not ready any more"))
    assert told["pause_seconds"] == LONG_SECONDS
    assert await health_of(process.address) == "NOT_SERVING"
    assert await health_of(process.address, "liveness") == "SERVING"
    async with mcpgrpc.Client(process.address) as client:
        assert (await client.call_tool("now", {})).content[0].text == "now"
    process.signal(signal.SIGTERM)
    assert await process.exit_code() == -signal.SIGTERM


async def test_after_the_pause_the_process_drains_and_ends_well(processes: Processes) -> None:
    process = await processes.start("--drain-pause", "0.1")
    process.signal(signal.SIGTERM)
    for what in ("not ready any more", "drain started", "drain finished"):
        await process.line_with(what)
    assert await process.exit_code() == 0


async def test_the_http_door_serves_on_in_the_pause_and_is_not_ready(
    processes: Processes,
) -> None:
    http = free_address()
    process = await processes.start("--drain-pause", str(LONG_SECONDS), "--http", http)
    async with httpx2.AsyncClient(timeout=SECONDS) as client:
        assert (await client.get(f"http://{http}/ready")).status_code == 200
        process.signal(signal.SIGTERM)
        await process.line_with("not ready any more")
        assert (await client.get(f"http://{http}/ready")).status_code == 503
        content, headers = modern_request("tools/call", {"name": "now", "arguments": {}})
        answer = await client.post(f"http://{http}/mcp", content=content, headers=headers)
        assert answer.status_code == 200, answer.text
        assert "now" in answer.text
