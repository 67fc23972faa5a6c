"""The changes of an app on the SDK's bus, heard and published from outside of it."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from mcp.server import MCPServer
from mcp.server import Server as LowlevelServer
from mcp.server.subscriptions import InMemorySubscriptionBus, ListenHandler, ToolsListChanged

from mcpgrpc import Client
from mcpgrpc_server.fleet.change import EVERYTHING, LISTS_CHANGED, UPDATED, Change
from mcpgrpc_server.sdk.changes import LISTEN, AppChanges
from mcpgrpc_server.sdk.internals import lowlevel_server
from tests.fleet.replicas import SECONDS, fleet_app, replica

TOOLS = Change(LISTS_CHANGED[0])
NOTE = Change(UPDATED, "note://1")


class Heard:
    """What was heard of an app's changes."""

    def __init__(self, app: Any) -> None:
        self.every: list[Change] = []
        self.made_here: list[Change] = []
        server = lowlevel_server(app)
        self.changes = AppChanges(server, self.every.append, self.made_here.append)


def lowlevel_app(bus: Any) -> LowlevelServer[Any]:
    return LowlevelServer("low", on_subscriptions_listen=ListenHandler(bus))


async def test_changes_of_the_app_are_heard_while_they_are_watched() -> None:
    bus = InMemorySubscriptionBus()
    heard = Heard(lowlevel_app(bus))
    with heard.changes.watched():
        await bus.publish(ToolsListChanged())
    await bus.publish(ToolsListChanged())
    assert heard.every == heard.made_here == [TOOLS]


async def test_a_change_from_elsewhere_is_not_one_of_the_app() -> None:
    bus = InMemorySubscriptionBus()
    heard = Heard(lowlevel_app(bus))
    told: list[Any] = []
    bus.subscribe(told.append)
    with heard.changes.watched():
        # Two at once: what one publishes says nothing about the other.
        await asyncio.gather(heard.changes.publish(NOTE), bus.publish(ToolsListChanged()))
    assert sorted(heard.every) == sorted([NOTE, TOOLS])
    assert heard.made_here == [TOOLS]
    assert len(told) == 2


async def test_everything_is_told_to_whoever_listens_for_whatever() -> None:
    app = fleet_app()
    heard = Heard(app)
    with heard.changes.watched():
        async with (
            asyncio.timeout(SECONDS),
            replica(app) as server,
            Client(server.addresses[0]) as client,
            client.listen(tools=True) as lists,
            client.listen(resource_uris=["note://1", "note://2"]) as notes,
        ):
            await heard.changes.publish_everything()
            assert (await anext(lists)).method == LISTS_CHANGED[0]
            uris = {(await anext(notes)).params["uri"] for _ in range(2)}  # type: ignore[index]
            assert uris == {"note://1", "note://2"}
    assert heard.every[0] == EVERYTHING
    assert heard.made_here == []
    heard.every.clear()
    await heard.changes.publish_everything()
    assert not any(change.uri for change in heard.every)


def test_what_was_registered_is_registered_again() -> None:
    app = fleet_app()
    server = lowlevel_server(app)
    before = server.get_request_handler(LISTEN)
    with Heard(app).changes.watched():
        assert server.get_request_handler(LISTEN) != before
    assert server.get_request_handler(LISTEN) == before


class OwnBus(InMemorySubscriptionBus):
    """One that an author has written, which may reach further."""


@pytest.mark.parametrize(
    ("app", "expected"),
    [
        (MCPServer("default"), True),
        (MCPServer("given", subscriptions=InMemorySubscriptionBus()), True),
        (MCPServer("own", subscriptions=OwnBus()), False),
        (MCPServer("none", subscriptions=False), False),
        (lowlevel_app(InMemorySubscriptionBus()), True),
        (lowlevel_app(OwnBus()), False),
        (LowlevelServer("without"), False),
    ],
    ids=lambda value: getattr(value, "name", None),
)
async def test_a_bus_of_the_authors_own_stays_alone(app: Any, expected: bool) -> None:
    heard = Heard(app)
    assert heard.changes.are_shareable is expected
    with heard.changes.watched():
        await heard.changes.publish(TOOLS)
    assert heard.every == ([TOOLS] if expected else [])
