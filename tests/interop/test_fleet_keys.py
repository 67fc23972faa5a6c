"""Keys that seal requestState, which replicas have in common through a real Redis."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, TypeAlias, cast

import pytest
from mcp.server.request_state import RequestStateSecurity

from mcpgrpc import Client
from mcpgrpc_server import Server
from mcpgrpc_server.fleet.counts import FleetCounts
from mcpgrpc_server.fleet.link import FleetError
from mcpgrpc_server.fleet.redis_client import redis_client
from mcpgrpc_server.fleet.ring import SETTLE_SECONDS
from mcpgrpc_server.fleet.shared_ring import STEADY_SECONDS, SharedRing
from tests.fleet.replicas import (
    SECONDS,
    WAYS,
    Call,
    FleetLog,
    Round,
    booked,
    fleet_app,
    fleet_log,
    reached,
    replica,
)
from tests.interop.redis_server import RedisServer, on_socket
from tests.transport_security.authority import Authority
from tests.upstream.http_servers import free_port

UP, AWAY, BACK = "is in touch", "out of touch", "in touch with its fleet again"
DAY = 86_400.0
OPERATIONS = Path(__file__).parents[2] / "docs" / "operations.md"
PASSWORD = "password-of-the-fleet"

Start: TypeAlias = Callable[..., Awaitable[Server]]


@pytest.fixture
async def stack() -> AsyncIterator[AsyncExitStack]:
    async with asyncio.timeout(SECONDS), AsyncExitStack() as stack:
        yield stack


@pytest.fixture
async def server_of_redis(tmp_path: Path) -> AsyncIterator[RedisServer]:
    """A Redis that is not started yet."""
    server = on_socket(tmp_path / "redis.sock")
    yield server
    await server.kill()


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"unix://{tmp_path / 'redis.sock'}"


@pytest.fixture
async def start(stack: AsyncExitStack, url: str, log: FleetLog) -> Start:
    """Starts a replica; it is in touch with the others then, unless there is no Redis."""

    async def started(app: Any = None, *, alone: bool = False, **settings: Any) -> Server:
        before = log.count(UP)
        server = await stack.enter_async_context(replica(app, redis=url, **settings))
        await log.wait(UP, before + (not alone))
        return server

    return started


@pytest.fixture
def log() -> Iterator[FleetLog]:
    with fleet_log() as log:
        yield log


async def way_to(stack: AsyncExitStack, server: Server, way: str = "session") -> Call:
    return await stack.enter_async_context(reached(server, way))


@pytest.mark.parametrize("way", WAYS)
async def test_trap_15_a_round_that_began_on_one_replica_ends_on_another(
    stack: AsyncExitStack, server_of_redis: RedisServer, start: Start, way: str
) -> None:
    await server_of_redis.start()
    calls = [await way_to(stack, await start(), way) for _ in range(2)]
    for begins, ends in (calls, reversed(calls)):
        assert booked(await (await Round.begin(begins)).answer(ends))


async def test_fleets_with_other_prefixes_and_other_services_share_nothing(
    stack: AsyncExitStack, server_of_redis: RedisServer, start: Start
) -> None:
    await server_of_redis.start()
    servers = [
        await start(),
        await start(redis_prefix="blue"),
        await start(fleet_app("other service")),
    ]
    calls = [await way_to(stack, server) for server in servers]
    for begins in calls:
        began = await Round.begin(begins)
        assert [booked(await began.answer(call)) for call in calls] == [
            call is begins for call in calls
        ]


async def test_keys_that_the_app_was_made_with_stay(
    stack: AsyncExitStack, server_of_redis: RedisServer, start: Start
) -> None:
    await server_of_redis.start()
    app = fleet_app(request_state_security=RequestStateSecurity(keys=["o" * 32]))
    own, plain = [await way_to(stack, await start(each)) for each in (app, None)]
    began = await Round.begin(own)
    assert not booked(await began.answer(plain))
    assert booked(await began.answer(own))


async def test_a_redis_that_comes_back_empty_is_given_the_keys_again(
    stack: AsyncExitStack, server_of_redis: RedisServer, start: Start, log: FleetLog
) -> None:
    await server_of_redis.start()
    one, other = [await way_to(stack, await start()) for _ in range(2)]
    began = await Round.begin(one)
    await server_of_redis.kill()
    await log.wait(AWAY, 2)
    # What was sealed before, and what is sealed meanwhile, opens wherever the ring was read.
    assert booked(await began.answer(other))
    assert booked(await (await Round.begin(other)).answer(one))
    await server_of_redis.start()
    await log.wait(BACK, 2)
    late = await way_to(stack, await start())
    for call in (one, other, late):
        assert booked(await began.answer(call))
        assert booked(await (await Round.begin(late)).answer(call))


async def test_a_replica_that_starts_without_redis_serves_with_a_key_of_its_own_until_it_comes(
    stack: AsyncExitStack, server_of_redis: RedisServer, start: Start, log: FleetLog
) -> None:
    lonely, other = [await way_to(stack, await start(alone=True)) for _ in range(2)]
    await log.wait(AWAY, 2)
    early = await Round.begin(lonely)
    assert booked(await early.answer(lonely))
    assert not booked(await early.answer(other))
    await server_of_redis.start()
    await log.wait(BACK, 2)
    assert booked(await early.answer(lonely))
    assert booked(await (await Round.begin(lonely)).answer(other))


async def test_where_redis_away_is_closed_a_replica_is_ready_when_it_has_the_keys(
    server_of_redis: RedisServer, start: Start, log: FleetLog
) -> None:
    server = await start(alone=True, redis_away="closed")
    async with Client(server.addresses[0]) as client:
        assert not server._backend.availability.serving
        # Whoever asks all the same is answered.
        assert await client.list_tools()
        became_ready = asyncio.Event()
        changes: list[bool] = []

        def changed(serving: bool) -> None:
            changes.append(serving)
            became_ready.set()

        server._backend.availability.watch(changed)
        await server_of_redis.start()
        await became_ready.wait()
        await log.wait(BACK)
        await server_of_redis.kill()
        await log.wait(AWAY, 2)
        assert await client.list_tools()
    # It has the keys for good: health does not follow Redis.
    assert changes == [True]


async def test_what_others_keep_under_the_name_is_left_alone_and_said_once(
    stack: AsyncExitStack, server_of_redis: RedisServer, start: Start, url: str, log: FleetLog
) -> None:
    await server_of_redis.start()
    async with redis_client(url) as client:
        await client.set("mcpgrpc:state-keys:fleet", b"somebody's")
        call = await way_to(stack, await start(alone=True))
        assert booked(await (await Round.begin(call)).answer(call))
        await log.wait("set another redis_prefix")
        assert await client.get("mcpgrpc:state-keys:fleet") == b"somebody's"
        await client.delete("mcpgrpc:state-keys:fleet")
        await log.wait(BACK)
    assert log.count("set another redis_prefix") == 1


class Clock:
    """Unix seconds that pass when they are told to."""

    def __init__(self) -> None:
        self.now = 1_700_000_000.0

    def __call__(self) -> float:
        return self.now


def ring_of(clock: Clock) -> SharedRing:
    return SharedRing("ring", DAY, FleetCounts(), clock=clock)


async def test_replicas_that_start_at_once_make_one_ring(
    server_of_redis: RedisServer, url: str
) -> None:
    await server_of_redis.start()
    rings = [ring_of(Clock()) for _ in range(8)]
    async with redis_client(url) as client:
        await asyncio.gather(*(ring.refresh(client) for ring in rings))
        assert 0 < await client.ttl("ring") <= 4 * DAY
    assert len({ring.secrets() for ring in rings}) == 1
    assert len(rings[0].secrets()) == 1


async def test_rings_are_rotated_and_every_replica_opens_what_any_seals(
    server_of_redis: RedisServer, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mcpgrpc_server.fleet.shared_ring.STEADY_SECONDS", 0)
    await server_of_redis.start()
    clock = Clock()
    rings = [ring_of(clock) for _ in range(2)]
    sealed: set[bytes] = set()
    async with redis_client(url) as client:
        for _ in range(12):
            for ring in rings:
                await ring.refresh(client)
                sealing = rings[0].secrets()[:1] + rings[1].secrets()[:1]
                assert all(set(sealing) <= set(each.secrets()) for each in rings if each.secrets())
                sealed.update(sealing)
            clock.now += DAY / 2
        # One that comes later has the same.
        late = ring_of(clock)
        for ring in (late, *rings):
            await ring.refresh(client)
    assert len(sealed) == 6
    assert late.secrets() == rings[0].secrets() == rings[1].secrets()
    assert len(late.secrets()) == 4


async def test_a_new_key_does_not_seal_before_redis_was_there_for_a_while(
    server_of_redis: RedisServer, url: str
) -> None:
    """Another replica may not have found Redis again, and not have read the key."""
    await server_of_redis.start()
    clock = Clock()
    ring = ring_of(clock)
    async with redis_client(url) as client:
        began = asyncio.Event()
        attending = asyncio.create_task(ring.attend(client, began.set))
        await began.wait()
        [old] = ring.secrets()
        for seconds in (DAY, SETTLE_SECONDS):
            clock.now += seconds
            await ring.refresh(client)
        assert ring.secrets()[0] == old
        assert len(ring.secrets()) == 2
        # The same after it was there for so long.
        ring._met -= STEADY_SECONDS
        await ring.refresh(client)
        assert ring.secrets()[1] == old
        attending.cancel()
        await asyncio.wait({attending})


async def test_two_rings_that_were_made_apart_become_one(
    server_of_redis: RedisServer, url: str
) -> None:
    await server_of_redis.start()
    old, new = ring_of(Clock()), ring_of(Clock())
    async with redis_client(url) as client:
        await old.refresh(client)
        await client.flushall()
        await new.refresh(client)
        await old.refresh(client)
        await new.refresh(client)
        assert set(old.secrets()) == set(new.secrets())
        assert len(old.secrets()) == 2
        await client.set("ring", b"{}")
        with pytest.raises(FleetError, match="ring is somebody else's"):
            await old.refresh(client)
    assert set(old.secrets()) == set(new.secrets())


async def test_redis_over_tls_with_a_password_that_nobody_is_shown(
    stack: AsyncExitStack, tmp_path: Path, caplog: pytest.LogCaptureFixture, log: FleetLog
) -> None:
    caplog.set_level(logging.DEBUG)
    authority, port = Authority(), free_port()
    certificate, key = authority.server().files(tmp_path)
    ca = tmp_path / "ca.crt"
    ca.write_bytes(authority.root.pem)
    server = RedisServer(
        (
            *("--port", "0", "--tls-port", str(port), "--bind", "127.0.0.1"),
            *("--tls-cert-file", certificate, "--tls-key-file", key),
            *("--tls-auth-clients", "no", "--requirepass", PASSWORD),
        )
    )
    stack.push_async_callback(server.kill)
    await server.start()
    url = f"rediss://:{PASSWORD}@127.0.0.1:{port}/0"
    trusting = f"{url}?ssl_ca_certs={ca}"
    calls = [
        await way_to(stack, await stack.enter_async_context(replica(redis=trusting)))
        for _ in range(2)
    ]
    await log.wait(UP, 2)
    assert booked(await (await Round.begin(calls[0])).answer(calls[1]))
    # Of an authority that is not trusted, and with another password.
    await stack.enter_async_context(replica(redis=url))
    await stack.enter_async_context(replica(redis=trusting.replace(PASSWORD, "guess-of-a-secret")))
    await log.wait(AWAY, 2)
    assert PASSWORD not in caplog.text
    assert "guess-of-a-secret" not in caplog.text


async def test_the_user_that_the_document_advises_can_do_all_that_a_fleet_needs(
    stack: AsyncExitStack, server_of_redis: RedisServer, url: str, log: FleetLog
) -> None:
    advised = re.search(r"^ACL SETUSER .+$", OPERATIONS.read_text(encoding="utf-8"), re.MULTILINE)
    assert advised is not None
    await server_of_redis.start()
    async with redis_client(url) as admin:
        await cast("Any", admin).execute_command(*advised[0].replace("PASSWORD", PASSWORD).split())
        own = url.replace("unix://", f"unix://mcpgrpc:{PASSWORD}@") + f"?password={PASSWORD}"
        servers = [
            await stack.enter_async_context(replica(redis=own, rate_limit="5/minute"))
            for _ in range(2)
        ]
        await log.wait(UP, 2)
        calls = [await way_to(stack, server) for server in servers]
        # Two are counted for each round.
        for _ in range(2):
            assert booked(await (await Round.begin(calls[0])).answer(calls[1]))
        change = {"name": "change", "arguments": {"what": "tools"}}
        assert "result" in await calls[0](change)
        assert (await calls[1](change)) == {"refused": "RATE_LIMITED"}
        connections = await admin.client_list()
    assert log.count(AWAY) == 0
    assert sum(each["user"] == "mcpgrpc" for each in connections) <= 6
