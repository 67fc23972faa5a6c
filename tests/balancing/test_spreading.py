"""Where requests go while addresses appear and vanish."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import mcp
import pytest

import mcpgrpc
from mcpgrpc import Client
from mcpgrpc.errors import ConnectError, UsageError
from tests.balancing.conftest import Connect, balancing
from tests.balancing.replicas import MAX_SECONDS, Names, Replicas

CLIENTS = 8
JOIN_SECONDS = 10
MEASURED = 2_000


async def called(client: Client, calls: int, caller: str = "c") -> set[str]:
    """The replicas that answered so many calls, made one after the other."""
    answers = [
        await client.call_tool("count", {"call": f"{caller}:{number}"}) for number in range(calls)
    ]
    return {str(each.structured_content["result"]) for each in answers if each.structured_content}


@asynccontextmanager
async def load(clients: list[Client], callers: int) -> AsyncIterator[None]:
    """Every client calls all the time; a call that fails fails the test."""
    stopping = False

    async def caller(name: int, client: Client) -> None:
        number = 0
        while not stopping:
            number += 1
            await client.call_tool("count", {"call": f"{name}:{number}"})

    async with asyncio.TaskGroup() as calling:
        for name, client in enumerate(clients):
            for _ in range(callers):
                calling.create_task(caller(name, client))
        yield
        stopping = True


@pytest.mark.parametrize("callers", [1, 4], ids=["one at a time", "four at once"])
async def test_within_ten_seconds_of_a_replica_joining_all_have_about_the_same_to_do(
    replicas: Replicas, connect: Connect, callers: int
) -> None:
    addresses = await replicas.start(1, 2)
    names, executions = Names(*addresses), replicas.executions
    config = balancing(names, resolve_interval_seconds=2)
    clients = [await connect(names, balancing=config) for _ in range(CLIENTS)]
    async with load(clients, callers):
        await executions.until(lambda: len(executions.by_replica) == 2)
        names.addresses = addresses = [*addresses, *await replicas.start(3)]
        joined = executions.callers.setdefault(addresses[2], set())
        await executions.until(lambda: len(joined) == CLIENTS, JOIN_SECONDS)
        executions.by_replica.clear()
        await executions.until(lambda: executions.by_replica.total() >= MEASURED)
        assert executions.imbalance(addresses) <= 1.2


async def test_a_list_of_addresses_is_used_as_a_whole(replicas: Replicas, connect: Connect) -> None:
    addresses = await replicas.start(1, 2, 3)
    client = await connect(",".join(addresses))
    async with asyncio.timeout(MAX_SECONDS):
        while await called(client, 12) != set(addresses):
            pass
        assert [replicas.streams(number) for number in (1, 2, 3)] == [1, 1, 1]


async def test_a_client_has_no_more_streams_than_it_may(
    replicas: Replicas, connect: Connect
) -> None:
    addresses = await replicas.start(1, 2, 3, 4)
    names = Names(*addresses)
    client = await connect(names, balancing=balancing(names, max_streams=2))
    async with asyncio.timeout(MAX_SECONDS):
        while len(seen := await called(client, 12)) < 2:
            pass
        await names.asked_again(2)
        assert await called(client, 12) == seen
        assert sum(replicas.streams(number) for number in (1, 2, 3, 4)) == 2


async def test_an_address_that_vanishes_gets_nothing_new_and_finishes_what_it_has(
    replicas: Replicas, connect: Connect
) -> None:
    addresses = await replicas.start(1, 2)
    names, executions = Names(*addresses), replicas.executions
    client = await connect(names)
    async with asyncio.timeout(MAX_SECONDS):
        while await called(client, 8) != set(addresses):
            pass
        held = [
            asyncio.create_task(client.call_tool("hold", {"call": f"h:{number}"}))
            for number in range(2)
        ]
        await executions.until(lambda: {"h:0", "h:1"} <= set(executions.by_id))
        names.addresses = addresses[:1]
        await names.asked_again(2)
        assert await called(client, 12) == {addresses[0]}
        assert replicas.streams(2) == 1
        executions.release.set()
        answers = [each.structured_content for each in await asyncio.gather(*held)]
        assert {str(each["result"]) for each in answers if each} == set(addresses)


async def test_a_stream_to_an_address_that_vanished_is_closed_when_it_is_idle(
    replicas: Replicas, connect: Connect
) -> None:
    addresses = await replicas.start(1, 2)
    names = Names(*addresses)
    client = await connect(names)
    async with asyncio.timeout(MAX_SECONDS):
        while await called(client, 8) != set(addresses):
            pass
        names.addresses = addresses[:1]
        while replicas.streams(2):
            await names.asked_again()


async def test_a_legacy_session_stays_where_it_began(replicas: Replicas, connect: Connect) -> None:
    addresses = await replicas.start(1, 2)
    names = Names(*addresses)
    client = await connect(names, mode="legacy")
    async with asyncio.timeout(MAX_SECONDS):
        [home] = await called(client, 8)
        names.addresses = [address for address in addresses if address != home]
        assert await called(client, 8) == {home}
        assert replicas.streams(1) + replicas.streams(2) == 1


async def test_subscriptions_stay_on_one_stream_and_do_not_count_as_work(
    replicas: Replicas, connect: Connect
) -> None:
    addresses = await replicas.start(1, 2)
    client = await connect(Names(*addresses))
    async with asyncio.timeout(MAX_SECONDS), AsyncExitStack() as stack:
        while await called(client, 8) != set(addresses):
            pass
        for _ in range(4):
            await stack.enter_async_context(client.listen(tools=True))
        replicas.executions.by_replica.clear()
        await called(client, 20)
        assert replicas.executions.imbalance(addresses) == 1


async def test_the_sdks_client_goes_to_every_address_too(replicas: Replicas) -> None:
    addresses = await replicas.start(1, 2)
    async with asyncio.timeout(MAX_SECONDS):
        async with mcp.Client(mcpgrpc.transport(",".join(addresses))) as client:
            while set(replicas.executions.by_replica) != set(addresses):
                await client.call_tool("count", {"call": "sdk"})


async def test_a_stream_more_to_each_address_opens_under_load(
    replicas: Replicas, connect: Connect
) -> None:
    addresses = await replicas.start(1, 2)
    executions = replicas.executions
    client = await connect(Names(*addresses), streams=2)
    async with asyncio.timeout(MAX_SECONDS):
        held: list[asyncio.Task[Any]] = []
        while [replicas.streams(number) for number in (1, 2)] != [2, 2]:
            call = f"h:{len(held)}"
            held.append(asyncio.create_task(client.call_tool("hold", {"call": call})))
            await executions.until(lambda call=call: executions.by_id[call])
        executions.release.set()
        await asyncio.gather(*held)
        assert set(executions.by_id.values()) == {1}


async def test_a_name_without_an_address_is_said_in_one_line() -> None:
    names = Names()
    client = Client(
        "dns:///tools.example:50051", balancing=balancing(names), connect_timeout_seconds=0.3
    )
    with pytest.raises(ConnectError, match="cannot be resolved: the name has no address"):
        await client.__aenter__()


@pytest.mark.parametrize("bad", [{"max_streams": 0}, {"resolve_interval_seconds": 0}], ids=str)
def test_settings_out_of_their_range_are_refused(bad: dict[str, float]) -> None:
    with pytest.raises(UsageError):
        mcpgrpc.BalancingConfig(**bad)  # type: ignore[arg-type]


def test_pings_that_a_server_takes_for_abuse_are_refused() -> None:
    with pytest.raises(UsageError, match="at least 20"):
        Client(keepalive_seconds=5)
