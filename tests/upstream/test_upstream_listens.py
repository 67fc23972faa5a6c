"""Subscriptions that a legacy session serves: what is honoured, and who still wants what."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import json
from typing import Any

import pytest

from mcpgrpc.binding.era import Era
from mcpgrpc.binding.in_flight import InFlightRequest
from mcpgrpc.errors import ConnectionLost
from mcpgrpc.v1 import envelope_pb2
from mcpgrpc_server.backend import ServerCall
from mcpgrpc_server.upstream.deliveries import Deliveries
from mcpgrpc_server.upstream.handshake import Met
from mcpgrpc_server.upstream.listens import MAX_EARLY, MAX_URIS, Listen, ListenTable, honoured
from mcpgrpc_server.upstream.session import Asked, UpstreamSession
from mcpgrpc_server.upstream.shared import until_behind
from mcpgrpc_server.upstream.translated import TranslatedSession
from tests.upstream.scripted import ScriptedConnector, legacy, never
from tests.upstream.test_upstream_deliveries import SlowClient
from tests.wire.raw import META

ALL = {
    "tools": {"listChanged": True},
    "prompts": {"listChanged": True},
    "resources": {"listChanged": True, "subscribe": True},
}
TOOLS, UPDATED = "notifications/tools/list_changed", "notifications/resources/updated"


def wanted(**notifications: Any) -> dict[str, Any]:
    return {"notifications": notifications}


def test_what_is_asked_for_and_offered_is_honoured() -> None:
    asked = wanted(toolsListChanged=True, promptsListChanged=False, resourceSubscriptions=["a"])
    assert honoured(asked, ALL) == (frozenset({"toolsListChanged"}), ("a",))
    assert honoured(asked, {}) == (frozenset(), ())
    assert honoured(asked, {"tools": {}, "resources": {"subscribe": "yes"}}) == (frozenset(), ())


def test_a_uri_counts_once_and_what_is_none_not_at_all() -> None:
    asked = wanted(resourceSubscriptions=["a", 1, "a", None, "b"])
    assert honoured(asked, ALL)[1] == ("a", "b")
    assert honoured(wanted(resourceSubscriptions="abc"), ALL)[1] == ()


def test_too_many_uris_are_refused() -> None:
    uris = [str(number) for number in range(MAX_URIS + 1)]
    assert len(honoured(wanted(resourceSubscriptions=uris[1:]), ALL)[1]) == MAX_URIS
    with pytest.raises(ValueError, match="at most"):
        honoured(wanted(resourceSubscriptions=uris), ALL)


class Told:
    """What a table passed on."""

    def __init__(self) -> None:
        self.table = ListenTable(self._pass_on)
        self.heard: list[tuple[Any, str]] = []

    def _pass_on(self, asked: Asked, method: str, params_json: str | None) -> None:
        assert json.loads(params_json or "{}")["_meta"]
        self.heard.append((asked.client_id, method))

    def listen(self, client_id: str, *uris: str, kinds: tuple[str, ...] = ()) -> Listen:
        asked = Asked(1, "subscriptions/listen", client_id=client_id)
        return Listen(asked, frozenset(kinds), uris)


@pytest.fixture
async def told() -> Told:
    """A table, and what it passes on."""
    return Told()


async def test_a_resource_is_new_to_the_first_and_gone_with_the_last(told: Told) -> None:
    one, two = told.listen("1", "a", "b"), told.listen("2", "b", "c")
    assert told.table.add(one) == ["a", "b"]
    assert told.table.add(two) == ["c"]
    assert told.table.remove(one) == ["a"]
    assert told.table.is_wanted("b")
    assert told.table.remove(two) == ["b", "c"]
    assert not told.table.is_wanted("b")


async def test_a_resource_that_the_upstream_refuses_is_new_to_the_next(told: Told) -> None:
    one = told.listen("1", "a")
    told.table.add(one)
    told.table.refuse(one, "a")
    assert told.table.add(told.listen("2", "a")) == ["a"]
    assert told.table.remove(one) == []


async def test_what_comes_early_is_told_behind_the_acknowledgement(told: Told) -> None:
    one = told.listen("1", "note://a", kinds=("toolsListChanged",))
    told.table.add(one)
    told.table.heard(TOOLS, "{}")
    told.table.heard(UPDATED, '{"uri": "note://a/part"}')
    told.table.heard(UPDATED, '{"uri": "note://another"}')
    assert told.heard == []
    told.table.acknowledge(one)
    told.table.heard(TOOLS, "{}")
    methods = [method for _, method in told.heard]
    assert methods == ["notifications/subscriptions/acknowledged", TOOLS, UPDATED, TOOLS]


async def test_too_much_before_the_acknowledgement_ends_the_subscription(told: Told) -> None:
    one = told.listen("1", kinds=("toolsListChanged",))
    told.table.add(one)
    for _ in range(MAX_EARLY):
        told.table.heard(TOOLS, "{}")
    assert not one.asked.ended.done()
    told.table.heard(TOOLS, "{}")
    assert one.asked.ended.done()


def listen_call(request_id: int) -> ServerCall:
    params = {**wanted(resourceSubscriptions=["note://a"]), "_meta": META}
    request = InFlightRequest(request_id, "subscriptions/listen", modern=True)
    return ServerCall(request, Era.MODERN, params, json.dumps(params), None)


@pytest.fixture
async def connector() -> ScriptedConnector:
    """Reaches a legacy upstream."""
    return ScriptedConnector(legacy)


@pytest.fixture
async def session(connector: ScriptedConnector) -> TranslatedSession:
    """A session with it."""
    return TranslatedSession(
        Met(UpstreamSession(connector.request_carrier), False, {"capabilities": ALL})
    )


async def ask(session: TranslatedSession, request_id: int) -> envelope_pb2.JsonRpcResponse:
    return await session.ask(listen_call(request_id), Deliveries(SlowClient()))


async def test_one_that_is_cancelled_while_it_waits_to_subscribe_leaves_nothing_behind(
    session: TranslatedSession, connector: ScriptedConnector
) -> None:
    async def slow(method: str, params: dict[str, Any]) -> dict[str, Any]:
        return await (never if method == "resources/subscribe" else legacy)(method, params)

    connector.answer = slow
    first = asyncio.create_task(ask(session, 1))
    await connector.until("resources/subscribe")
    second = asyncio.create_task(ask(session, 2))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    for listening in (second, first):
        listening.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await listening
        assert listening.cancelled()
    connector.answer = legacy
    third = asyncio.create_task(ask(session, 3))
    await connector.until("resources/subscribe")
    third.cancel()
    await asyncio.wait({third})
    await session.close()


async def test_a_subscription_that_fails_when_its_client_has_gone_is_told_to_nobody() -> None:
    begun = asyncio.Event()
    untold: list[dict[str, Any]] = []

    async def work() -> None:
        try:
            begun.set()
            await asyncio.Event().wait()
        finally:
            raise ConnectionLost("the upstream went as well", execution="MAYBE")

    loop = asyncio.get_running_loop()
    handler = loop.get_exception_handler()
    loop.set_exception_handler(lambda _, context: untold.append(context))
    try:
        waiting = asyncio.create_task(until_behind(Asked(1, "subscriptions/listen"), work()))
        await begun.wait()
        waiting.cancel()
        await asyncio.wait({waiting})
        del waiting
        gc.collect()
    finally:
        loop.set_exception_handler(handler)
    assert not untold
