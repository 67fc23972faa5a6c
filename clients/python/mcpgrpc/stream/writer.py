"""The one writer of a stream: takes frames from an outbox and writes them, one at a time.

It does not know what an item means. grpc.aio allows one writer on a stream, and a task that is
cancelled inside of a write cancels the whole RPC; so nothing but the writer's own task waits in a
write, also in one that was begun elsewhere.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

from mcpgrpc.binding.outbox import Outbox
from mcpgrpc.stream.begun import BegunCoroutine

Item = TypeVar("Item")


class StreamClosedError(Exception):
    """The stream is over; nothing can be sent on it any more."""


class FrameWriter(Generic[Item]):
    """Writes what its outbox holds, with back-pressure and keep-alives.

    Args:
        outbox: what waits.
        write_frame: writes one frame; one at a time, and only `run` waits in it.
        high_water_bytes: the outbox's backlog beyond which `room` waits.
        keepalive_interval_seconds: an idle stream gets an empty frame this often; 0 for never.
    """

    def __init__(
        self,
        outbox: Outbox[Item],
        write_frame: Callable[[list[Item]], Awaitable[None]],
        *,
        high_water_bytes: int,
        keepalive_interval_seconds: float = 0.0,
    ) -> None:
        self.outbox = outbox
        self._write_frame = write_frame
        self._high_water_bytes = high_water_bytes
        self._keepalive_seconds = keepalive_interval_seconds
        self._loop = asyncio.get_running_loop()
        self._idle: asyncio.Future[bool] | None = None
        self._idle_since = 0.0
        self._keepalive: asyncio.TimerHandle | None = None
        self._begun: BegunCoroutine | None = None
        self._blocked: deque[asyncio.Future[None]] = deque()
        self._finishing = False
        self._closed = False
        self._write_began: float | None = None

    @property
    def closed(self) -> bool:
        """Whether the stream is over for this end."""
        return self._closed

    @property
    def blocked_seconds(self) -> float:
        """For how long the write under way has been waiting for the peer to read."""
        return 0.0 if self._write_began is None else self._loop.time() - self._write_began

    @property
    def has_room(self) -> bool:
        """Whether `room` would neither wait nor raise."""
        return not self._closed and self.outbox.backlog_bytes < self._high_water_bytes

    def wake(self, *, alone: bool = False) -> None:
        """Something was put into the outbox.

        `alone` says that nothing else is under way whose message could join it in a frame. Then the
        write of an idle stream is begun on the spot, and `run` finishes it: this saves whoever
        waits for the message a turn of the event loop. Said of every message, it would give each a
        frame of its own.
        """
        if alone and self._idle is not None and not self._idle.done():
            self._begun = BegunCoroutine(self._write(self.outbox.take_frame()))
        self._end_idling(True)

    async def room(self) -> None:
        """Wait until the outbox is below its high-water mark.

        Raises:
            StreamClosedError: the stream ended meanwhile.
        """
        while not self._closed and self.outbox.backlog_bytes >= self._high_water_bytes:
            blocked = self._loop.create_future()
            self._blocked.append(blocked)
            await blocked
        if self._closed:
            raise StreamClosedError("the stream is over")

    async def run(self) -> None:
        """Write until `finish` was called and all is written, or the stream breaks.

        Raises what `write_frame` raises. Whoever waits for room is woken in any case.
        """
        try:
            while True:
                frame = self.outbox.take_frame()
                if frame:
                    await self._write(frame)
                    self._release()
                elif self._finishing:
                    return
                elif not await self._wait_for_work():
                    await self._write([])
                elif self._begun is not None:
                    await self._begun
                    self._begun = None
                    self._release()
        finally:
            if self._begun is not None:
                self._begun.close()
            self.close()

    def finish(self) -> None:
        """Let `run` return once everything queued is written."""
        self._finishing = True
        self.wake()

    def close(self) -> None:
        """The stream is over: drop what waits, wake whoever waits for room, and let `run` end."""
        self._closed = self._finishing = True
        self._end_idling(True)
        if self._keepalive is not None:
            self._keepalive.cancel()
        self.outbox.clear()
        while self._blocked:
            _resolve(self._blocked.popleft())

    async def _write(self, frame: list[Item]) -> None:
        self._write_began = self._loop.time()
        try:
            await self._write_frame(frame)
        finally:
            self._write_began = None

    async def _wait_for_work(self) -> bool:
        """Wait for `wake`; False when the keep-alive interval ended first."""
        self._idle = self._loop.create_future()
        self._idle_since = self._loop.time()
        if self._keepalive is None and self._keepalive_seconds:
            self._look_after(self._keepalive_seconds)
        try:
            return await self._idle
        finally:
            self._idle = None

    def _look_after(self, seconds: float) -> None:
        self._keepalive = self._loop.call_later(seconds, self._look)

    def _look(self) -> None:
        """End idling that has lasted an interval.

        Nearly all of it is over long before, so one timer serves many times of it.
        """
        idle_seconds = 0.0 if self._idle is None else self._loop.time() - self._idle_since
        if idle_seconds < self._keepalive_seconds:
            self._look_after(self._keepalive_seconds - idle_seconds)
        else:
            self._keepalive = None
            self._end_idling(False)

    def _end_idling(self, has_work: bool) -> None:
        if self._idle is not None and not self._idle.done():
            self._idle.set_result(has_work)

    def _release(self) -> None:
        """Wake some of those that wait for room; each checks again for itself."""
        if self.outbox.backlog_bytes >= self._high_water_bytes:
            return
        for _ in range(min(len(self._blocked), _WOKEN_PER_FRAME)):
            _resolve(self._blocked.popleft())


# A frame makes room for a handful of items, so waking everybody would be waking them in vain.
_WOKEN_PER_FRAME = 16


def _resolve(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)
