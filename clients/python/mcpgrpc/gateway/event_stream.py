"""The messages of one HTTP response, kept a while, so that a client can take them up again.

It writes nothing: `sse` does. It is bounded in both directions: a reader that is slow makes the
server wait, and without a reader the oldest messages go.
"""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass
from typing import Final

from mcpgrpc.binding.limits import MIB

MAX_UNREAD_EVENTS: Final = 256
"""Messages that may wait for a reader before the server is slowed down."""

KEPT_EVENTS: Final = 256
KEPT_BYTES: Final = 1 * MIB
"""What is kept of a stream for a client that comes back."""


@dataclass(frozen=True, slots=True)
class Event:
    """A message on its way.

    Attributes:
        number: its place in the stream, from 1.
        text: JSON-RPC, on one line.
        status: the HTTP status, where nothing else was sent before.
        final: nothing comes after it.
    """

    number: int
    text: str
    status: int = 200
    final: bool = False


class EventStream:
    """What belongs to one request, or to none: one reader at a time."""

    def __init__(self, number: int = 0) -> None:
        self.number = number
        self._events: deque[Event] = deque()
        self._bytes = 0
        self._last = 0
        self._taken = 0
        self._ended = False
        self._reader: Reader | None = None
        self._changed = asyncio.Event()
        self._room = asyncio.Event()

    @property
    def kept_bytes(self) -> int:
        """How much it holds."""
        return self._bytes

    @property
    def is_read(self) -> bool:
        """Whether a response reads it now."""
        return self._reader is not None

    def put(self, text: str, *, status: int = 200, final: bool = False) -> None:
        """Add a message; after the final one none is taken."""
        if self._ended:
            return
        self._last += 1
        self._events.append(Event(self._last, text, status, final))
        self._bytes += len(text)
        self._ended = final
        self._trim()
        self._changed.set()

    def end(self) -> None:
        """Nothing more will come."""
        self._ended = True
        self.release()

    def attach(self, after: int | None = None) -> Reader:
        """Begin to read behind an event, or where the last reader stopped; ends that one."""
        self.release()
        self._reader = Reader(self, self._taken if after is None else after)
        return self._reader

    def release(self) -> None:
        """End the response that reads; another may follow."""
        self._reader = None
        self._changed.set()
        self._room.set()

    async def room(self) -> None:
        """Wait while a reader is far behind."""
        while self.is_read and self._last - self._taken >= MAX_UNREAD_EVENTS:
            self._room.clear()
            await self._room.wait()

    def detach(self, reader: Reader) -> None:
        """A reader has gone."""
        if self._reader is reader:
            self.release()

    async def take(self, reader: Reader, after: int) -> Event | None:
        """The event behind another; None when the stream, or this reader's turn, is over."""
        while self._reader is reader:
            event = self._behind(after)
            if event is not None:
                self._taken = max(self._taken, event.number)
                self._room.set()
                self._trim()
                return event
            if self._ended:
                break
            self._changed.clear()
            await self._changed.wait()
        return None

    def _behind(self, number: int) -> Event | None:
        if not self._events or self._last <= number:
            return None
        return self._events[max(0, number + 1 - self._events[0].number)]

    def _trim(self) -> None:
        """Let go of what is beyond the bounds; of what a reader still waits for, nothing."""
        while len(self._events) > 1 and (
            len(self._events) > KEPT_EVENTS or self._bytes > KEPT_BYTES
        ):
            if self.is_read and self._events[0].number > self._taken:
                return
            self._bytes -= len(self._events.popleft().text)


class Reader:
    """One response that reads a stream."""

    def __init__(self, stream: EventStream, after: int) -> None:
        self._stream = stream
        self._after = after

    async def next(self) -> Event | None:
        """The next event; None when no more come for this reader."""
        event = await self._stream.take(self, self._after)
        if event is not None:
            self._after = event.number
        return event

    def close(self) -> None:
        """Read no more."""
        self._stream.detach(self)
