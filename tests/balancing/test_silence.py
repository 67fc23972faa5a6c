"""A server that promised to write now and then: whether it does, and who is silent meanwhile."""

from __future__ import annotations

import asyncio
import time

import pytest

from mcpgrpc import Client
from mcpgrpc.binding.limits import Limits
from mcpgrpc.errors import ConnectionLost
from tests.balancing.replicas import MAX_SECONDS, MODERN
from tests.client.fake_server import Peer, fake_server

INTERVAL_SECONDS = 0.2
PROMISE = Limits(keepalive_interval_seconds=INTERVAL_SECONDS)


async def test_a_server_that_breaks_its_promise_is_left_and_the_next_call_goes_on() -> None:
    async def script(peer: Peer) -> None:
        await peer.settings(PROMISE)
        request = await peer.request()
        if peer.number > 1:
            await peer.answer(request.id, "{}")
        await peer.for_ever()

    async with (
        fake_server(script) as fake,
        asyncio.timeout(MAX_SECONDS),
        Client(fake.address, mode=MODERN) as client,
    ):
        with pytest.raises(ConnectionLost, match=r"promised to write every 0\.2 s") as lost:
            await client.request("tools/list")
        assert lost.value.execution == "MAYBE"
        assert await client.request("tools/list") == {}


async def test_a_server_that_writes_empty_frames_is_waited_for() -> None:
    frames = 20

    async def script(peer: Peer) -> None:
        await peer.settings(PROMISE)
        request = await peer.request()
        for _ in range(frames):
            await peer.send()
            await asyncio.sleep(INTERVAL_SECONDS / 2)
        await peer.answer(request.id, "{}")
        await peer.for_ever()

    async with (
        fake_server(script) as fake,
        asyncio.timeout(MAX_SECONDS),
        Client(fake.address, mode=MODERN) as client,
    ):
        assert await client.request("tools/list") == {}
        assert fake.sessions == 1


async def test_a_client_that_was_held_up_itself_blames_nobody() -> None:
    async def script(peer: Peer) -> None:
        await peer.settings(PROMISE)
        request = await peer.request()
        time.sleep(10 * INTERVAL_SECONDS)  # noqa: ASYNC251 - it holds up the client's loop as well
        await peer.answer(request.id, "{}")
        await peer.for_ever()

    async with (
        fake_server(script) as fake,
        asyncio.timeout(MAX_SECONDS),
        Client(fake.address, mode=MODERN) as client,
    ):
        assert await client.request("tools/list") == {}
        assert fake.sessions == 1
