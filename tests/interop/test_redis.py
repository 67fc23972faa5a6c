"""Rate limits that servers of one fleet share, in a real Redis that comes and goes."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

import mcpgrpc
from mcpgrpc.errors import ServiceError
from tests.interop.conftest import EXAMPLES, served
from tests.interop.redis_server import redis

SECONDS = 60
GREETING = str(EXAMPLES / "greeting.py")
LIMIT = ("--rate-limit", "10/minute")


async def let_through(client: mcpgrpc.Client, most: int) -> int:
    """How many of so many requests were let through."""
    seen = [await reason_of(client) for _ in range(most)]
    assert set(seen) <= {None, "RATE_LIMITED"}
    return seen.count(None)


async def test_two_servers_share_one_budget(tmp_path: Path) -> None:
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(asyncio.timeout(SECONDS))
        url = await stack.enter_async_context(redis(tmp_path / "redis.sock"))
        clients = []
        for name in ("one", "other"):
            address = await stack.enter_async_context(
                served(tmp_path / f"{name}.log", GREETING, *LIMIT, "--redis", url)
            )
            clients.append(await stack.enter_async_context(mcpgrpc.Client(address)))
        for client in clients:
            for _ in range(3):
                await client.list_tools()
        passed = [await let_through(client, 20) for client in clients]
    assert passed == [4, 0]


@pytest.mark.parametrize(("away", "reason"), [("open", None), ("closed", "OVERLOADED")])
async def test_without_redis_requests_go_on_or_are_refused_as_asked_for(
    tmp_path: Path, away: str, reason: str | None
) -> None:
    socket, log = tmp_path / "redis.sock", tmp_path / "serve.log"
    words = (GREETING, *LIMIT, "--redis", f"unix://{socket}", "--redis-away", away)
    async with (
        asyncio.timeout(SECONDS),
        served(log, *words) as address,
        mcpgrpc.Client(address) as client,
    ):
        seen = [await reason_of(client) for _ in range(30)]
        assert seen == [reason] * 30
        async with redis(socket):
            # A Redis that failed is asked again after a second.
            while await reason_of(client) != "RATE_LIMITED":
                pass
        assert await reason_of(client) in (reason, "RATE_LIMITED")
        while await reason_of(client) != reason:
            pass
    said = log.read_text()
    assert said.count("Redis is away") == 2
    assert "Redis is back" in said


async def reason_of(client: mcpgrpc.Client) -> str | None:
    """Why a request was refused; None when it was let through."""
    try:
        await client.list_tools()
    except ServiceError as refused:
        return refused.reason
    return None
