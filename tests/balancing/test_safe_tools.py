"""Calls that may have run: sent again for tools that say they may, when the caller asked for it."""

from __future__ import annotations

import asyncio

import pytest

from mcpgrpc.errors import ConnectionLost
from tests.balancing.conftest import Connect
from tests.balancing.replicas import MAX_SECONDS, Replicas


@pytest.mark.parametrize("tool", ["read_only", "idempotent"])
async def test_a_safe_tool_that_was_lost_is_called_again_elsewhere(
    replicas: Replicas, connect: Connect, tool: str
) -> None:
    addresses = await replicas.start(1, 2)
    executions = replicas.executions
    client = await connect(",".join(addresses), retry_safe_tools=True)
    async with asyncio.timeout(MAX_SECONDS):
        await client.list_tools()
        calling = asyncio.create_task(client.call_tool(tool, {"call": "x"}))
        await executions.until(lambda: executions.by_id["x"] == 1)
        [lost] = executions.by_replica
        await replicas.stop(addresses.index(lost) + 1)
        await executions.until(lambda: executions.by_id["x"] == 2)
        executions.release.set()
        result = await calling
    assert result.structured_content == {"result": addresses[1 - addresses.index(lost)]}


@pytest.mark.parametrize(
    ("tool", "asked", "listed"),
    [
        ("unsafe", True, True),
        ("hold", True, True),
        ("read_only", False, True),
        ("read_only", True, False),
    ],
    ids=["annotated unsafe", "not annotated", "not asked for", "never listed"],
)
async def test_any_other_call_that_was_lost_runs_once(
    replicas: Replicas, connect: Connect, tool: str, asked: bool, listed: bool
) -> None:
    addresses = await replicas.start(1, 2)
    executions = replicas.executions
    client = await connect(",".join(addresses), retry_safe_tools=asked)
    async with asyncio.timeout(MAX_SECONDS):
        if listed:
            await client.list_tools()
        calling = asyncio.create_task(client.call_tool(tool, {"call": "x"}))
        await executions.until(lambda: executions.by_id["x"] == 1)
        [lost] = executions.by_replica
        await replicas.stop(addresses.index(lost) + 1)
        with pytest.raises(ConnectionLost) as error:
            await calling
        assert error.value.execution == "MAYBE"
        await client.call_tool("count", {"call": "y"})
    assert executions.by_id == {"x": 1, "y": 1}


async def test_a_safe_tool_that_is_always_lost_is_called_three_times_in_all(
    replicas: Replicas, connect: Connect
) -> None:
    [address] = await replicas.start(1)
    executions = replicas.executions
    client = await connect(address, retry_safe_tools=True)
    async with asyncio.timeout(MAX_SECONDS):
        await client.list_tools()
        calling = asyncio.create_task(client.call_tool("read_only", {"call": "x"}))
        for times in (1, 2, 3):
            await executions.until(lambda times=times: executions.by_id["x"] == times)
            await replicas.stop(1)
            await replicas.start(1)
        with pytest.raises(ConnectionLost):
            await calling
    assert executions.by_id["x"] == 3
