"""One host's messages on their way to a server: exchanges under way, the server's own requests.

It does not know how the host is reached (stdio, WebSocket, HTTP, the SDK) nor what a method means,
except that a cancellation is carried out on the exchange that it names. Params, results and data
pass as the text that they are.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

from mcpgrpc.binding import errors, ids, json_text
from mcpgrpc.binding.core import CANCELLED_METHOD
from mcpgrpc.binding.ids import Id
from mcpgrpc.binding.in_flight import LISTEN_METHOD
from mcpgrpc.errors import McpGrpcError
from mcpgrpc.relay.failures import failed, plain
from mcpgrpc.relay.straight import StraightRequest
from mcpgrpc.stream.carrier import Carrier, Exchange, Reply
from mcpgrpc.stream.sending import BegunExchange, SessionSender
from mcpgrpc.v1 import envelope_pb2

if TYPE_CHECKING:
    from mcpgrpc.tracing.door_spans import DoorRequest, DoorSpans

logger = logging.getLogger(__name__)

Deliver: TypeAlias = Callable[[envelope_pb2.Envelope], None]
"""Hands an envelope to the host; returns at once."""


class DoorSignals(Protocol):
    """What an HTTP door does beside carrying messages; called on the event loop."""

    def unanswered(self, request_id: Id) -> None:
        """A request that the host cancelled gets no answer."""
        ...

    def close_request_stream(self, request_id: Id) -> None:
        """End the HTTP response of a request, which goes on."""
        ...

    def close_standalone_stream(self) -> None:
        """End the stream of what belongs to no request."""
        ...


@dataclass(slots=True, eq=False)
class _UnderWay:
    """A request of the host that is not answered: on its stream already, or a task's to send."""

    exchange: Exchange
    begun: BegunExchange | None = None
    task: asyncio.Task[None] | None = None
    span: DoorRequest | None = None

    def answered(self, response: envelope_pb2.JsonRpcResponse) -> None:
        """Its answer is on its way to the host."""
        if self.span is not None:
            self.span.answered(response)

    def unanswered(self) -> None:
        """Nothing answers it any more."""
        if self.span is not None:
            self.span.unanswered()

    @property
    def ends(self) -> asyncio.Future[Any]:
        """Is done when the request is, or goes on in another way."""
        return self.task if self.begun is None else self.begun.answer  # type: ignore[return-value]


