"""Several streams of one client: each on a connection of its own, opened under load."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from typing import Any

import grpc
import pytest

from mcpgrpc import Client
from mcpgrpc.errors import RequestTimeout, UsageError
from mcpgrpc.v1 import envelope_pb2
from mcpgrpc_server import Server
from tests.client.app import Ledger, text_of
from tests.client.conftest import MODERN, Connect, Start
from tests.client.fake_server import Peer, fake_server

MAX_SECONDS = 20


class Held:
    """Streams whose requests are answered when the test says so."""

    def __init__(self) -> None:
        self.peers: dict[int, Peer] = {}
        self.methods: dict[int, list[str]] = {}
        self.changed = asyncio.Condition()
        self.refused: set[int] = set()
        self.release = asyncio.Event()
        self.broken: dict[int, asyncio.Event] = {}

    @property
    def received(self) -> int:
        """Requests on all streams."""
        return sum(len(methods) for methods in self.methods.values())

    async def script(self, peer: Peer) -> None:
        """Take requests, and answer each once `release` is set."""
        broken = self.broken.setdefault(peer.number, asyncio.Event())
        async with self.changed:
            self.peers[peer.number] = peer
            self.methods[peer.number] = []
            self.changed.notify_all()
        if peer.number in self.refused:
            await peer.for_ever()
        await peer.settings()
        reading = asyncio.create_task(self._answer(peer))
        breaking = asyncio.create_task(broken.wait())
        try:
            await asyncio.wait({reading, breaking}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            reading.cancel()
            breaking.cancel()
        await peer.context.abort(grpc.StatusCode.UNAVAILABLE, "the script breaks the stream")

    async def _answer(self, peer: Peer) -> None:
        writing = asyncio.Lock()
        async with asyncio.TaskGroup() as answering:
            async for request in peer.requests():
                async with self.changed:
                    self.methods[peer.number].append(request.method)
                    self.changed.notify_all()
                answering.create_task(self._release(peer, request.id, writing))

    async def _release(
        self, peer: Peer, request_id: envelope_pb2.RequestId, writing: asyncio.Lock
    ) -> None:
        await self.release.wait()
        async with writing:
            await peer.answer(request_id, "{}")

    async def until(self, happened: Callable[[], bool]) -> None:
        """Wait until the streams have had what the test waits for."""
        async with self.changed, asyncio.timeout(MAX_SECONDS):
            await self.changed.wait_for(happened)


class Calls:
    """Requests under way, sent one by one."""

    def __init__(self, client: Client, held: Held) -> None:
        self._client = client
        self._held = held
        self.tasks: list[asyncio.Task[dict[str, Any]]] = []

    async def send(self) -> None:
        """One more, until a stream has it."""
        received = self._held.received
        self.tasks.append(asyncio.create_task(self._client.request("tools/list")))
        await self._held.until(lambda: self._held.received > received)

    async def fill(self, streams: int) -> None:
        """Until each of so many streams has one at least."""
        while len([1 for methods in self._held.methods.values() if methods]) < streams:
            await self.send()

    async def outcomes(self) -> Counter[str]:
        """How they ended."""
        ended = await asyncio.gather(*self.tasks, return_exceptions=True)
        return Counter("{}" if outcome == {} else type(outcome).__name__ for outcome in ended)


async def test_calls_one_after_another_need_one_stream() -> None:
    held = Held()
    held.release.set()
    async with fake_server(held.script) as fake, asyncio.timeout(MAX_SECONDS):
        async with Client(fake.address, mode=MODERN, streams=4) as client:
            for _ in range(5):
                await client.request("tools/list")
        assert fake.sessions == 1


async def test_calls_at_once_open_streams_up_to_the_bound_each_on_its_own_connection() -> None:
    held = Held()
    async with fake_server(held.script) as fake, asyncio.timeout(MAX_SECONDS):
        async with Client(fake.address, mode=MODERN, streams=3) as client:
            calls = Calls(client, held)
            await calls.fill(3)
            assert len({peer.context.peer() for peer in held.peers.values()}) == 3
            busiest = max(len(methods) for methods in held.methods.values())
            for _ in range(3 * busiest - held.received):
                await calls.send()
            assert {len(methods) for methods in held.methods.values()} == {busiest}
            held.release.set()
            assert set(await calls.outcomes()) == {"{}"}
        assert fake.sessions == 3


async def test_subscriptions_and_a_legacy_session_stay_on_the_first_stream(
    server: Server, connect: Connect
) -> None:
    held = Held()
    async with fake_server(held.script) as fake, asyncio.timeout(MAX_SECONDS):
        async with Client(fake.address, mode=MODERN, streams=2) as client:
            calls = Calls(client, held)
            await calls.fill(2)
            with pytest.raises(RequestTimeout, match="subscriptions/listen"):
                async with client.listen(tools=True, timeout=0.1):
                    pytest.fail("nobody acknowledged it")
            held.release.set()
            await calls.outcomes()
        assert "subscriptions/listen" not in held.methods[2]
    legacy = await connect(server.addresses[0], mode="legacy", streams=4)
    sums = [legacy.call_tool("add", {"a": number, "b": 1}) for number in range(20)]
    answers = [text_of(each) for each in await asyncio.gather(*sums)]
    assert answers == [str(number + 1) for number in range(20)]


@pytest.mark.parametrize("lost", [1, 2])
async def test_a_stream_that_is_lost_leaves_the_others(lost: int) -> None:
    held = Held()
    async with (
        fake_server(held.script) as fake,
        asyncio.timeout(MAX_SECONDS),
        Client(fake.address, mode=MODERN, streams=2) as client,
    ):
        calls = Calls(client, held)
        await calls.fill(2)
        on_it, others = len(held.methods[lost]), len(held.methods[3 - lost])
        held.broken[lost].set()
        await asyncio.wait(calls.tasks, return_when=asyncio.FIRST_EXCEPTION)
        held.release.set()
        assert await calls.outcomes() == {"ConnectionLost": on_it, "{}": others}
        assert await client.request("tools/list") == {}


async def test_a_further_stream_that_does_not_open_holds_nobody_up() -> None:
    held = Held()
    held.refused = {2}
    async with (
        fake_server(held.script) as fake,
        asyncio.timeout(MAX_SECONDS),
        Client(fake.address, mode=MODERN, streams=3) as client,
    ):
        calls = Calls(client, held)
        while 2 not in held.methods:
            await calls.send()
        for _ in range(3):
            await calls.send()
        held.release.set()
        assert set(await calls.outcomes()) == {"{}"}
        assert held.methods[2] == []


async def test_a_drain_under_load_loses_and_doubles_no_call(start: Start, ledger: Ledger) -> None:
    old = await start()
    address = old.addresses[0]
    async with asyncio.timeout(MAX_SECONDS), Client(address, mode=MODERN, streams=3) as client:
        before = ledger.when(100)
        calls = [
            asyncio.create_task(client.call_tool("count", {"number": number}))
            for number in range(200)
        ]
        await before.wait()
        await old.drain(5)
        await start(address)
        calls += [
            asyncio.create_task(client.call_tool("count", {"number": number}))
            for number in range(200, 300)
        ]
        answers = [text_of(each) for each in await asyncio.gather(*calls)]
    assert answers == [str(number) for number in range(300)]
    assert ledger.executed == Counter(range(300))


@pytest.mark.parametrize("streams", [0, -1, 65])
def test_a_number_of_streams_out_of_its_range_is_refused(streams: int) -> None:
    with pytest.raises(UsageError, match="from 1 to 64"):
        Client(streams=streams)


def test_a_call_for_each_request_has_no_streams() -> None:
    with pytest.raises(UsageError, match="session"):
        Client(rpc="call", streams=2)
