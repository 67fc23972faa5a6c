"""`mcpgrpc health`, which probes and scripts rely on for its exit code."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

from mcp.server import MCPServer

from mcpgrpc_server import Server, ServerSettings
from tests.cli.conftest import Run


async def test_a_server_that_serves_is_healthy(run: Run, address: str) -> None:
    done = await run("health", address)
    assert (done.code, done.out, done.err) == (0, "SERVING\n", "")


async def test_a_service_is_asked_for_by_its_full_name(run: Run, address: str) -> None:
    done = await run("health", address, "--service", "mcpgrpc.v1.McpService", "--output", "json")
    assert (done.code, json.loads(done.out)) == (0, {"status": "SERVING"})


async def test_an_unknown_service_is_said_to_be_unknown(run: Run, address: str) -> None:
    done = await run("health", address, "--service", "no.such")
    assert (done.code, done.out) == (1, "")
    assert "no.such" in done.err


async def test_a_server_that_is_not_there_is_unhealthy(run: Run) -> None:
    done = await run("health", "127.0.0.1:1")
    assert (done.code, done.out) == (1, "")
    assert "127.0.0.1:1" in done.err


async def test_waiting_ends_when_the_server_comes_up(
    run: Run, app: MCPServer, tmp_path: Path
) -> None:
    address = f"unix:{tmp_path}/s"
    waiting = asyncio.create_task(run("health", address, "--wait", "25"))
    await asyncio.sleep(0)
    async with Server(app, listen=[address], settings=ServerSettings()):
        done = await waiting
    assert (done.code, done.out) == (0, "SERVING\n")


async def test_waiting_is_bounded(run: Run) -> None:
    done = await run("health", "127.0.0.1:1", "--wait", "0.5")
    assert (done.code, done.out) == (1, "")
    assert "0.5 s" in done.err
