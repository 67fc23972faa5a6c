"""Thousands of Sessions that lose their server at once all come back to it."""

from __future__ import annotations

import asyncio
import signal
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from mcpgrpc import Client
from mcpgrpc.errors import McpGrpcError
from tests.mesh.replicas import Replicas, replicas
from tests.mesh.ways import way_to

pytestmark = pytest.mark.timeout(200)

SESSIONS = 2_500
CONNECT_SECONDS = 90.0
"""Everything is on two cores, and the storm is one process's."""

SHOWN = 5


async def record_each(clients: list[Client], when: str) -> list[McpGrpcError]:
    """One call of every client at once; gives what failed."""

    async def record(number: int, client: Client) -> McpGrpcError | None:
        try:
            await client.call_tool("record", {"id": f"{when}-{number}"}, timeout=CONNECT_SECONDS)
        except McpGrpcError as error:
            return error
        return None

    ends = await asyncio.gather(*(record(*numbered) for numbered in enumerate(clients)))
    return [error for error in ends if error is not None]


def check_each_once(fleet: Replicas, when: str) -> None:
    executions = fleet.executions()
    assert {executions[f"{when}-{number}"] for number in range(SESSIONS)} == {1}


@pytest.mark.parametrize("way", ["list", "envoy"])
async def test_every_one_of_2500_sessions_that_lose_their_server_comes_back(
    tmp_path: Path, way: str
) -> None:
    async with (
        replicas(tmp_path, count=1) as fleet,
        way_to(fleet, way, tmp_path) as road,
        AsyncExitStack() as stack,
    ):
        (replica,) = fleet.each
        await road.wait_routed(replica.address)
        clients = [
            Client(road.target, mode="2026-07-28", connect_timeout_seconds=CONNECT_SECONDS)
            for _ in range(SESSIONS)
        ]
        await asyncio.gather(*map(stack.enter_async_context, clients))
        failed = await record_each(clients, "before")
        assert not failed, (len(failed), failed[:SHOWN], fleet.last_words)
        replica.signal(signal.SIGKILL)
        await replica.ended()
        await replica.start()
        await road.wait_routed(replica.address)
        failed = await record_each(clients, "after")
        assert not failed, (len(failed), failed[:SHOWN], fleet.last_words)
        check_each_once(fleet, "before")
        check_each_once(fleet, "after")
