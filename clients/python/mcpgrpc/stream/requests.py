"""Own requests on a stream: sent within the peer's window, each with a future for its answer.

It does not read the stream; who does passes responses, settlements and GoAway on. Both ends use it:
the client for everything, the server for what it asks the client in the legacy era.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TypeAlias

from mcpgrpc.binding import ids, json_text
from mcpgrpc.binding.core import CANCELLED_METHOD, Resolve, StreamCore
from mcpgrpc.binding.encoded import EncodedItem, WholeItem
from mcpgrpc.binding.ids import Id
from mcpgrpc.binding.outbox import Outbox
from mcpgrpc.binding.outgoing import OutgoingRequest, State
from mcpgrpc.stream.writer import FrameWriter
from mcpgrpc.v1 import envelope_pb2, errors_pb2


class RequestLostError(Exception):
    """A request will not be answered: its stream ended, or drained without accepting it.

    `execution` says whether it may have run.
    """

    def __init__(self, why: str, execution: errors_pb2.Execution) -> None:
        super().__init__(why)
        self.execution = execution


@dataclass(slots=True, eq=False)
class Waiting:
    """What is kept of an own request until it is answered."""

    envelope: envelope_pb2.Envelope
    order_key: Id | None
    answer: asyncio.Future[envelope_pb2.Envelope | None]
    """The envelope of the response; None when the peer settled it without one."""


Sent: TypeAlias = OutgoingRequest[Waiting]


class RequestSender:
    """Sends requests of this end and correlates their answers.

    Args:
        core: the rules of the stream.
        outbox: where envelopes are put.
        writer: who writes them.
        encode: makes the side's own item of an envelope.
    """

    def __init__(
        self,
        core: StreamCore[Waiting],
        outbox: Outbox[EncodedItem],
        writer: FrameWriter[EncodedItem],
        encode: Callable[[envelope_pb2.Envelope], WholeItem],
    ) -> None:
        self._core = core
        self._outbox = outbox
        self._writer = writer
        self._encode = encode
        self._woken = 0
        self._woken_together = 0

    def submit(self, envelope: envelope_pb2.Envelope, order_key: Id | None = None) -> Sent:
        """Send a request, as soon as the window has room; its future is `waiter.answer`.

        Raises:
            ValueError: the id is in flight on this stream.
        """
        request_id = ids.from_message(envelope.request.id)
        if request_id is None:
            raise ValueError("a request needs an id")
        answer = asyncio.get_running_loop().create_future()
        waiting = Waiting(envelope, order_key, answer)
        request = self._core.outgoing.submit(request_id, envelope.request.method, waiting)
        if request.state is State.QUEUED:
            self._write(request)
        return request

    def abandon(self, request: Sent, params_json: str) -> None:
        """Stop waiting for a request, and cancel it at the peer if the peer may have seen it.

        `params_json` is what `notifications/cancelled` says; see `cancellation_params`.
        """
        if not self._core.outgoing.abandon(request):
            return
        notification = envelope_pb2.JsonRpcNotification(
            method=CANCELLED_METHOD, params_json=params_json
        )
        # Behind the request itself, should that still be on its way in pieces.
        self._put(envelope_pb2.Envelope(notification=notification), _order_key(request))

    def answered(self, envelope: envelope_pb2.Envelope) -> bool:
        """Wake whoever waits for a response; False when nobody does.

        Whoever calls it calls `send_waiting` afterwards, once for all of a frame.
        """
        request_id = ids.from_message(envelope.response.id)
        request = None if request_id is None else self._core.outgoing.resolve(request_id)
        if request is None:
            return False
        self._woken += 1
        answer = request.waiter.answer
        if not answer.done():
            answer.set_result(envelope)
        return True

    def resolve(self, effect: Resolve[Waiting]) -> None:
        """The peer is done with a request."""
        answer = effect.request.waiter.answer
        if not answer.done():
            answer.set_result(effect.envelope)
        self.send_waiting()

    def send_waiting(self) -> None:
        """Write what the window has room for now."""
        self._woken_together, self._woken = self._woken, 0
        for request in self._core.outgoing.sendable():
            self._write(request)

    def go_away(self, accepted_requests: int, why: str) -> None:
        """The peer takes no more: what it did not accept certainly does not run."""
        for request in self._core.outgoing.go_away(accepted_requests):
            _fail(request, RequestLostError(why, errors_pb2.EXECUTION_NOT_STARTED))

    def close(self, why: str, *, ended_ok: bool = False) -> None:
        """The stream is over. One that ended OK has not run what it did not answer."""
        for request in self._core.outgoing.close():
            execution = errors_pb2.EXECUTION_NOT_STARTED if ended_ok else request.execution
            _fail(request, RequestLostError(why, execution))

    def _write(self, request: Sent) -> None:
        on_taken = partial(self._core.outgoing.written, request)
        self._put(request.waiter.envelope, _order_key(request), on_taken)

    def _put(
        self,
        envelope: envelope_pb2.Envelope,
        order_key: object,
        on_taken: Callable[[], None] | None = None,
    ) -> None:
        item = self._encode(envelope)
        self._outbox.put_payload(item, item[1], order_key=order_key, on_taken=on_taken)
        # Those who were woken together ask again together, in one frame.
        alone = len(self._core.outgoing) == 1 and self._woken_together <= 1
        self._writer.wake(alone=alone)


def _order_key(request: Sent) -> object:
    """What a request is ordered by: the peer's request that it belongs to, or itself."""
    related = request.waiter.order_key
    return ("own", request.id) if related is None else related


def cancellation_params(request_id: Id, reason: str) -> str:
    """The params of `notifications/cancelled` for a request of this end."""
    return json_text.dump({"requestId": request_id, "reason": reason})


def is_cancelled() -> bool:
    """Whether the running task was itself cancelled, not merely something that it awaits."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


def _fail(request: Sent, error: RequestLostError) -> None:
    answer = request.waiter.answer
    if not answer.done():
        answer.set_exception(error)
        # Nobody may be left to look at it; that is not worth a warning.
        answer.exception()
