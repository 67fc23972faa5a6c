"""Requests on Session streams, and what the streams bring: what every carrier of Sessions does.

It opens no stream and does not choose one; `session_carrier` and `mcpgrpc.balancing` do. A request
that certainly did not run is sent again, on whatever stream they choose then.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from abc import ABC, abstractmethod
from functools import partial
from typing import Final, NamedTuple

from mcpgrpc.binding import ids
from mcpgrpc.binding.core import Notify, StartRequest
from mcpgrpc.binding.errors import execution_name
from mcpgrpc.binding.ids import Id
from mcpgrpc.errors import ConnectError, ConnectionLost
from mcpgrpc.rpc_errors import lost
from mcpgrpc.stream.carrier import Exchange, Inbox
from mcpgrpc.stream.envelopes import answer_of, is_draining, set_timeout
from mcpgrpc.stream.requests import RequestLostError, Sent, cancellation_params
from mcpgrpc.stream.session import SessionStream
from mcpgrpc.stream.writer import StreamClosedError
from mcpgrpc.v1 import envelope_pb2, errors_pb2

logger = logging.getLogger(__name__)

INITIALIZE_METHOD: Final = "initialize"

MAX_SENDS: Final = 4
"""How often a request that certainly did not run is sent in all."""

NOTIFY_SECONDS: Final = 60.0
"""How long a notification waits for a server that does not read."""


class BegunExchange(NamedTuple):
    """A request that is on its stream; nobody waits for it yet."""

    stream: SessionStream
    sent: Sent

    @property
    def answer(self) -> asyncio.Future[envelope_pb2.Envelope | None]:
        """What became of it, for `SessionSender.finish` unless `is_final`."""
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


class SessionSender(ABC):
    """Sends requests and notifications; a `SessionListener` of the streams that it sends on.

    Args:
        target: the address, for messages.
        inbox: who hears what comes unasked.
    """

    def __init__(self, target: str, inbox: Inbox) -> None:
        self._target = target
        self._inbox = inbox
        self._pinned: SessionStream | None = None
        """The stream of a legacy session, which lives and dies with it."""
        self._closed = False
        self._end_of_session = ""

    @abstractmethod
    def _ready_stream(
        self, envelope: envelope_pb2.Envelope, avoid: SessionStream | None
    ) -> SessionStream | None:
        """A stream that takes the request at once, another than `avoid` where there is one."""

    @abstractmethod
    async def _usable_stream(self, envelope: envelope_pb2.Envelope) -> SessionStream:
        """A stream that takes the request, which may have to be opened. Raises as `open`."""

    @abstractmethod
    def _notified_stream(self) -> SessionStream | None:
        """The stream that hears notifications."""

    def _initialized(self, stream: SessionStream, *, succeeded: bool) -> None:
        """`initialize` was answered: a session that has begun is bound to its stream."""
        if succeeded:
            self._pinned = stream

    def _goes_again(self, answer: envelope_pb2.Envelope, sends_left: int) -> bool:
        """Whether a request that was refused, and so has not run, is sent once more."""
        return sends_left > 0 and self._pinned is None and is_draining(answer)

    def begin(self, exchange: Exchange) -> BegunExchange | None:
        """Send a request at once, where nothing has to be waited for; `finish` gives its answer.

        Gives None where something has to be, or the session may depend on it: then `exchange`.

        Raises:
            ValueError: its id is in flight.
        """
        envelope = exchange.envelope
        if envelope.request.method == INITIALIZE_METHOD:
            return None
        stream = self._ready_stream(envelope, None)
        if stream is None or not stream.has_room or stream.beyond_limit(envelope) is not None:
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
        last: SessionStream | None = None
        for sends_left in range(MAX_SENDS - 1, -1, -1):
            attempt, begun = begun, None
            try:
                if attempt is None:
                    stream = self._ready_stream(envelope, last) or await self._usable_stream(
                        envelope
                    )
                    if (refusal := stream.beyond_limit(envelope)) is not None:
                        return answer_of(refusal.response(), envelope)
                    if not stream.has_room:
                        await stream.room()
                    attempt = BegunExchange(stream, stream.submit(envelope))
                last = attempt.stream
                answer = await self._answer(attempt, exchange)
            except StreamClosedError:
                # Else the same stream would be chosen again, until its reader has seen its end.
                await stream.wait_over()
                continue
            except RequestLostError as error:
                not_started = error.execution == errors_pb2.EXECUTION_NOT_STARTED
                if not_started and sends_left and self._pinned is None:
                    continue
                method = envelope.request.method
                raise lost(error, self._target, method, execution_name(error.execution)) from None
            if answer.response.reason and self._goes_again(answer, sends_left):
                continue
            return answer
        raise ConnectError(f"the server at {self._target} takes no requests now; try again later")

    async def notify(self, envelope: envelope_pb2.Envelope) -> None:
        """Send a notification on the stream that is open; without one there is nobody to tell."""
        stream, method = self._notified_stream(), envelope.notification.method
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

    def on_request_stream_close(self, request_id: Id) -> None:
        """A signal for a door."""
        self._inbox.request_stream_close(request_id)

    def on_standalone_stream_close(self) -> None:
        """A signal for a door."""
        self._inbox.standalone_stream_close()

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
        if begun.sent.method == INITIALIZE_METHOD:
            self._initialized(begun.stream, succeeded=answer.response.HasField("result_json"))
        return answer

    def _ended(self) -> ConnectionLost:
        """What a host is told of the end of its legacy session, once."""
        return ConnectionLost(
            f"the session with {self._target} is over ({self._end_of_session});"
            " connect again for another",
            execution="NOT_STARTED",
        )

    def _over(self) -> ConnectionLost:
        why = "this client closed it" if self._closed else self._end_of_session
        return ConnectionLost(
            f"the session with {self._target} is over ({why}), and nothing was sent;"
            " connect again for another",
            execution="NOT_STARTED",
        )


def _cancellation(sent: Sent, exchange: Exchange) -> str:
    if exchange.cancellation_json is not None:
        return exchange.cancellation_json
    return cancellation_params(sent.id, "the client stopped waiting")
