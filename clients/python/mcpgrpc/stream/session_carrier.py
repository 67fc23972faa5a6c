"""A Session that is opened again when it is lost: requests that certainly did not run go again.

It keeps one stream on one channel, and does not balance over several, as `mcpgrpc.balancing` does.
A legacy session lives and dies with its stream.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from typing import Final

import grpc

from mcpgrpc.binding.limits import Limits
from mcpgrpc.channel import unanswered
from mcpgrpc.errors import McpGrpcError
from mcpgrpc.rpc_errors import describe
from mcpgrpc.stream.backoff import pause_seconds
from mcpgrpc.stream.carrier import Inbox
from mcpgrpc.stream.opening import Metadata, OpeningError, OpeningGate, opening_gate
from mcpgrpc.stream.requests import is_cancelled
from mcpgrpc.stream.sending import SessionSender
from mcpgrpc.stream.session import SessionStream
from mcpgrpc.v1 import envelope_pb2

MAX_IDLE_DRAINING: Final = 4
"""Streams kept that drain with nothing under way. A server in good faith ends them at once."""


class SessionCarrier(SessionSender):
    """Carries requests on one Session at a time.

    Args:
        channel: where Sessions are opened.
        target: the address, for messages.
        metadata: gives the metadata of a new stream, with fresh credentials.
        inbox: who hears what comes unasked.
        limits: what this end accepts.
        connect_timeout_seconds: how long opening may take, further attempts included.
    """

    def __init__(
        self,
        channel: grpc.aio.Channel,
        target: str,
        metadata: Metadata,
        inbox: Inbox,
        limits: Limits,
        connect_timeout_seconds: float,
    ) -> None:
        super().__init__(target, inbox)
        self._channel = channel
        self._metadata = metadata
        self._limits = limits
        self._connect_timeout_seconds = connect_timeout_seconds
        self._gate: OpeningGate | None = None
        self._stream: SessionStream | None = None
        self._draining: set[SessionStream] = set()
        self._opening: asyncio.Task[SessionStream] | None = None
        self._closing: set[asyncio.Task[None]] = set()

    @property
    def is_open(self) -> bool:
        """Whether a request would be sent at once."""
        return self._stream is not None and self._stream.accepts_requests

    async def open(self) -> None:
        """Open a stream, unless one is open."""
        await self._usable_stream()

    async def close(self) -> None:
        """End every stream; what is under way is cancelled."""
        self._closed = True
        if self._opening is not None:
            self._opening.cancel()
            await asyncio.wait({self._opening})
        streams = [*self._draining, *([self._stream] if self._stream is not None else [])]
        await asyncio.gather(*(stream.close() for stream in streams))

    # SessionListener

    def on_go_away(self, stream: SessionStream) -> None:
        """The next request opens another stream, unless the session is bound to this one."""
        if self._pinned is not None:
            self._end_of_session = stream.drained_because
        elif stream is self._stream:
            self._stream = None
            self._retire(stream)

    def on_end(self, stream: SessionStream, error: Exception | None) -> None:
        """A stream is over."""
        self._draining.discard(stream)
        if stream is not self._stream:
            return
        self._stream = None
        if self._pinned is not None and not self._closed:
            ended = stream.drained_because or "the server ended it"
            self._end_of_session = ended if error is None else describe(error)
            self._inbox.session_over(self._ended())

    # SessionSender

    def _ready_stream(
        self,
        envelope: envelope_pb2.Envelope,  # every request goes on the one stream
        avoid: SessionStream | None,  # there is no other
    ) -> SessionStream | None:
        stream = self._stream
        return stream if stream is not None and stream.accepts_requests else None

    def _notified_stream(self) -> SessionStream | None:
        return self._stream

    async def _usable_stream(self, envelope: envelope_pb2.Envelope | None = None) -> SessionStream:
        stream = self._stream
        if stream is not None and stream.accepts_requests:
            return stream
        if self._closed or self._pinned is not None:
            raise self._over()
        # One attempt for everybody who waits: they share its stream, and its failure.
        if self._opening is None:
            self._opening = asyncio.create_task(self._open_stream(), name="opening a session")
            self._opening.add_done_callback(self._opened)
        try:
            return await asyncio.shield(self._opening)
        except asyncio.CancelledError:
            if is_cancelled():
                raise
            # Only `close` cancels the attempt itself.
            raise self._over() from None

    def _opened(self, opening: asyncio.Task[SessionStream]) -> None:
        self._opening = None
        if not opening.cancelled() and opening.exception() is None:
            self._stream = opening.result()

    def _retire(self, stream: SessionStream) -> None:
        """Let a stream that takes no more requests finish those it has."""
        self._draining.add(stream)
        idle = [each for each in self._draining if not each.requests_under_way]
        for overdue in idle[MAX_IDLE_DRAINING:]:
            self._draining.discard(overdue)
            closing = asyncio.create_task(overdue.close())
            self._closing.add(closing)
            closing.add_done_callback(self._closing.discard)

    async def _open_stream(self) -> SessionStream:
        """Open a stream, again and again until the time is over."""
        last: McpGrpcError | None = None
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._connect_timeout_seconds):
                for attempt in itertools.count(1):
                    try:
                        opened = await self._try_to_open()
                        if opened is not None:
                            return opened
                        last = None
                    except OpeningError as failed:
                        if not failed.is_passing and failed.error is not None:
                            raise failed.error from None
                        last = failed.error
                    await asyncio.sleep(pause_seconds(attempt))
        raise last or unanswered(self._channel, self._target, self._connect_timeout_seconds)

    async def _try_to_open(self) -> SessionStream | None:
        """A stream that takes requests; None where the server drains it already."""
        if self._gate is None:
            self._gate = opening_gate(self._target)
        stream = SessionStream(self._channel, self, self._limits)
        await self._gate.open(stream, self._target, self._metadata)
        if stream.accepts_requests:
            return stream
        if not stream.is_over:
            self._retire(stream)
        return None
