"""The way to the client of a Session: everything that the server sends goes through here.

It does not read. What is too large for the client is refused here, before it can break the stream.
"""

from __future__ import annotations

import asyncio
import itertools
from typing import Final

from mcpgrpc.binding import encoded, ids
from mcpgrpc.binding.core import StreamCore
from mcpgrpc.binding.encoded import EncodedItem, WholeItem
from mcpgrpc.binding.errors import Refusal
from mcpgrpc.binding.ids import Id
from mcpgrpc.binding.limits import KIB, seconds
from mcpgrpc.binding.outbox import Outbox
from mcpgrpc.stream.requests import (
    RequestLostError,
    RequestSender,
    Sent,
    Waiting,
    cancellation_params,
)
from mcpgrpc.stream.writer import FrameWriter, StreamClosedError
from mcpgrpc.v1 import envelope_pb2, errors_pb2, session_pb2
from mcpgrpc_server.caller import Caller

ENVELOPE_OVERHEAD_BYTES: Final = 6
"""What the envelope of a response adds to it, at most."""

QUEUED_SIGNAL_BYTES: Final = 256
"""What a signal counts for while it is queued: its few bytes cost an object each, and a client that
cancels without reading makes many."""

FAIR_SHARE_BYTES: Final = 64 * KIB
"""A frame's worth. Who notifies beyond it lets the loop go round, so that a handler which does
nothing but notify cannot keep the writer and other handlers waiting."""


