"""Watches a stream for a peer that does not read, does not speak, or went silent.

One timer a stream, a few times a minute; nothing on the path of a message.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

from mcpgrpc.binding.core import StreamCore
from mcpgrpc.binding.encoded import EncodedItem
from mcpgrpc.binding.errors import Refusal
from mcpgrpc.stream.requests import Waiting
from mcpgrpc.stream.writer import FrameWriter
from mcpgrpc.v1 import errors_pb2
from mcpgrpc_server.host import StreamBounds

MISSED_KEEPALIVES: Final = 3
"""A peer that promised keep-alives is gone when so many in a row are missing."""

LOOKS_PER_BOUND: Final = 4
"""How often the timer fires within the shortest bound, so that none is overrun by much."""

REFUSALS_OVER_HIGH_WATER: Final = 4
"""Answers that the reader itself gives do not wait for room. When so many times the high-water mark
is queued, the reader waits instead: its peer sends without reading."""


def stalled(limit_seconds: float) -> Refusal:
    """Why a stream is ended whose peer does not read."""
    return Refusal(
        errors_pb2.ERROR_REASON_STREAM_STALLED,
        f"the client has not read its stream for {limit_seconds:g} s",
    )


class StreamWatch:
    """The clock of one stream.

    Args:
        core: knows what the peer promised.
        writer: knows whether a write waits.
        bounds: how long is too long.
        end: ends the stream with a reason.
    """

    def __init__(
        self,
        core: StreamCore[Waiting],
        writer: FrameWriter[EncodedItem],
        bounds: StreamBounds,
        end: Callable[[Refusal], None],
    ) -> None:
        self._core = core
        self._writer = writer
        self._bounds = bounds
        self._end = end
        self._loop = asyncio.get_running_loop()
        self._last_frame = self._loop.time()
        self._spoke = False
        self._half_closed = False
        self._is_taking = False
        self._timer: asyncio.TimerHandle | None = None

    def start(self) -> None:
        """Begin to watch."""
        self._timer = self._loop.call_later(self._interval_seconds(), self._look)

    def heard_promise(self) -> None:
        """The peer's Settings may promise keep-alives: look as often as that needs from now on."""
        self.stop()
        self.start()

    def stop(self) -> None:
        """End watching."""
        if self._timer is not None:
            self._timer.cancel()

    def half_closed(self) -> None:
        """The peer sends no more, as it may; it is only expected to read."""
        self._half_closed = True

    def saw_frame(self) -> None:
        """The peer sent something. It is not silent while that is being taken."""
        self._spoke = True
        self._is_taking = True

    def took_frame(self) -> None:
        """What the peer sent is taken; from now on it is waited for."""
        self._is_taking = False
        self._last_frame = self._loop.time()

    async def outbox_bounded(self) -> None:
        """Wait while far more is queued than the high-water mark allows."""
        bound = REFUSALS_OVER_HIGH_WATER * self._bounds.high_water_bytes
        if self._writer.outbox.backlog_bytes > bound:
            await self._writer.room()

    def _interval_seconds(self) -> float:
        bounds = [self._bounds.stall_timeout_seconds, self._bounds.first_message_timeout_seconds]
        if self._core.peer.keepalive_interval_seconds:
            bounds.append(self._core.peer.keepalive_interval_seconds)
        return min(bounds) / LOOKS_PER_BOUND

    def _look(self) -> None:
        refusal = self._stalled() or self._silent()
        if refusal is not None:
            self._end(refusal)
        else:
            self.start()

    def _stalled(self) -> Refusal | None:
        limit = self._bounds.stall_timeout_seconds
        if self._writer.blocked_seconds <= limit:
            return None
        return stalled(limit)

    def _silent(self) -> Refusal | None:
        if self._is_taking or self._half_closed:
            return None
        silent = self._loop.time() - self._last_frame
        promised = self._core.peer.keepalive_interval_seconds
        if not self._spoke:
            limit, what = self._bounds.first_message_timeout_seconds, "no first message came"
        elif promised:
            limit, what = MISSED_KEEPALIVES * promised, "the promised keep-alives stayed away"
        else:
            return None
        if silent <= limit:
            return None
        return Refusal(errors_pb2.ERROR_REASON_STREAM_IDLE, f"{what} for {limit:g} s")
