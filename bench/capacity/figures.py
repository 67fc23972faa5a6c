"""The figures: each a coroutine that puts something on a fresh replica and asks the kernel.

It repeats nothing and words only what a figure is.
"""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Final, TypeAlias

from bench.capacity.replica import Replica, clients, ended, warm
from mcpgrpc import Client
from mcpgrpc.balancing.resolving import SYSTEM_RESOLVER

KB: Final = 1_000
MICRO: Final = 1_000_000
WAIT_SECONDS: Final = 60.0
"""Longer than it takes to put everything in flight."""

LOOK_UPS: Final = 500
CONNECTION_STREAMS: Final = 100
"""Streams of one connection, as the client pools them."""


@dataclass(frozen=True, slots=True)
class Size:
    """How much is put on a replica.

    Attributes:
        streams: idle Sessions; Sessions that are drained.
        in_flight: requests at once, over IN_FLIGHT_STREAMS Sessions.
        calls: whose processor time is counted.
        listeners: subscriptions; each hears `changes` changes.
        changes: that are told.
    """

    streams: int
    in_flight: int
    calls: int
    listeners: int
    changes: int


FULL: Final = Size(streams=2_500, in_flight=8_000, calls=20_000, listeners=500, changes=40)
QUICK: Final = Size(streams=250, in_flight=1_000, calls=2_000, listeners=50, changes=10)
IN_FLIGHT_STREAMS: Final = 16

Measure: TypeAlias = Callable[[Replica, Size], Awaitable[float]]


async def idle_stream_kb(server: Replica, size: Size) -> float:
    """Memory of an idle Session."""
    async with clients(server.target, CONNECTION_STREAMS) as first:
        await warm(first[0])
        before = server.resident_bytes
        async with clients(server.target, size.streams):
            return (server.resident_bytes - before) / size.streams / KB


async def opening_ms(server: Replica, size: Size) -> float:
    """Processor time of opening a Session."""
    async with clients(server.target, 1) as first:
        await warm(first[0])
        before = server.cpu_seconds
        async with clients(server.target, size.streams):
            return (server.cpu_seconds - before) / size.streams * 1_000


async def in_flight_kb(server: Replica, size: Size) -> float:
    """Memory of a request in flight."""
    async with clients(server.target, IN_FLIGHT_STREAMS) as all_of_them:
        for client in all_of_them:
            await warm(client)
        before = server.resident_bytes
        waiting: list[asyncio.Task[object]] = [
            asyncio.create_task(client.call_tool("wait", {"seconds": WAIT_SECONDS}))
            for _, client in zip(range(size.in_flight), itertools.cycle(all_of_them), strict=False)
        ]
        # A stream's requests start in their order: when the last one is answered, all run.
        last = await asyncio.gather(*(_add(client) for client in all_of_them))
        cost = (server.resident_bytes - before) / size.in_flight / KB
        await ended(waiting)
        assert len(last) == IN_FLIGHT_STREAMS
        return cost


async def session_call_us(server: Replica, size: Size) -> float:
    """Processor time of a call on a Session, 16 at once."""
    return await _call_us(server, size, "session", 16)


async def lone_session_call_us(server: Replica, size: Size) -> float:
    """Processor time of a call on a Session, one at a time."""
    return await _call_us(server, size, "session", 1)


async def unary_call_us(server: Replica, size: Size) -> float:
    """Processor time of a Call RPC, 16 at once."""
    return await _call_us(server, size, "call", 16)


async def drain_seconds(server: Replica, size: Size) -> float:
    """From SIGTERM to the end of the process, with idle Sessions."""
    async with clients(server.target, size.streams):
        return await server.drained_seconds()


async def told_us(server: Replica, size: Size) -> float:
    """Processor time of telling one listener of one change."""
    async with clients(server.target, size.listeners) as all_of_them, AsyncExitStack() as stack:
        heard = [
            await stack.enter_async_context(client.listen(tools=True)) for client in all_of_them
        ]
        teller = all_of_them[0]
        await teller.call_tool("change")
        await asyncio.gather(*(anext(each) for each in heard))
        before = server.cpu_seconds
        for _ in range(size.changes):
            await teller.call_tool("change")
            await asyncio.gather(*(anext(each) for each in heard))
        return (server.cpu_seconds - before) / size.changes / size.listeners * MICRO


async def look_up_us(server: Replica, size: Size) -> float:
    """Processor time of a client's look-up of a name, of the hosts file."""
    await SYSTEM_RESOLVER.resolve("localhost", 1)
    before = time.process_time()
    for _ in range(LOOK_UPS):
        await SYSTEM_RESOLVER.resolve("localhost", 1)
    return (time.process_time() - before) / LOOK_UPS * MICRO


async def _call_us(server: Replica, size: Size, rpc: str, at_once: int) -> float:
    async with clients(server.target, 1, rpc) as (client,):
        await warm(client)
        numbers = iter(range(size.calls))
        before = server.cpu_seconds

        async def call() -> None:
            for _ in numbers:
                await _add(client)

        await asyncio.gather(*(call() for _ in range(at_once)))
        return (server.cpu_seconds - before) / size.calls * MICRO


async def _add(client: Client) -> None:
    result = await client.call_tool("add", {"a": 1, "b": 2})
    assert result.content[0].text == "3", result