class SessionClient:
    """The client of one Session, as a backend and the request runner see it.

    Args:
        caller: who it is.
        core: the rules of its stream.
        outbox: what waits for it.
        writer: the writer of its stream.
    """

    takes_requests = True

    def __init__(
        self,
        caller: Caller,
        core: StreamCore[Waiting],
        outbox: Outbox[EncodedItem],
        writer: FrameWriter[EncodedItem],
    ) -> None:
        self.caller = caller
        self._core = core
        self._outbox = outbox
        self._writer = writer
        self._ids = itertools.count(1)
        self.requests = RequestSender(core, outbox, writer, _encode)

    async def notify(
        self, method: str, params_json: str | None, related_request_id: Id | None
    ) -> None:
        """Send a notification; waits while the client does not read."""
        if not self._writer.has_room:
            await self._writer.room()
        if self._outbox.backlog_bytes > FAIR_SHARE_BYTES:
            await asyncio.sleep(0)
        notification = envelope_pb2.JsonRpcNotification(method=method, params_json=params_json)
        envelope = envelope_pb2.Envelope(notification=notification)
        if related_request_id is not None:
            ids.write(envelope.related_request_id, related_request_id)
        payload = envelope.SerializeToString()
        if self._beyond_limit(len(payload)) is None:
            self._put(payload, related_request_id)

    def next_request_id(self) -> int:
        """An id for a request to the client that no other has."""
        return next(self._ids)

    async def request(
        self,
        request_id: Id,
        method: str,
        params_json: str | None,
        related_request_id: Id | None,
        timeout_seconds: float | None,
    ) -> envelope_pb2.JsonRpcResponse:
        """Send a request and wait for its response; it keeps the client's window."""
        await self._writer.room()
        message = envelope_pb2.JsonRpcRequest(
            id=ids.to_message(request_id), method=method, params_json=params_json
        )
        envelope = envelope_pb2.Envelope(request=message)
        if related_request_id is not None:
            ids.write(envelope.related_request_id, related_request_id)
        if (refusal := self._beyond_limit(envelope.ByteSize())) is not None:
            response = refusal.response()
            response.execution = errors_pb2.EXECUTION_NOT_STARTED
            return response
        sent = self.requests.submit(envelope, related_request_id)
        try:
            async with asyncio.timeout(timeout_seconds):
                answer = await sent.waiter.answer
        except RequestLostError as lost:
            raise StreamClosedError(str(lost)) from None
        except TimeoutError:
            self._abandon(sent, f"timed out after {timeout_seconds}s")
            raise
        except asyncio.CancelledError:
            self._abandon(sent, "caller cancelled")
            raise
        if answer is None:
            raise StreamClosedError(f"the client settled {method} without an answer")
        return answer.response

    def _abandon(self, sent: Sent, reason: str) -> None:
        self.requests.abandon(sent, cancellation_params(sent.id, reason))

    def close_request_stream(self, request_id: Id) -> None:
        """Ask the door to end the SSE stream of a request."""
        close = session_pb2.RequestStreamClose(request_id=ids.to_message(request_id))
        self.put_signal(session_pb2.ServerItem(request_stream_close=close), request_id)

    def close_standalone_stream(self) -> None:
        """Ask the door to end the standalone SSE stream."""
        close = session_pb2.StandaloneStreamClose()
        self.put_signal(session_pb2.ServerItem(standalone_stream_close=close))

    def respond(
        self,
        response: envelope_pb2.JsonRpcResponse,
        request_id: Id | None,
        *,
        alone: bool = False,
    ) -> None:
        """Write a response, whose id stands in it, to a request; `alone` is as `FrameWriter.wake`.

        One that the client cannot take is replaced by an error.
        """
        body = response.SerializeToString()
        # What an envelope adds is in the bound, so a small response needs no look at its size.
        size_bytes = len(body) + ENVELOPE_OVERHEAD_BYTES
        if (
            self._outbox.takes_whole(size_bytes)
            and size_bytes <= self._core.peer.largest_envelope_bytes
        ):
            if not self._writer.closed:
                item = encoded.response_item(body)
                self._outbox.put(item, size_bytes, order_key=request_id)
                self._writer.wake(alone=alone)
            return
        payload = encoded.response_payload(body)
        refusal = self._beyond_limit(len(payload))
        if refusal is not None:
            replacement = refusal.response()
            replacement.id.CopyFrom(response.id)
            payload = encoded.response_payload(replacement.SerializeToString())
        self._put(payload, request_id, alone=alone)

    def settle(self, request_id: Id) -> None:
        """Tell the client that a request is over without a response."""
        settled = session_pb2.RequestSettled(request_id=ids.to_message(request_id))
        self.put_signal(session_pb2.ServerItem(request_settled=settled), request_id)

    def go_away(
        self, reason: session_pb2.GoAwayReason, accepted: int, grace_seconds: float
    ) -> None:
        """Tell the client that no further request is taken."""
        message = session_pb2.GoAway(
            reason=reason, accepted_requests=accepted, grace=seconds(grace_seconds)
        )
        self.put_signal(session_pb2.ServerItem(go_away=message))

    def put_signal(self, item: session_pb2.ServerItem, order_key: Id | None = None) -> None:
        """Write an item that is no envelope; `order_key` is the request that it is about."""
        if not self._writer.closed:
            size_bytes = max(QUEUED_SIGNAL_BYTES, item.ByteSize())
            self._outbox.put(encoded.other_item(item), size_bytes, order_key=order_key)
            self._writer.wake()

    def _put(self, payload: bytes, order_key: Id | None, *, alone: bool = False) -> None:
        if not self._writer.closed:
            item = encoded.envelope_item(payload)
            self._outbox.put_payload(item, payload, order_key=order_key)
            self._writer.wake(alone=alone)

    def _beyond_limit(self, size_bytes: int) -> Refusal | None:
        """Why the client cannot take an envelope of this size."""
        limit = self._core.peer.largest_envelope_bytes
        if size_bytes <= limit:
            return None
        return Refusal(
            errors_pb2.ERROR_REASON_MESSAGE_TOO_LARGE,
            f"a message of {size_bytes} bytes is beyond the {limit} bytes that the client takes",
        )


def _encode(envelope: envelope_pb2.Envelope) -> WholeItem:
    return encoded.envelope_item(envelope.SerializeToString())
