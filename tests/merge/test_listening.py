"""One subscription over several members: acknowledged once, kept open whoever comes and goes."""

from __future__ import annotations

import asyncio
from typing import Any

import mcp
import pytest
from mcp.server.subscriptions import (
    InMemorySubscriptionBus,
    ResourceUpdated,
    ToolsListChanged,
)

import mcpgrpc
from mcpgrpc.binding import json_text
from mcpgrpc.client.listening import Subscription
from mcpgrpc.errors import RemoteError
from mcpgrpc.testing import serving
from mcpgrpc_server import Server
from mcpgrpc_server.backend import Client, ServerCall
from mcpgrpc_server.merge.answers import own_call
from mcpgrpc_server.merge.bounds import MergeBounds
from tests.merge.apps import add_tool, app
from tests.merge.conftest import MODERN, MODERN_SESSION, Wire, merged
from tests.merge.members import Fragile, Recorder, Response, Scripted, failing, never, result

ACKNOWLEDGED = "notifications/subscriptions/acknowledged"
UPDATED = "notifications/resources/updated"
TOOLS_CHANGED = "notifications/tools/list_changed"
SUBSCRIPTION_ID = "io.modelcontextprotocol/subscriptionId"


async def event(subscription: Subscription) -> tuple[str, Any]:
    """The next event: method, and params without `_meta`."""
    found = await asyncio.wait_for(anext(subscription), 20)
    params = dict(found.params or {})
    params.pop("_meta", None)
    return found.method, params


class Listened(Scripted):
    """Lists resources, acknowledges subscriptions, and sends what a test gives it.

    Attributes:
        filters: the filter of every subscription that was opened.
        ended: subscriptions that were cancelled.
    """

    def __init__(self, *uris: str) -> None:
        resources = [{"uri": uri, "name": "n"} for uri in uris]
        super().__init__(
            {
                "resources/list": result({"resources": resources}).result_json,
                "subscriptions/listen": self._listen,
            }
        )
        self.filters: list[Any] = []
        self.ended = asyncio.Event()
        self.opened = asyncio.Event()
        self._outgoing: asyncio.Queue[tuple[str, Any] | Response] = asyncio.Queue()

    def send(self, method: str, **params: Any) -> None:
        self._outgoing.put_nowait((method, params))

    def end_with(self, response: Response) -> None:
        self._outgoing.put_nowait(response)

    async def _listen(self, call: ServerCall, client: Client) -> Response:
        assert call.params is not None
        wanted = call.params["notifications"]
        self.filters.append(wanted)
        meta = {"_meta": {SUBSCRIPTION_ID: call.request.id}}
        acknowledgement = json_text.dump({**meta, "notifications": wanted})
        await client.notify(ACKNOWLEDGED, acknowledgement, call.request.id)
        self.opened.set()
        try:
            while True:
                outgoing = await self._outgoing.get()
                if isinstance(outgoing, Response):
                    return outgoing
                method, params = outgoing
                text = json_text.dump({**params, **meta})
                await client.notify(method, text, call.request.id)
        except asyncio.CancelledError:
            self.ended.set()
            raise


async def test_events_of_all_members_arrive_and_each_listens_to_its_share(
    modern_wire: Wire,
) -> None:
    members: dict[str, Any] = {
        "a": Listened("x:1", "x:2"),
        "b": Listened("x:1", "y:1"),
        "c": Listened(),
    }
    async with modern_wire.connect(merged(**members)) as client:
        uris = ["b+x:1", "x:2", "nobody:1"]
        async with client.listen(tools=True, resource_uris=uris) as subscription:
            members["a"].send(TOOLS_CHANGED)
            assert await event(subscription) == (TOOLS_CHANGED, {})
            members["b"].send(UPDATED, uri="x:1")
            assert await event(subscription) == (UPDATED, {"uri": "b+x:1"})
            members["a"].send(UPDATED, uri="x:2")
            assert await event(subscription) == (UPDATED, {"uri": "x:2"})
        for member in members.values():
            await asyncio.wait_for(member.ended.wait(), 20)
    assert {name: member.filters for name, member in members.items()} == {
        "a": [{"toolsListChanged": True, "resourceSubscriptions": ["x:2", "nobody:1"]}],
        "b": [{"toolsListChanged": True, "resourceSubscriptions": ["x:1", "nobody:1"]}],
        "c": [{"toolsListChanged": True, "resourceSubscriptions": ["nobody:1"]}],
    }


