"""A Session that is opened again when it is lost: requests that certainly did not run go again.

It does not balance over several streams, as `spread_carrier` does. A legacy session lives and dies
with its stream.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import logging
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Final, NamedTuple

import grpc

from mcpgrpc.binding import ids
from mcpgrpc.binding.core import Notify, StartRequest
from mcpgrpc.binding.errors import execution_name
from mcpgrpc.binding.ids import Id
from mcpgrpc.binding.limits import Limits
from mcpgrpc.channel import unanswered
from mcpgrpc.errors import ConnectError, ConnectionLost, McpGrpcError
from mcpgrpc.rpc_errors import describe, lost, open_error
from mcpgrpc.stream.backoff import pause_seconds
from mcpgrpc.stream.carrier import Exchange, Inbox
from mcpgrpc.stream.envelopes import answer_of, is_draining, set_timeout
from mcpgrpc.stream.requests import RequestLostError, Sent, cancellation_params, is_cancelled
from mcpgrpc.stream.session import BrokenStreamError, SessionStream
from mcpgrpc.stream.writer import StreamClosedError
from mcpgrpc.v1 import envelope_pb2, errors_pb2

logger = logging.getLogger(__name__)

MAX_SENDS: Final = 4
"""How often a request that certainly did not run is sent in all."""

NOTIFY_SECONDS: Final = 60.0
"""How long a notification waits for a server that does not read."""

PASSING: Final = (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.CANCELLED)
"""What opening may fail with and succeed a moment later; nothing ran, so the status decides."""

MAX_IDLE_DRAINING: Final = 4
"""Streams kept that drain with nothing under way. A server in good faith ends them at once."""


class BegunExchange(NamedTuple):
    """A request that is on its stream; nobody waits for it yet."""

    stream: SessionStream
    sent: Sent

    @property
    def answer(self) -> asyncio.Future[envelope_pb2.Envelope | None]:
        """What became of it, for `SessionCarrier.finish` unless `is_final`."""
        return self.sent.waiter.answer

    @property
    def is_final(self) -> bool:
        """Whether its answer has come and is the server's own; before that, ask `finish`."""
        answer = self.answer
        if not answer.done() or answer.cancelled() or answer.exception() is not None:
            return False
        envelope = answer.result()
        return envelope is not None and not is_draining(envelope)

    def abandon(self, exchange: Exchange) -> None:
        """Stop waiting for it, and cancel it at the server."""
        self.stream.abandon(self.sent, _cancellation(self.sent, exchange))


