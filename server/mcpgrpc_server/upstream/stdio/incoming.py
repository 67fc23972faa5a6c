"""What a stdio upstream says, message by message: answers, notifications, questions of its own.

It neither reads the pipe nor decides when the connection is over. Nothing that an upstream writes
can raise here but `UnattributableMessageError`: what is no message is logged and skipped.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from mcpgrpc.binding import codec, errors, ids, json_text
from mcpgrpc.binding.core import CANCELLED_METHOD
from mcpgrpc.binding.errors import Refusal
from mcpgrpc.binding.in_flight import InFlightRequest, InFlightTable
from mcpgrpc.errors import ConnectionLost
from mcpgrpc.stream.carrier import Inbox
from mcpgrpc.v1 import envelope_pb2, errors_pb2
from mcpgrpc_server.upstream.bounded_log import BoundedLog
from mcpgrpc_server.upstream.stdio.lines import Line, LongLine
from mcpgrpc_server.upstream.stdio.pending import Pending
from mcpgrpc_server.upstream.stdio.unreadable import Kind, trace


class UnattributableMessageError(Exception):
    """A message that may be the answer to any request under way was too long to take."""


class IncomingMessages:
    """Takes the lines of one upstream.

    Args:
        name: the upstream's name, for messages.
        inbox: who hears what comes unasked.
        pending: the requests under way.
        answer: sends a response to the upstream; returns at once.
        log: where what is odd is logged.
        max_server_requests: requests of the upstream unanswered at once.
    """

    def __init__(
        self,
        name: str,
        inbox: Inbox,
        pending: Pending,
        answer: Callable[[envelope_pb2.JsonRpcResponse], None],
        log: BoundedLog,
        max_server_requests: int,
    ) -> None:
        self._name = name
        self._inbox = inbox
        self._pending = pending
        self._answer = answer
        self._log = log
        self._asked = InFlightTable(max_server_requests, max_listens=0)

    def take(self, line: Line) -> None:
        """Take a line.

        Raises:
            UnattributableMessageError: see there.
        """
        if isinstance(line, LongLine):
            self._take_long(line)
        elif line.strip():
            self._take_text(line)

    def cut_off(self, line: Line) -> None:
        """The output has ended in the middle of a line."""
        size_bytes = line.size_bytes if isinstance(line, LongLine) else len(line)
        self._log.line(f"its output ended in the middle of a line; {size_bytes} bytes are dropped")

    def _take_text(self, line: bytes) -> None:
        try:
            envelope = codec.envelope_from_text(line.decode())
        except UnicodeDecodeError:
            self._take_unreadable(line, "not UTF-8")
        except codec.InvalidMessageError as error:
            self._take_unreadable(line, str(error))
        else:
            self._take_message(envelope)

    def _take_message(self, envelope: envelope_pb2.Envelope) -> None:
        kind = envelope.WhichOneof("message")
        if kind == "response":
            self._take_response(envelope)
        elif kind == "notification":
            self._take_notification(envelope)
        else:
            self._take_request(envelope)

    def _take_response(self, envelope: envelope_pb2.Envelope) -> None:
        request_id = ids.from_message(envelope.response.id)
        waiting = None if request_id is None else self._pending.take(request_id)
        if waiting is not None:
            waiting.settle(envelope)
        elif request_id is None:
            self._log.line(f"an error that names no request: {envelope.response.error.message}")
        else:
            # The answer to a request that was cancelled meanwhile is nothing to warn of.
            self._log.line(f"an answer to id {request_id!r}, which nobody awaits", logging.INFO)

    def _take_notification(self, envelope: envelope_pb2.Envelope) -> None:
        notification = envelope.notification
        params = _params(notification)
        if notification.method == CANCELLED_METHOD:
            self._take_cancellation(params)
            return
        related = self._pending.related_to(notification.method, params)
        if related is not None:
            envelope.related_request_id.CopyFrom(ids.to_message(related))
        self._inbox.notification(envelope, related)

    def _take_cancellation(self, params: Mapping[str, Any]) -> None:
        """A question that is taken back, or (2026-07-28) a subscription that is ended."""
        target = params.get("requestId")
        if not ids.is_id(target):
            return
        if self._asked.cancel(target) is not None:
            self._inbox.request_cancelled(target)
        elif (listen := self._pending.take_listen(target)) is not None:
            why = f"the upstream {self._name!r} ended the subscription"
            listen.fail(ConnectionLost(why, execution="MAYBE"))

    def _take_request(self, envelope: envelope_pb2.Envelope) -> None:
        request = envelope.request
        request_id = ids.from_message(request.id)
        assert request_id is not None, "the codec makes no request without an id"
        admitted = self._asked.admit(request_id, request.method)
        if isinstance(admitted, Refusal):
            self._refuse(request.id, admitted)
            return
        related = self._pending.related_to(request.method, _params(request))
        if related is not None:
            envelope.related_request_id.CopyFrom(ids.to_message(related))
        self._inbox.request(envelope, partial(self._reply, admitted))

    def _refuse(self, request_id: envelope_pb2.RequestId, refusal: Refusal) -> None:
        self._log.line(f"refused a request of its own: {refusal.message}")
        if refusal.reason == errors_pb2.ERROR_REASON_DUPLICATE_ID:
            # It would be taken for the answer to the request that has this id.
            return
        response = refusal.response()
        response.id.CopyFrom(request_id)
        self._answer(response)

    def _reply(
        self, request: InFlightRequest, response: envelope_pb2.JsonRpcResponse | None
    ) -> None:
        self._asked.settle(request)
        if response is None or request.cancelled:
            return
        response.id.CopyFrom(ids.to_message(request.id))
        self._answer(response)

    def _take_long(self, line: LongLine) -> None:
        traced = trace(line)
        said = f"{traced.kind.value} of {line.size_bytes} bytes, which is too long"
        if traced.kind is Kind.UNKNOWN and len(self._pending):
            raise UnattributableMessageError(said)
        self._log.line(f"skipped {said}")
        message = f"the upstream {self._name!r} sent {said}"
        refusal = Refusal(errors_pb2.ERROR_REASON_MESSAGE_TOO_LARGE, message)
        self._answer_instead(traced.kind, traced.id, refusal.response())

    def _take_unreadable(self, line: bytes, why: str) -> None:
        traced = trace(line)
        text = line.decode("utf-8", "replace").strip()
        # What begins as JSON may be a message with somebody's data in it.
        shown = "" if text.startswith(("{", "[")) else f": {text}"
        self._log.line(f"skipped {traced.kind.value} on standard output, no message ({why}){shown}")
        message = f"{traced.kind.value} of the upstream {self._name!r} is not JSON-RPC"
        response = errors.failure(errors.INTERNAL_ERROR, message)
        self._answer_instead(traced.kind, traced.id, response)

    def _answer_instead(
        self, kind: Kind, request_id: ids.Id | None, response: envelope_pb2.JsonRpcResponse
    ) -> None:
        """Tell whoever waits that a message was lost: a caller of ours, or the upstream itself."""
        if request_id is None:
            return
        response.id.CopyFrom(ids.to_message(request_id))
        if kind is Kind.REQUEST:
            self._answer(response)
        elif (waiting := self._pending.take(request_id)) is not None:
            waiting.settle(envelope_pb2.Envelope(response=response))


def _params(
    call: envelope_pb2.JsonRpcRequest | envelope_pb2.JsonRpcNotification,
) -> dict[str, Any]:
    if not call.HasField("params_json"):
        return {}
    return json_text.parse_object(call.params_json) or {}