async def test_a_member_without_a_share_is_not_asked() -> None:
    members: dict[str, Any] = {"a": Listened("x:1"), "b": Listened("y:1")}
    async with (
        MODERN_SESSION.connect(merged(**members)) as client,
        client.listen(resource_uris=["y:1"]),
    ):
        pass
    assert members["a"].filters == []
    assert members["b"].filters == [{"resourceSubscriptions": ["y:1"]}]


async def test_an_empty_filter_is_a_subscription_that_hears_nothing() -> None:
    async with (
        MODERN_SESSION.connect(merged(a=Listened(), b=Listened())) as client,
        client.listen(),
    ):
        pass


async def test_it_is_acknowledged_once_with_its_id_before_any_event() -> None:
    eager, late = Listened("x:1"), Listened("x:1")
    eager.send(UPDATED, uri="x:1")
    let = asyncio.Event()
    listen = late.answers["subscriptions/listen"]

    async def held_back(call: ServerCall, client: Client) -> Response:
        await asyncio.wait_for(eager.opened.wait(), 20)
        await let.wait()
        assert not isinstance(listen, str)
        return await listen(call, client)

    late.answers["subscriptions/listen"] = held_back
    client = Recorder()
    connection = merged(a=eager, b=late).connect(client)
    wanted = {"resourceSubscriptions": ["b+x:1", "a+x:1"], "promptsListChanged": True}
    call = own_call("subscriptions/listen", {"_meta": {}, "notifications": wanted}, modern=True)
    listening = asyncio.create_task(connection.handle_request(call))
    await asyncio.wait_for(eager.opened.wait(), 20)
    assert client.told == []
    let.set()
    await client.wait_told(2)
    listening.cancel()
    await asyncio.wait({listening})
    await connection.aclose()
    meta = {"_meta": {SUBSCRIPTION_ID: call.request.id}}
    assert client.told == [
        (call.request.id, ACKNOWLEDGED, {**meta, "notifications": wanted}),
        (call.request.id, UPDATED, {**meta, "uri": "a+x:1"}),
    ]


async def test_a_member_that_dies_ends_only_its_share_and_listens_again_when_it_is_back(
    modern_wire: Wire,
) -> None:
    fragile = Fragile(app("b"))
    other = Listened()
    async with (
        modern_wire.connect(merged(a=other, b=fragile)) as client,
        client.listen(tools=True, resource_uris=["b://own"]) as subscription,
    ):
        fragile.go()
        assert await event(subscription) == (TOOLS_CHANGED, {})
        other.send(TOOLS_CHANGED)
        assert await event(subscription) == (TOOLS_CHANGED, {})
        fragile.come()
        # What happened at the member meanwhile nobody heard: all of it may be old.
        assert await event(subscription) == (TOOLS_CHANGED, {})
        assert await event(subscription) == (UPDATED, {"uri": "b://own"})


async def test_a_share_that_its_member_completes_is_opened_again() -> None:
    member = Listened("x:1")
    async with (
        MODERN_SESSION.connect(merged(a=member, b=Listened())) as client,
        client.listen(resource_uris=["x:1"]) as subscription,
    ):
        member.end_with(result({"resultType": "complete"}))
        assert await event(subscription) == (UPDATED, {"uri": "x:1"})
        member.send(UPDATED, uri="x:1", n=2)
        assert await event(subscription) == (UPDATED, {"uri": "x:1", "n": 2})
    assert len(member.filters) == 2


async def test_a_member_that_is_down_from_the_beginning_joins_when_it_comes() -> None:
    fragile = Fragile(app("b"), serving=False)
    async with (
        MODERN_SESSION.connect(merged(a=Listened(), b=fragile)) as client,
        client.listen(tools=True) as subscription,
    ):
        fragile.come()
        assert await event(subscription) == (TOOLS_CHANGED, {})


