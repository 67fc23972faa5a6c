"""Notifications to a server that does not read: they wait, so memory does not grow, and then go."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from mcpgrpc import Client
from mcpgrpc.binding.limits import Limits
from mcpgrpc.connection import ConnectionOptions
from mcpgrpc.relay.host import TextHost
from mcpgrpc.stream import sending
from tests.client.conftest import MODERN
from tests.client.fake_server import Peer, fake_server

MAX_SECONDS = 20
COUNT = 300
PADDING = "x" * 64 * 1024
PAUSE_SECONDS = 0.3


class Reader:
    """A server that reads nothing until it is told to, and then counts."""

    def __init__(self) -> None:
        self.go_on = asyncio.Event()
        self.all_read = asyncio.Event()
        self.numbers: list[int] = []

    async def script(self, peer: Peer) -> None:
        await peer.settings()
        await self.go_on.wait()
        async for frame in peer.frames:
            for item in frame.items:
                if item.envelope.WhichOneof("message") == "notification":
                    self._count(json.loads(item.envelope.notification.params_json))

    def _count(self, params: dict[str, Any]) -> None:
        self.numbers.append(params["number"])
        if len(self.numbers) == COUNT:
            self.all_read.set()


async def test_a_flood_waits_for_a_server_that_does_not_read_and_arrives_in_order() -> None:
    reader = Reader()
    async with (
        asyncio.timeout(MAX_SECONDS),
        fake_server(reader.script) as server,
        Client(server.address, mode=MODERN) as client,
    ):

        async def flood() -> None:
            for number in range(COUNT):
                await client.notify("notifications/x", {"number": number, "padding": PADDING})

        flooding = asyncio.create_task(flood())
        await asyncio.wait({flooding}, timeout=PAUSE_SECONDS)
        assert not flooding.done()
        reader.go_on.set()
        await flooding
        await reader.all_read.wait()
    assert reader.numbers == list(range(COUNT))


async def test_a_host_behind_a_door_is_slowed_down_as_well() -> None:
    async def deaf(peer: Peer) -> None:
        await peer.settings()
        await peer.answer((await peer.request()).id, "{}")
        await asyncio.Event().wait()

    async with asyncio.timeout(MAX_SECONDS), fake_server(deaf) as server:
        options = ConnectionOptions(target=server.address)
        channel = options.open_door_channel()
        host = TextHost(options, channel)
        await host.receive('{"jsonrpc":"2.0","id":1,"method":"server/discover"}')
        assert await host.next_text()

        async def flood() -> None:
            for number in range(COUNT):
                params = {"number": number, "padding": PADDING}
                message = {"jsonrpc": "2.0", "method": "notifications/x", "params": params}
                await host.receive(json.dumps(message))

        flooding = asyncio.create_task(flood())
        await asyncio.wait({flooding}, timeout=PAUSE_SECONDS)
        assert not flooding.done()
        await host.close()
        await channel.close()
        # What waited for room is let go with the host.
        await flooding


async def test_a_wait_for_room_is_bounded_and_the_notification_dropped_with_a_word(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(sending, "NOTIFY_SECONDS", 0.05)
    reader = Reader()
    async with (
        asyncio.timeout(MAX_SECONDS),
        fake_server(reader.script) as server,
        Client(server.address, mode=MODERN) as client,
    ):
        while "dropped notifications/x" not in caplog.text:
            await client.notify("notifications/x", {"number": 0, "padding": PADDING})
    assert f"{server.address} does not read" in caplog.text


async def test_a_notification_beyond_the_servers_limit_is_dropped_and_ends_no_stream(
    caplog: pytest.LogCaptureFixture,
) -> None:
    heard: list[str] = []
    done = asyncio.Event()

    async def small(peer: Peer) -> None:
        await peer.settings(Limits(max_envelope_bytes=10_000, max_frame_bytes=10_000))
        async for frame in peer.frames:
            for item in frame.items:
                if item.HasField("envelope"):
                    heard.append(item.envelope.notification.method)
                    done.set()

    async with (
        asyncio.timeout(MAX_SECONDS),
        fake_server(small) as server,
        Client(server.address, mode=MODERN) as client,
    ):
        await client.notify("notifications/large", {"padding": PADDING})
        await client.notify("notifications/small", {})
        await done.wait()
    assert heard == ["notifications/small"]
    assert "dropped notifications/large" in caplog.text
