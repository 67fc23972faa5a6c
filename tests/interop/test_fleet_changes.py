"""Changes that one replica publishes and listeners of every replica hear, through a real Redis."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, TypeAlias

import pytest
from mcp.server import Server as LowlevelServer
from mcp.server.subscriptions import (
    InMemorySubscriptionBus,
    ListenHandler,
    ResourceUpdated,
    ToolsListChanged,
)

from mcpgrpc import Client
from mcpgrpc.client.listening import Subscription
from mcpgrpc_server import Server
from mcpgrpc_server.fleet.backend import FleetBackend
from mcpgrpc_server.fleet.change import LISTS_CHANGED, MAX_MESSAGE_BYTES, UPDATED
from mcpgrpc_server.fleet.counts import FleetCounts
from mcpgrpc_server.fleet.membership import Membership
from mcpgrpc_server.fleet.redis_client import redis_client
from tests.fleet.replicas import SECONDS, FleetLog, fleet_app, fleet_log, replica
from tests.interop.redis_server import RedisServer, on_socket
from tests.metrics.scraped import scraped

UP, AWAY, BACK = "is in touch", "out of touch", "in touch with its fleet again"
CHANNEL = "mcpgrpc:changes:fleet"
TOOLS, PROMPTS, RESOURCES = LISTS_CHANGED
NOTE = "note://1"

Start: TypeAlias = Callable[..., Awaitable[tuple[Server, Client]]]


@pytest.fixture
async def stack() -> AsyncIterator[AsyncExitStack]:
    async with asyncio.timeout(SECONDS), AsyncExitStack() as stack:
        yield stack


@pytest.fixture
async def server_of_redis(tmp_path: Path) -> AsyncIterator[RedisServer]:
    """A Redis that answers."""
    server = on_socket(tmp_path / "redis.sock")
    await server.start()
    yield server
    await server.kill()


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"unix://{tmp_path / 'redis.sock'}"


@pytest.fixture
async def start(
    stack: AsyncExitStack, server_of_redis: RedisServer, url: str, log: FleetLog
) -> Start:
    """Starts a replica in touch with the others, and a client of it that keeps nothing."""

    async def started(app: Any = None, rpc: str = "session", **settings: Any) -> Any:
        before = log.count(UP)
        server = await stack.enter_async_context(replica(app, redis=url, **settings))
        await log.wait(UP, before + 1)
        client = Client(server.addresses[0], rpc=rpc, cache=None)
        return server, await stack.enter_async_context(client)

    return started


@pytest.fixture
def log() -> Iterator[FleetLog]:
    with fleet_log() as log:
        yield log


def membership_of(server: Server) -> Membership:
    assert isinstance(server._backend, FleetBackend)
    return server._backend.membership


def counts_of(server: Server) -> FleetCounts:
    return membership_of(server).counts


async def change(client: Client, what: str) -> None:
    assert not (await client.call_tool("change", {"what": what})).is_error


async def next_of(listening: Subscription) -> tuple[str, str | None]:
    """A method and a URI."""
    heard = await anext(listening)
    return heard.method, (heard.params or {}).get("uri")


@pytest.mark.parametrize("rpc", ["session", "call"])
async def test_a_change_on_one_replica_is_heard_once_by_listeners_of_every_replica(
    start: Start, rpc: str
) -> None:
    (here, one), (_, other) = [await start(rpc=rpc) for _ in range(2)]
    wanted: dict[str, Any] = {
        "tools": True,
        "prompts": True,
        "resources": True,
        "resource_uris": [NOTE],
    }
    async with one.listen(**wanted) as near, other.listen(**wanted) as far:
        for what in ("tools", "prompts", "resources", NOTE, "note://2", "tools"):
            await change(one, what)
        expected = [(TOOLS, None), (PROMPTS, None), (RESOURCES, None), (UPDATED, NOTE)]
        for listening in (near, far):
            heard = [await next_of(listening) for _ in range(5)]
            assert heard == [*expected, (TOOLS, None)]
    assert counts_of(here).received == 0


async def test_the_page_of_metrics_shows_what_became_of_changes(start: Start) -> None:
    (here, one), (there, other) = [await start(metrics="127.0.0.1:0") for _ in range(2)]
    async with other.listen(tools=True) as far:
        await change(one, "tools")
        await next_of(far)
    pages = [await scraped(server.metrics_address) for server in (here, there)]
    assert [page.value("mcpgrpc_fleet_connected") for page in pages] == [1, 1]
    assert [page.value("mcpgrpc_fleet_changes_total", what="received") for page in pages] == [0, 1]
    assert [page.value("mcpgrpc_fleet_changes_total", what="published") for page in pages] == [1, 0]
    for page in pages:
        assert page.value("mcpgrpc_fleet_state_keys") >= 1
        assert page.value("mcpgrpc_fleet_lost_total") == 0


async def test_the_same_change_again_before_redis_took_it_is_told_once(start: Start) -> None:
    (here, one), (_, other) = [await start() for _ in range(2)]
    async with other.listen(tools=True, prompts=True) as far:
        await change(one, "tools")
        assert await next_of(far) == (TOOLS, None)
        await change(one, "prompts")
        assert await next_of(far) == (PROMPTS, None)
    assert counts_of(here).published == 2


async def test_a_low_level_app_and_what_publishes_outside_of_requests_take_part(
    start: Start,
) -> None:
    buses = [InMemorySubscriptionBus() for _ in range(2)]
    apps: list[LowlevelServer[Any]] = [
        LowlevelServer("low", on_subscriptions_listen=ListenHandler(bus)) for bus in buses
    ]
    (_, one), (_, other) = [await start(app) for app in apps]
    async with one.listen(tools=True) as near, other.listen(tools=True) as far:
        await buses[0].publish(ToolsListChanged())
        assert await next_of(near) == await next_of(far) == (TOOLS, None)


async def test_fleets_with_other_prefixes_and_other_services_hear_nothing(start: Start) -> None:
    _, one = await start()
    others = [await start(redis_prefix="blue"), await start(fleet_app("other service"))]
    (peer, same) = await start()
    async with same.listen(tools=True) as far:
        await change(one, "tools")
        assert await next_of(far) == (TOOLS, None)
    assert counts_of(peer).received == 1
    for server, client in others:
        async with client.listen(tools=True, prompts=True) as listening:
            await change(client, "prompts")
            assert await next_of(listening) == (PROMPTS, None)
        assert counts_of(server).received == 0


async def test_kept_results_of_every_replica_are_old_though_nobody_listens_there(
    start: Start,
) -> None:
    app = fleet_app()
    keeps = {"cache_results": ["tools/list"], "cache_ttl": ["tools/list=3600"]}
    _, one = await start()
    _, other = await start(app, **keeps)

    async def names() -> set[str]:
        return {tool.name for tool in await other.list_tools()}

    assert await names() == {"book", "change"}
    app.add_tool(len, name="added")
    assert await names() == {"book", "change"}
    await change(one, "tools")
    while "added" not in await names():
        pass


async def test_after_an_outage_listeners_are_told_that_everything_may_have_changed(
    start: Start, server_of_redis: RedisServer, log: FleetLog
) -> None:
    replicas = [await start() for _ in range(2)]
    (_, one), (_, other) = replicas
    health: list[bool] = []
    for server, _ in replicas:
        server._backend.availability.watch(health.append)
    wanted: dict[str, Any] = {
        "tools": True,
        "prompts": True,
        "resources": True,
        "resource_uris": [NOTE],
    }
    everything = {(TOOLS, None), (PROMPTS, None), (RESOURCES, None), (UPDATED, NOTE)}
    async with one.listen(tools=True) as near, other.listen(**wanted) as far:
        await server_of_redis.kill()
        await log.wait(AWAY, 2)
        await change(one, "tools")
        # Who listens at the same replica hears of it all the same.
        assert await next_of(near) == (TOOLS, None)
        await server_of_redis.start()
        await log.wait(BACK, 2)
        heard: set[tuple[str, str | None]] = set()
        while heard != everything:
            heard.add(await next_of(far))
            assert heard <= everything
        # And it goes on as before.
        await change(one, NOTE)
        while await next_of(far) != (UPDATED, NOTE):
            pass
    assert (log.count(AWAY), log.count(BACK)) == (2, 2)
    assert health == []
    for server, _ in replicas:
        assert counts_of(server).times_away == 1
        assert counts_of(server).resynchronised >= 1
        assert counts_of(server).is_connected == 1


async def test_a_redis_that_hangs_is_away_and_holds_nobody_up(
    stack: AsyncExitStack,
    start: Start,
    server_of_redis: RedisServer,
    url: str,
    log: FleetLog,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("mcpgrpc_server.fleet.bus.SILENCE_SECONDS", 0.2)
    (server, one), (_, other) = [await start() for _ in range(2)]
    server_of_redis.hang()
    await change(one, "tools")
    await log.wait(AWAY, 2)
    # One comes and goes meanwhile.
    async with replica(redis=url) as late, Client(late.addresses[0]) as client:
        assert await client.list_tools()
    async with other.listen(prompts=True) as far:
        server_of_redis.go_on()
        await log.wait(BACK, 2)
        assert await next_of(far) == (PROMPTS, None)
        # What Redis had not taken for sure is sent again.
        await membership_of(server).flush()
    assert counts_of(server).times_away == 1
    assert counts_of(server).published == 1


async def test_after_an_outage_kept_results_are_old(
    start: Start, server_of_redis: RedisServer, log: FleetLog
) -> None:
    app = fleet_app()
    note = ["old"]

    @app.resource(NOTE)
    def read_note() -> str:
        return note[0]

    keeps = {"cache_results": ["resources/read"], "cache_ttl": ["resources/read=3600"]}
    _, client = await start(app, **keeps)

    async def read() -> str | None:
        [contents] = (await client.read_resource(NOTE)).contents
        return contents.text

    assert await read() == "old"
    note[:] = ["new"]
    await server_of_redis.kill()
    await log.wait(AWAY)
    assert await read() == "old"
    await server_of_redis.start()
    await log.wait(BACK)
    while await read() != "new":
        pass


async def test_a_server_that_stops_tells_its_last_changes(
    start: Start, url: str, log: FleetLog
) -> None:
    _, client = await start()
    bus = InMemorySubscriptionBus()
    last: LowlevelServer[Any] = LowlevelServer("fleet", on_subscriptions_listen=ListenHandler(bus))
    async with client.listen(tools=True) as listening:
        async with replica(last, redis=url):
            await log.wait(UP, 2)
            await bus.publish(ToolsListChanged())
        assert await next_of(listening) == (TOOLS, None)


async def test_messages_that_are_none_are_counted_and_harm_nobody(start: Start, url: str) -> None:
    (server, client), (_, one) = [await start() for _ in range(2)]
    messages = [b"", b"\xff\x00", b"[" * 100_000, b'{"v":1}', b"x" * (MAX_MESSAGE_BYTES + 1)]
    async with redis_client(url) as stranger, client.listen(tools=True) as listening:
        for message in messages:
            await stranger.publish(CHANNEL, message)
        await change(one, "tools")
        assert await next_of(listening) == (TOOLS, None)
    assert counts_of(server).unreadable == len(messages)


async def test_a_uri_that_no_message_may_hold_is_known_to_its_replica_alone(
    start: Start, log: FleetLog
) -> None:
    (here, one), (_, other) = [await start() for _ in range(2)]
    huge = "note://" + "x" * MAX_MESSAGE_BYTES
    async with (
        one.listen(resource_uris=[huge]) as near,
        other.listen(tools=True, resource_uris=[huge]) as far,
    ):
        await change(one, huge)
        await change(one, "tools")
        assert await next_of(near) == (UPDATED, huge)
        assert await next_of(far) == (TOOLS, None)
    assert counts_of(here).too_large == 1
    assert log.count("known to this server alone") == 1


async def test_a_storm_of_changes_is_told_as_one(start: Start) -> None:
    bus = InMemorySubscriptionBus()
    app: LowlevelServer[Any] = LowlevelServer("fleet", on_subscriptions_listen=ListenHandler(bus))
    (here, _), (there, other) = await start(app), await start()
    async with other.listen(resource_uris=[NOTE]) as far:
        updates = [ResourceUpdated(f"note://{number}") for number in range(5_000)]
        await asyncio.gather(*map(bus.publish, updates))
        assert await next_of(far) == (UPDATED, NOTE)
    assert counts_of(there).resynchronised == 1
    assert counts_of(here).published <= 2
