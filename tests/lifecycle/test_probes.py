"""What probes ask for: startup, liveness and readiness, in every phase of a server."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import grpc
import pytest
from mcp.server.lowlevel import Server as LowlevelServer

import mcpgrpc
from mcpgrpc_server import Server, ServerSettings
from mcpgrpc_server.sdk.app import SdkApp
from tests.lifecycle.process import SECONDS, Processes, free_address, health_of
from tests.wire.raw import within

PROBES = ("startup", "liveness", "readiness", "")


async def told(address: str) -> dict[str, str]:
    return {service: await health_of(address, service) for service in PROBES}


def all_but(*not_serving: str) -> dict[str, str]:
    return {service: "NOT_SERVING" if service in not_serving else "SERVING" for service in PROBES}


async def test_startup_and_readiness_wait_for_the_lifespan_and_liveness_does_not() -> None:
    entered, come_up = asyncio.Event(), asyncio.Event()

    @asynccontextmanager
    async def lifespan(_: LowlevelServer[Any]) -> AsyncIterator[None]:
        entered.set()
        await come_up.wait()
        yield

    settings = ServerSettings(listen=["127.0.0.1:0"])
    server = Server(LowlevelServer("slow", lifespan=lifespan), settings=settings)
    starting = asyncio.create_task(server.start())
    await within(entered.wait())
    assert await told(server.addresses[0]) == all_but("startup", "readiness", "")
    come_up.set()
    await within(starting)
    assert await told(server.addresses[0]) == all_but()
    await server.stop()


async def test_what_is_down_behind_the_server_is_no_reason_to_restart_it() -> None:
    app = SdkApp(LowlevelServer("behind"))
    settings = ServerSettings(listen=["127.0.0.1:0"], health="127.0.0.1:0")
    async with Server(app, settings=settings) as server:
        for address in (server.addresses[0], server.health_address):
            app.availability.set(serving=False)
            assert await told(address) == all_but("readiness", "")
            app.availability.set(serving=True)
            assert await told(address) == all_but()


async def test_in_a_drain_the_process_is_alive_and_has_started() -> None:
    settings = ServerSettings(listen=["127.0.0.1:0"], health="127.0.0.1:0")
    async with Server(LowlevelServer("leaving"), settings=settings) as server:
        leaving = asyncio.create_task(server.leave(pause_seconds=SECONDS))
        while await health_of(server.health_address) == "SERVING":
            pass
        assert await told(server.health_address) == all_but("readiness", "")
        await server.stop()
        await within(leaving)


async def command(address: str, *words: str) -> tuple[int, str]:
    """What `mcpgrpc health` ends with, and what it prints."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-P", "-m", "mcpgrpc.cli.main", "health", address, *words),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    async with asyncio.timeout(SECONDS):
        out, _ = await process.communicate()
    assert process.returncode is not None
    return process.returncode, out.decode().strip()


@pytest.mark.parametrize("listener", ["its own", "for health"])
async def test_liveness_fails_while_the_event_loop_is_stuck_and_recovers(
    processes: Processes, tmp_path: Path, listener: str
) -> None:
    go_on = tmp_path / "go on"
    health = free_address()
    process = await processes.start("--health", health)
    address = process.address if listener == "its own" else health
    assert await health_of(address, "liveness") == "SERVING"
    async with mcpgrpc.Client(process.address, mode="2026-07-28") as client:
        stuck = asyncio.create_task(
            client.call_tool("stop_the_loop", {"until": str(go_on)}, timeout=SECONDS)
        )
        await process.line_with("stopped")
        with pytest.raises(grpc.aio.AioRpcError) as raised:
            await health_of(address, "liveness", timeout_seconds=1)
        assert raised.value.code() is grpc.StatusCode.DEADLINE_EXCEEDED
        assert await command(address, "--service", "liveness", "--timeout", "1") == (1, "")
        go_on.touch()
        assert (await stuck).content[0].text == "going on"
        assert await health_of(address, "liveness") == "SERVING"
        assert await command(address, "--service", "liveness") == (0, "SERVING")
    process.signal(signal.SIGTERM)
    assert await process.exit_code() == 0
