"""The way to one client, and what becomes of those that do not read."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from mcpgrpc.binding.era import Era
from mcpgrpc.binding.ids import Id
from mcpgrpc.binding.in_flight import InFlightRequest
from mcpgrpc.stream.writer import StreamClosedError
from mcpgrpc.v1 import envelope_pb2
from mcpgrpc_server.backend import ServerCall
from mcpgrpc_server.caller import Caller
from mcpgrpc_server.upstream import deliveries, shared
from mcpgrpc_server.upstream.deliveries import Deliveries
from mcpgrpc_server.upstream.modern import ModernSession
from mcpgrpc_server.upstream.refusals import RefusedError
from mcpgrpc_server.upstream.session import Asked, UpstreamSession
from tests.upstream.scripted import ScriptedCarrier, ScriptedConnector, never

SUBSCRIPTION = "io.modelcontextprotocol/subscriptionId"


class SlowClient:
    """A `Client` that reads when the test lets it."""

    takes_requests = False

    def __init__(self) -> None:
        self.caller = Caller("test")
        self.heard: list[tuple[str, str | None, Id | None]] = []
        self.reads = asyncio.Event()
        self.gone = False

    async def notify(
        self, method: str, params_json: str | None, related_request_id: Id | None
    ) -> None:
        await self.reads.wait()
        if self.gone:
            raise StreamClosedError("gone")
        self.heard.append((method, params_json, related_request_id))

    def next_request_id(self) -> int:
        raise AssertionError("it takes no requests")

    async def request(self, *_: Any) -> envelope_pb2.JsonRpcResponse:
        raise AssertionError("it takes no requests")

    def close_request_stream(self, request_id: Id) -> None:
        raise AssertionError("it has no such stream")

    def close_standalone_stream(self) -> None:
        raise AssertionError("it has no such stream")


@pytest.fixture
async def client() -> SlowClient:
    """One that does not read yet."""
    return SlowClient()


@pytest.fixture
async def way(client: SlowClient, monkeypatch: pytest.MonkeyPatch) -> Deliveries:
    """The way to it: room for two, and four in all."""
    monkeypatch.setattr(deliveries, "ROOM_MESSAGES", 2)
    monkeypatch.setattr(deliveries, "MAX_MESSAGES", 4)
    monkeypatch.setattr(shared, "PATIENCE_SECONDS", 0.05)
    return Deliveries(client)


async def test_messages_are_delivered_in_their_order(way: Deliveries, client: SlowClient) -> None:
    client.reads.set()
    for number in range(4):
        assert way.put("m", str(number), "r")
    await way.delivered()
    assert client.heard == [("m", str(number), "r") for number in range(4)]


async def test_delivered_waits_for_what_was_put_before_and_for_nothing_else(
    way: Deliveries, client: SlowClient
) -> None:
    await way.delivered()
    way.put("first", None, None)
    waiting = asyncio.create_task(way.delivered())
    await asyncio.sleep(0)
    way.put("second", None, None)
    assert not waiting.done()
    client.reads.set()
    await waiting
    assert client.heard[0][0] == "first"


async def test_beyond_its_bound_a_message_is_dropped_and_said_to_be(way: Deliveries) -> None:
    assert [way.put("m", None, None) for _ in range(6)] == [True] * 4 + [False] * 2


async def test_large_messages_are_bounded_by_their_bytes(
    way: Deliveries, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deliveries, "MAX_BYTES", 100)
    assert way.put("m", "x" * 1000, None)
    assert not way.put("m", "y", None)


async def test_room_comes_back_when_the_client_reads(way: Deliveries, client: SlowClient) -> None:
    for _ in range(4):
        way.put("m", None, None)
    waiting = asyncio.create_task(way.room())
    await asyncio.sleep(0)
    assert not waiting.done()
    client.reads.set()
    await waiting
    assert way.has_room


async def test_whoever_waits_goes_on_when_the_client_is_gone(
    way: Deliveries, client: SlowClient
) -> None:
    for _ in range(4):
        way.put("m", None, None)
    waiting = [asyncio.create_task(way.room()), asyncio.create_task(way.delivered())]
    await asyncio.sleep(0)
    way.close()
    await asyncio.wait_for(asyncio.gather(*waiting), 5)
    assert way.put("m", None, None)
    await way.delivered()


async def test_a_stream_that_ends_under_a_message_ends_nothing_else(
    way: Deliveries, client: SlowClient
) -> None:
    way.put("m", None, None)
    client.gone = True
    client.reads.set()
    await way.delivered()
    client.gone = False
    way.put("later", None, None)
    await way.delivered()
    assert [method for method, _, _ in client.heard] == ["later"]


def listen(request_id: Id) -> ServerCall:
    params: dict[str, Any] = {"notifications": {"toolsListChanged": True}}
    request = InFlightRequest(request_id, "subscriptions/listen", modern=True)
    return ServerCall(request, Era.MODERN, params, "{}", None)


@pytest.fixture
async def connector() -> ScriptedConnector:
    """Reaches an upstream whose subscriptions stay open."""
    return ScriptedConnector(never)


@pytest.fixture
async def session(connector: ScriptedConnector) -> ModernSession:
    """A session that clients share."""
    return ModernSession(UpstreamSession(connector.request_carrier))


async def told(carrier: ScriptedCarrier, session: ModernSession, related: int) -> None:
    """The upstream says something, and waits as a carrier does."""
    carrier.say("notifications/tools/list_changed", {"_meta": {SUBSCRIPTION: related}}, related)
    await session.caught_up()


async def test_a_subscriber_that_does_not_read_is_refused_and_the_others_go_on(
    session: ModernSession, connector: ScriptedConnector, way: Deliveries
) -> None:
    reader = SlowClient()
    reader.reads.set()
    slow = asyncio.create_task(session.ask(listen("slow"), way))
    quick = asyncio.create_task(session.ask(listen("quick"), Deliveries(reader)))
    await connector.until("subscriptions/listen")
    await connector.until("subscriptions/listen")
    carrier = connector.carriers[0]
    for _ in range(6):
        for number in (1, 2):
            await told(carrier, session, number)
    with pytest.raises(RefusedError, match="subscribe again"):
        await slow
    assert not quick.done()
    assert len(reader.heard) == 6
    quick.cancel()


async def test_a_slow_client_is_waited_for_once_and_again_when_it_has_caught_up(
    session: ModernSession, way: Deliveries, client: SlowClient
) -> None:
    asked = Asked(1, "tools/call", way, "r")

    def is_behind() -> bool:
        return way.is_behind

    def does_not_wait() -> bool:
        going = session.caught_up()
        try:
            going.send(None)
        except StopIteration:
            return True
        finally:
            going.close()
        return False

    session.pass_on(asked, "m", None)
    assert does_not_wait()
    session.pass_on(asked, "m", None)
    await session.caught_up()
    assert is_behind()
    session.pass_on(asked, "m", None)
    assert does_not_wait()
    client.reads.set()
    await way.delivered()
    assert not is_behind()
    client.reads.clear()
    session.pass_on(asked, "m", None)
    session.pass_on(asked, "m", None)
    assert not does_not_wait()