class SessionCarrier:
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
        metadata: Callable[[], Awaitable[tuple[tuple[str, str], ...]]],
        inbox: Inbox,
        limits: Limits,
        connect_timeout_seconds: float,
    ) -> None:
        self._channel = channel
        self._target = target
        self._metadata = metadata
        self._inbox = inbox
        self._limits = limits
        self._connect_timeout_seconds = connect_timeout_seconds
        self._stream: SessionStream | None = None
        self._draining: set[SessionStream] = set()
        self._opening: asyncio.Task[SessionStream] | None = None
        self._closing: set[asyncio.Task[None]] = set()
        self._pinned = False
        self._closed = False
        self._end_of_session = ""

    @property
    def is_open(self) -> bool:
        """Whether a request would be sent at once."""
        return self._stream is not None and self._stream.accepts_requests

    async def open(self) -> None:
        """Open a stream, unless one is open."""
        await self._usable_stream()

    def begin(self, exchange: Exchange) -> BegunExchange | None:
        """Send a request at once, where nothing has to be waited for; `finish` gives its answer.

        Gives None where something has to be, or the session may depend on it: then `exchange`.

        Raises:
            ValueError: its id is in flight.
        """
        stream, envelope = self._stream, exchange.envelope
        if stream is None or not stream.accepts_requests or not stream.has_room:
            return None
        if envelope.request.method == "initialize" or stream.beyond_limit(envelope) is not None:
            return None
        if exchange.timeout_seconds is not None:
            set_timeout(envelope, exchange.timeout_seconds)
        return BegunExchange(stream, stream.submit(envelope))

    async def exchange(self, exchange: Exchange) -> envelope_pb2.Envelope:
        """Carry a request; see `Carrier.exchange`."""
        if exchange.timeout_seconds is not None:
            set_timeout(exchange.envelope, exchange.timeout_seconds)
        return await self.finish(exchange, None)

    async def finish(
        self, exchange: Exchange, begun: BegunExchange | None
    ) -> envelope_pb2.Envelope:
        """The answer to a request that was begun, or begins here; as `exchange` otherwise."""
        envelope = exchange.envelope
        for sends_left in range(MAX_SENDS - 1, -1, -1):
            attempt, begun = begun, None
            try:
                if attempt is None:
                    stream = self._stream
                    if stream is None or not stream.accepts_requests:
                        stream = await self._usable_stream()
                    if (refusal := stream.beyond_limit(envelope)) is not None:
                        return answer_of(refusal.response(), envelope)
                    if not stream.has_room:
                        await stream.room()
                    attempt = BegunExchange(stream, stream.submit(envelope))
                answer = await self._answer(attempt, exchange)
            except StreamClosedError:
                continue
            except RequestLostError as error:
                not_started = error.execution == errors_pb2.EXECUTION_NOT_STARTED
                if not_started and sends_left and not self._pinned:
                    continue
                method = envelope.request.method
                raise lost(error, self._target, method, execution_name(error.execution)) from None
            if is_draining(answer) and sends_left and not self._pinned:
                continue
            return answer
        raise ConnectError(f"the server at {self._target} takes no requests now; try again later")

    async def notify(self, envelope: envelope_pb2.Envelope) -> None:
        """Send a notification on the stream that is open; without one there is nobody to tell."""
        stream, method = self._stream, envelope.notification.method
        if stream is None:
            return
        if (refusal := stream.beyond_limit(envelope)) is not None:
            logger.warning("dropped %s: %s", method, refusal.message)
            return
        try:
            with contextlib.suppress(StreamClosedError):
                async with asyncio.timeout(NOTIFY_SECONDS):
                    await stream.room()
            stream.put(envelope)
        except TimeoutError:
            logger.warning("dropped %s: %s does not read", method, self._target)

    async def close(self) -> None:
        """End every stream; what is under way is cancelled."""
        self._closed = True
        if self._opening is not None:
            self._opening.cancel()
            await asyncio.wait({self._opening})
        streams = [*self._draining, *([self._stream] if self._stream is not None else [])]
        await asyncio.gather(*(stream.close() for stream in streams))

    # SessionListener

    def on_notification(self, effect: Notify) -> None:
        """A notification of the server."""
        if effect.cancels is not None:
            self._inbox.request_cancelled(effect.cancels.id)
        envelope = effect.envelope
        related = (
            ids.from_message(envelope.related_request_id)
            if envelope.HasField("related_request_id")
            else None
        )
        self._inbox.notification(envelope, related)

    def on_request(self, stream: SessionStream, effect: StartRequest) -> None:
        """A request of the server; its answer goes to the stream that it came from."""
        self._inbox.request(effect.envelope, partial(stream.answer, effect.request))

    async def caught_up(self) -> None:
        """The inbox slows the server down."""
        await self._inbox.caught_up()

    def on_go_away(self, stream: SessionStream) -> None:
        """The next request opens another stream, unless the session is bound to this one."""
        if self._pinned:
            self._end_of_session = stream.drained_because
        elif stream is self._stream:
            self._stream = None
            self._retire(stream)

    def on_request_stream_close(self, request_id: Id) -> None:
        """A signal for a door."""
        self._inbox.request_stream_close(request_id)

    def on_standalone_stream_close(self) -> None:
        """A signal for a door."""
        self._inbox.standalone_stream_close()

    def on_end(self, stream: SessionStream, error: Exception | None) -> None:
        """A stream is over."""
        self._draining.discard(stream)
        if stream is not self._stream:
            return
        self._stream = None
        if self._pinned and not self._closed:
            ended = stream.drained_because or "the server ended it"
            self._end_of_session = ended if error is None else describe(error)
            self._inbox.session_over(error)

    async def _answer(self, begun: BegunExchange, exchange: Exchange) -> envelope_pb2.Envelope:
        try:
            answer = await begun.answer
        except asyncio.CancelledError:
            begun.abandon(exchange)
            raise
        if answer is None:
            raise RequestLostError(
                "the server settled the request without an answer", errors_pb2.EXECUTION_MAYBE
            )
        if begun.sent.method == "initialize" and answer.response.HasField("result_json"):
            self._pinned = True
        return answer

    async def _usable_stream(self) -> SessionStream:
        stream = self._stream
        if stream is not None and stream.accepts_requests:
            return stream
        if self._closed or self._pinned:
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

    def _over(self) -> ConnectionLost:
        why = "this client closed it" if self._closed else self._end_of_session
        return ConnectionLost(
            f"the session with {self._target} is over ({why}), and nothing was sent;"
            " connect again for another",
            execution="NOT_STARTED",
        )

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
                    opened = await self._try_to_open()
                    if isinstance(opened, SessionStream):
                        return opened
                    last = opened
                    await asyncio.sleep(pause_seconds(attempt))
        raise last or unanswered(self._channel, self._target, self._connect_timeout_seconds)

    async def _try_to_open(self) -> SessionStream | McpGrpcError | None:
        """A stream that takes requests, or why there is none this time; raises what stays so."""
        stream = SessionStream(self._channel, self, self._limits)
        metadata = await self._metadata()
        try:
            await stream.open(metadata)
        except grpc.aio.AioRpcError as error:
            is_refused = error.code() is grpc.StatusCode.UNAUTHENTICATED
            # A credential can end on its way; there may be a fresh one by now.
            if error.code() in PASSING or (is_refused and await self._metadata() != metadata):
                return open_error(error, self._target)
            raise open_error(error, self._target) from None
        except BrokenStreamError as broken:
            raise ConnectError(f"cannot talk to {self._target}: {broken}") from None
        except ConnectionError:
            return None
        if stream.accepts_requests:
            return stream
        if not stream.is_over:
            self._retire(stream)
        return None


def _cancellation(sent: Sent, exchange: Exchange) -> str:
    if exchange.cancellation_json is not None:
        return exchange.cancellation_json
    return cancellation_params(sent.id, "the client stopped waiting")