async def test_a_member_without_subscriptions_hinders_nobody_and_its_outage_is_told() -> None:
    without = Scripted({})
    member = Listened()
    async with (
        MODERN_SESSION.connect(merged(a=without, b=member)) as client,
        client.listen(tools=True) as subscription,
    ):
        member.send(TOOLS_CHANGED)
        assert await event(subscription) == (TOOLS_CHANGED, {})
        for serving_now in (False, True):
            without.availability.set(serving=serving_now)
            assert await event(subscription) == (TOOLS_CHANGED, {})


async def test_a_member_that_does_not_acknowledge_delays_the_others_within_a_bound() -> None:
    bounds = MergeBounds(list_timeout_seconds=0.3)
    member = Listened()
    silent = Scripted({"subscriptions/listen": never})
    async with (
        MODERN_SESSION.connect(merged(a=silent, b=member, bounds=bounds)) as client,
        client.listen(tools=True) as subscription,
    ):
        member.send(TOOLS_CHANGED)
        assert await event(subscription) == (TOOLS_CHANGED, {})


async def test_where_nobody_can_listen_the_first_refusal_is_the_answer() -> None:
    refusing = Scripted({"subscriptions/listen": failing(-32603, "too many subscriptions")})
    async with MODERN_SESSION.connect(merged(a=refusing, b=Scripted({}))) as client:
        with pytest.raises(RemoteError, match="too many subscriptions"):
            async with client.listen(tools=True):
                pass


@pytest.mark.parametrize(
    "params",
    [
        {},
        {"notifications": 7},
        {"notifications": {"resourceSubscriptions": [7]}},
        {"notifications": {"resourceSubscriptions": [["x:1"]]}},
    ],
)
async def test_a_filter_that_is_none_is_refused_as_a_member_alone_refuses_it(
    params: dict[str, Any],
) -> None:
    async with MODERN_SESSION.connect(merged(a=app("a"), b=app("b"))) as client:
        with pytest.raises(RemoteError) as caught:
            await client.request("subscriptions/listen", params)
    assert caught.value.code == -32602


async def test_a_drain_completes_it() -> None:
    async with (
        Server(merged(a=app("a"), b=app("b")), ["127.0.0.1:0"]) as server,
        MODERN_SESSION.client(server.addresses[0]) as client,
        client.listen(tools=True) as subscription,
    ):
        draining = asyncio.create_task(server.drain(grace_seconds=20))
        assert await asyncio.wait_for(anext(subscription, None), 20) is None
        await draining


async def test_a_changed_list_that_was_told_of_is_seen() -> None:
    bus = InMemorySubscriptionBus()
    changing = app("a", bus=bus)
    # Unknown names cause no renewal here: only what members tell does.
    bounds = MergeBounds(renewal_burst=0)
    async with MODERN_SESSION.connect(merged(a=changing, b=app("b"), bounds=bounds)) as client:
        await client.list_tools()
        async with client.listen(tools=True) as subscription:
            add_tool(changing, "only_b", "a")
            await bus.publish(ToolsListChanged())
            assert await event(subscription) == (TOOLS_CHANGED, {})
            assert (await client.call_tool("a_only_b")).content[0].text == "a says only_b"


async def test_the_official_client_hears_of_all_members() -> None:
    buses = [InMemorySubscriptionBus() for _ in "ab"]
    backend = merged(a=app("a", bus=buses[0]), b=app("b", bus=buses[1]))
    async with (
        serving(backend) as address,
        mcp.Client(mcpgrpc.transport(address), mode=MODERN) as client,
        client.listen(
            tools_list_changed=True, resource_subscriptions=["b+notes://today"]
        ) as subscription,
    ):
        heard = []
        await buses[0].publish(ToolsListChanged())
        heard.append(await asyncio.wait_for(anext(subscription), 20))
        await buses[1].publish(ResourceUpdated(uri="notes://today"))
        heard.append(await asyncio.wait_for(anext(subscription), 20))
    assert heard == [ToolsListChanged(), ResourceUpdated(uri="b+notes://today")]