class RelayLink:
    """Carries the messages of one host; an `Inbox` of its carrier.

    Args:
        deliver: hands what comes from the server to the host.
        caught_up: waits until the host has taken enough; slows the server down.
        on_session_over: called when a legacy session has ended with its stream.
        signals: carries out what the server asks of an HTTP door, and hears of requests that end
            unanswered; None where the host's wire has no room for it.
        spans: makes a span of each request; None for none.
    """

    carrier: Carrier

    def __init__(
        self,
        deliver: Deliver,
        caught_up: Callable[[], Awaitable[None]],
        on_session_over: Callable[[Exception | None], None],
        signals: DoorSignals | None = None,
        spans: DoorSpans | None = None,
    ) -> None:
        self._deliver = deliver
        self._caught_up = caught_up
        self._on_session_over = on_session_over
        self._signals = signals
        self._spans = spans
        self._exchanges: dict[Id, _UnderWay] = {}
        self._straight: dict[Id, StraightRequest] = {}
        self._replies: dict[Id, Reply] = {}

    @property
    def requests_under_way(self) -> int:
        """Requests of the host that are not answered."""
        return len(self._exchanges) + len(self._straight)

    async def wait_answered(self) -> None:
        """Wait until every request of the host but its subscriptions is answered."""
        while waited := [
            under_way.ends
            for under_way in self._exchanges.values()
            if under_way.exchange.envelope.request.method != LISTEN_METHOD
        ]:
            await asyncio.wait(waited)

    async def send(self, envelope: envelope_pb2.Envelope) -> None:
        """Carry a message of the host."""
        kind = envelope.WhichOneof("message")
        if kind == "request":
            await self._start(envelope)
        elif kind == "notification":
            if not self._carry_out_cancellation(envelope.notification):
                await self.carrier.notify(envelope)
        elif kind == "response":
            self._reply(envelope.response)

    def begin(self, envelope: envelope_pb2.Envelope) -> StraightRequest | None:
        """Send a request whose answer is not delivered but waited for; None where `send` has to."""
        request_id = ids.from_message(envelope.request.id)
        if request_id is None or request_id in self._exchanges or request_id in self._straight:
            return None
        exchange = Exchange(envelope)
        begun = self._begun(exchange)
        if begun is None or not isinstance(self.carrier, SessionSender):
            return None
        straight = StraightRequest(self.carrier, exchange, begun, self._straight.pop)
        self._straight[request_id] = straight
        return straight

    async def close(self) -> None:
        """End everything that is under way."""
        await self.carrier.close()
        under_way, self._exchanges = self._exchanges, {}
        tasks = [each.task for each in under_way.values() if each.task is not None]
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)
        for each in under_way.values():
            each.unanswered()

    # Inbox

    def notification(
        self,
        envelope: envelope_pb2.Envelope,
        related: Id | None,  # stands in the envelope as well
    ) -> None:
        """A notification of the server."""
        self._deliver(envelope)

    def request(self, envelope: envelope_pb2.Envelope, reply: Reply) -> None:
        """A request of the server."""
        request_id = ids.from_message(envelope.request.id)
        if request_id is not None:
            self._replies[request_id] = reply
            self._deliver(envelope)

    def request_cancelled(self, request_id: Id) -> None:
        """The host hears of it by the notification, and then answers no more."""
        reply = self._replies.pop(request_id, None)
        if reply is not None:
            reply(None)

    async def caught_up(self) -> None:
        """The host slows the server down."""
        await self._caught_up()

    def session_over(self, error: Exception | None) -> None:
        """A legacy session cannot be carried on."""
        logger.info("the session's stream is over: %s", error or "it ended")
        self._on_session_over(error)

    def request_stream_close(self, request_id: Id) -> None:
        """A signal for an HTTP door."""
        if self._signals is not None:
            self._signals.close_request_stream(request_id)

    def standalone_stream_close(self) -> None:
        """A signal for an HTTP door."""
        if self._signals is not None:
            self._signals.close_standalone_stream()

    async def _start(self, envelope: envelope_pb2.Envelope) -> None:
        request_id = ids.from_message(envelope.request.id)
        is_taken = request_id in self._exchanges or request_id in self._straight
        if request_id is None or is_taken:
            what = "needs an id" if request_id is None else "has an id that is in flight"
            response = errors.failure(errors.INVALID_REQUEST, f"the request {what}")
            response.id.CopyFrom(envelope.request.id)
            self._deliver(envelope_pb2.Envelope(response=response))
            return
        span = None if self._spans is None else self._spans.begin(envelope)
        under_way = self._exchanges[request_id] = _UnderWay(Exchange(envelope), span=span)
        if not self._begin(request_id, under_way):
            self._run_on(request_id, under_way)
            # One turn of the loop, in which the request takes its place on the stream: what the
            # host sends next stands behind it.
            await asyncio.sleep(0)

    def _begin(self, request_id: Id, under_way: _UnderWay) -> bool:
        """Send a request without a task that waits for it, where the carrier can."""
        begun = self._begun(under_way.exchange)
        if begun is None:
            return False
        under_way.begun = begun
        begun.answer.add_done_callback(partial(self._ended, request_id, under_way))
        return True

    def _begun(self, exchange: Exchange) -> BegunExchange | None:
        if not isinstance(self.carrier, SessionSender):
            return None
        try:
            return self.carrier.begin(exchange)
        except ValueError:
            # The long way has the words for it.
            return None

    def _ended(self, request_id: Id, under_way: _UnderWay, future: asyncio.Future[Any]) -> None:
        """What was sent without a task is answered, or has to go on with one."""
        if self._exchanges.get(request_id) is not under_way or under_way.begun is None:
            return
        if under_way.begun.is_final:
            del self._exchanges[request_id]
            answer = plain(future.result())
            under_way.answered(answer.response)
            self._deliver(answer)
        else:
            self._run_on(request_id, under_way)

    def _run_on(self, request_id: Id, under_way: _UnderWay) -> None:
        begun, under_way.begun = under_way.begun, None
        running = self._run(request_id, under_way, begun)
        under_way.task = asyncio.create_task(
            running, name=under_way.exchange.envelope.request.method
        )

    async def _run(self, request_id: Id, under_way: _UnderWay, begun: BegunExchange | None) -> None:
        exchange = under_way.exchange
        try:
            answer = plain(await self._carried(exchange, begun))
        except McpGrpcError as error:
            answer = envelope_pb2.Envelope(response=failed(error))
        except ValueError as error:
            # A cancelled request holds its id until the server has settled it.
            answer = envelope_pb2.Envelope(
                response=errors.failure(errors.INVALID_REQUEST, str(error))
            )
        except asyncio.CancelledError:
            under_way.unanswered()
            if self._signals is not None:
                self._signals.unanswered(request_id)
            raise
        finally:
            self._exchanges.pop(request_id, None)
        answer.response.id.CopyFrom(exchange.envelope.request.id)
        under_way.answered(answer.response)
        self._deliver(answer)

    async def _carried(
        self, exchange: Exchange, begun: BegunExchange | None
    ) -> envelope_pb2.Envelope:
        if begun is not None and isinstance(self.carrier, SessionSender):
            return await self.carrier.finish(exchange, begun)
        return await self.carrier.exchange(exchange)

    def _carry_out_cancellation(self, notification: envelope_pb2.JsonRpcNotification) -> bool:
        if notification.method != CANCELLED_METHOD:
            return False
        try:
            params = json_text.parse_object(notification.params_json) or {}
        except json_text.JsonTextError:
            return False
        target = params.get("requestId")
        if not ids.is_id(target):
            return False
        straight = self._straight.get(target)
        if straight is not None:
            straight.cancel(notification.params_json)
            return True
        under_way = self._exchanges.get(target)
        if under_way is None:
            return False
        under_way.exchange.cancellation_json = notification.params_json
        if under_way.task is not None:
            under_way.task.cancel()
        elif under_way.begun is not None:
            del self._exchanges[target]
            under_way.unanswered()
            under_way.begun.abandon(under_way.exchange)
            if self._signals is not None:
                self._signals.unanswered(target)
        return True

    def _reply(self, response: envelope_pb2.JsonRpcResponse) -> None:
        request_id = ids.from_message(response.id) if response.HasField("id") else None
        reply = None if request_id is None else self._replies.pop(request_id, None)
        if reply is not None:
            reply(response)
