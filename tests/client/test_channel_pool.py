"""Places on channels: the least used of those needed, more when all are full, none for ever."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import grpc
import pytest

from mcpgrpc.channel_pool import ChannelPool, Lease, PoolFullError
from mcpgrpc.connection import ConnectionOptions

MAX_SECONDS = 10


class Channels:
    """Opens channels, and tells when one is closed."""

    def __init__(self) -> None:
        self.opened: list[grpc.aio.Channel] = []
        self.one_closed = asyncio.Event()

    def open(self) -> grpc.aio.Channel:
        channel = ConnectionOptions("127.0.0.1:1").open_door_channel()
        close = channel.close

        async def closed(grace: float | None = None) -> None:
            await close(grace)
            self.one_closed.set()

        channel.close = closed  # type: ignore[method-assign]  # to hear of it, nothing else
        self.opened.append(channel)
        return channel


@asynccontextmanager
async def pool_of(
    opening: Callable[[], grpc.aio.Channel], idle_seconds: float = 60
) -> AsyncIterator[ChannelPool]:
    pool = ChannelPool(opening, streams_per_channel=2, max_channels=3, idle_seconds=idle_seconds)
    yield pool
    await pool.close()


async def test_channels_are_opened_when_those_there_are_full_up_to_the_bound() -> None:
    channels = Channels()
    async with pool_of(channels.open) as pool:
        leased = [pool.lease().channel for _ in range(6)]
        assert [channels.opened.index(channel) for channel in leased] == [0, 0, 1, 1, 2, 2]
        with pytest.raises(PoolFullError, match="6 streams are open, and 3 connections carry 2"):
            pool.lease()


async def test_a_place_that_was_given_back_is_taken_again_before_another_channel_is() -> None:
    channels = Channels()
    async with pool_of(channels.open) as pool:
        leases = [pool.lease() for _ in range(4)]
        leases[1].release()
        leases[1].release()
        again = pool.lease()
        assert again.channel is leases[1].channel
        assert len(pool) == 2


async def test_the_least_used_of_the_channels_that_are_needed_is_taken() -> None:
    channels = Channels()
    async with pool_of(channels.open) as pool:
        first, second, third, fourth, fifth = (pool.lease() for _ in range(5))
        for lease in (first, second, third):
            lease.release()
        # Three streams more fit on two channels: the third gets none.
        assert [pool.lease().channel for _ in range(2)] == [first.channel, first.channel]
        assert {fourth.channel, fifth.channel} == set(channels.opened[1:])


async def test_an_idle_channel_beyond_the_first_is_closed_and_the_first_is_not() -> None:
    channels = Channels()
    async with pool_of(channels.open, idle_seconds=0.01) as pool, asyncio.timeout(MAX_SECONDS):
        leases = [pool.lease() for _ in range(3)]
        for lease in leases:
            lease.release()
        await channels.one_closed.wait()
        assert len(pool) == 1
        assert pool.lease().channel is channels.opened[0]


async def test_a_channel_that_is_needed_again_in_time_stays() -> None:
    channels = Channels()
    async with pool_of(channels.open) as pool:
        leases = [pool.lease() for _ in range(3)]
        leases[2].release()
        assert pool.lease().channel is leases[2].channel
        assert not channels.one_closed.is_set()


async def test_a_lease_is_given_back_at_the_end_of_its_context() -> None:
    async with pool_of(Channels().open) as pool:
        for _ in range(10):
            with pool.lease() as lease:
                assert isinstance(lease, Lease)
        assert len(pool) == 1
