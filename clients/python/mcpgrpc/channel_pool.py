"""Several channels to one server, since a connection carries a bounded number of streams.

It opens no stream and knows no RPC: whoever leases a channel does, and one lease stands for one
stream. A server or a proxy makes streams beyond its own bound wait without a word, so none is ever
put to it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection
from dataclasses import dataclass
from types import TracebackType
from typing import Final, Self

import grpc

from mcpgrpc.errors import McpGrpcError

IDLE_SECONDS: Final = 60.0
"""How long a channel that is not needed any more is kept for a load that comes back."""


class PoolFullError(McpGrpcError):
    """Every connection carries as many streams as it may; nothing was sent."""


@dataclass(slots=True, eq=False)
class _Pooled:
    channel: grpc.aio.Channel
    leases: int = 0
    countdown: asyncio.TimerHandle | None = None

    def stop_countdown(self) -> None:
        if self.countdown is not None:
            self.countdown.cancel()
            self.countdown = None


class Lease:
    """A stream's place on a channel; also a context that gives it back.

    Attributes:
        channel: where the stream may be opened.
    """

    def __init__(self, channel: grpc.aio.Channel, give_back: Callable[[], None]) -> None:
        self.channel = channel
        self._give_back: Callable[[], None] | None = give_back

    def release(self) -> None:
        """Give the place back; again does nothing."""
        give_back, self._give_back = self._give_back, None
        if give_back is not None:
            give_back()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.release()


class ChannelPool:
    """Leases places on channels; belongs to one event loop.

    A lease gets the least used of as many channels as are needed now; the others take no more, and
    are closed when they have been empty for a while. One channel always stays.

    Args:
        open_channel: makes a channel with a connection of its own.
        streams_per_channel: leases of one channel at once.
        max_channels: channels that may be needed at once.
        idle_seconds: how long an empty channel beyond the first is kept.
    """

    def __init__(
        self,
        open_channel: Callable[[], grpc.aio.Channel],
        *,
        streams_per_channel: int,
        max_channels: int,
        idle_seconds: float = IDLE_SECONDS,
    ) -> None:
        self._open_channel = open_channel
        self._streams_per_channel = streams_per_channel
        self._max_channels = max_channels
        self._idle_seconds = idle_seconds
        self._pooled = [_Pooled(open_channel())]
        self._leases = 0
        self._closing: set[asyncio.Task[None]] = set()

    def __len__(self) -> int:
        """How many channels are open."""
        return len(self._pooled)

    @property
    def is_idle(self) -> bool:
        """Whether nobody has a lease."""
        return not self._leases

    def lease(self, beside: Collection[grpc.aio.Channel] = ()) -> Lease:
        """A place for one stream, on another channel than these.

        Raises:
            PoolFullError: there is none, and as many channels are open as may be.
        """
        pooled = self._place_beside(beside) if beside else self._place()
        pooled.stop_countdown()
        pooled.leases += 1
        self._leases += 1
        return Lease(pooled.channel, lambda: self._give_back(pooled))

    async def close(self) -> None:
        """Close every channel, and end what is open on them."""
        pooled, self._pooled = self._pooled, []
        for each in pooled:
            each.stop_countdown()
        await asyncio.gather(*(each.channel.close() for each in pooled), *self._closing)

    def _place(self) -> _Pooled:
        needed = self._leases // self._streams_per_channel + 1
        if needed > self._max_channels:
            raise PoolFullError(
                f"{self._leases} streams are open, and {self._max_channels} connections"
                f" carry {self._streams_per_channel} each; try again later"
            )
        while len(self._pooled) < needed:
            self._pooled.append(_Pooled(self._open_channel()))
        return min(self._pooled[:needed], key=lambda pooled: pooled.leases)

    def _place_beside(self, others: Collection[grpc.aio.Channel]) -> _Pooled:
        free = [
            pooled
            for pooled in self._pooled
            if pooled.leases < self._streams_per_channel and pooled.channel not in others
        ]
        if free:
            return min(free, key=lambda pooled: pooled.leases)
        if len(self._pooled) >= self._max_channels:
            raise PoolFullError(f"{self._max_channels} connections are open; try again later")
        self._pooled.append(_Pooled(self._open_channel()))
        return self._pooled[-1]

    def _give_back(self, pooled: _Pooled) -> None:
        pooled.leases -= 1
        self._leases -= 1
        if not pooled.leases and pooled in self._pooled[1:]:
            loop = asyncio.get_running_loop()
            pooled.countdown = loop.call_later(self._idle_seconds, self._retire, pooled)

    def _retire(self, pooled: _Pooled) -> None:
        self._pooled.remove(pooled)
        closing = asyncio.create_task(pooled.channel.close(), name="closing an idle channel")
        self._closing.add(closing)
        closing.add_done_callback(self._closing.discard)
