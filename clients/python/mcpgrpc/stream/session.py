"""One Session stream at the client, from its opening to its end.

It does not reconnect or retry, and does not know what a method means. Nothing is sent before the
server's Settings have arrived: so a stream that fails before has certainly executed nothing.
"""

from __future__ import annotations

import asyncio
import logging
from typing import Any, Final

import grpc

from mcpgrpc.binding import encoded, ids
from mcpgrpc.binding.core import (
    Answer,
    Effect,
    FrameError,
    Notify,
    Resolve,
    StartRequest,
    StreamCore,
)
from mcpgrpc.binding.encoded import EncodedItem
from mcpgrpc.binding.era import EraGate
from mcpgrpc.binding.errors import Refusal
from mcpgrpc.binding.fragments import FragmentError
from mcpgrpc.binding.in_flight import InFlightRequest
from mcpgrpc.binding.limits import MIB, Limits
from mcpgrpc.binding.outbox import Outbox
from mcpgrpc.rpc_errors import describe
from mcpgrpc.stream.client_items import envelope_item, other_item, session_rpc
from mcpgrpc.stream.envelopes import too_large, why_drained
from mcpgrpc.stream.listener import SessionListener
from mcpgrpc.stream.requests import RequestSender, Sent, Waiting
from mcpgrpc.stream.silence import SilenceWatch
from mcpgrpc.stream.writer import FrameWriter, StreamClosedError
from mcpgrpc.v1 import envelope_pb2, errors_pb2, session_pb2

logger = logging.getLogger(__name__)

HIGH_WATER_BYTES: Final = 1 * MIB
"""Outgoing bytes queued beyond which senders wait."""

FLUSH_SECONDS: Final = 1.0
"""How long closing waits for what is queued to be written."""


class BrokenStreamError(Exception):
    """The server broke the binding's rules, so its stream was ended."""


class SessionStream:
    """One open Session.

    Args:
        channel: where to open it.
        listener: who hears what it brings.
        limits: what this end accepts.
    """

    def __init__(
        self, channel: grpc.aio.Channel, listener: SessionListener, limits: Limits
    ) -> None:
        self._rpc = session_rpc(channel)
        self._listener = listener
        self._limits = limits
        self._core: StreamCore[Waiting] = StreamCore(limits, EraGate())
        self._outbox = Outbox[EncodedItem](
            encoded.fragment_item,
            max_items=limits.coalesce_items,
            max_bytes=limits.coalesce_bytes,
            piece_bytes=limits.fragment_bytes,
        )
        self._writer = FrameWriter(
            self._outbox,
            self._write_frame,
            high_water_bytes=HIGH_WATER_BYTES,
            keepalive_interval_seconds=limits.keepalive_interval_seconds,
        )
        self._sender = RequestSender(self._core, self._outbox, self._writer, envelope_item)
        self._call: Any = None
        self._settled_open: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._reading: asyncio.Task[None] | None = None
        self._writing: asyncio.Task[None] | None = None
        self._over = False
        self._silence = SilenceWatch(self._fell_silent)
        self._silent: ConnectionError | None = None
        self._write_failed = False
        self.drained_because = ""
        """Why the server takes no more requests on it; empty while it does."""

    @property
    def accepts_requests(self) -> bool:
        """Whether a further request may be sent on it."""
        return not self._over and self._core.outgoing.accepts_requests

    @property
    def is_over(self) -> bool:
        """Whether it has ended."""
        return self._over

    @property
    def load(self) -> int:
        """Requests in flight; subscriptions, which do nothing for long, are none."""
        return self._core.outgoing.unsettled

    @property
    def requests_under_way(self) -> int:
        """Own requests that are not done."""
        return len(self._core.outgoing)

    async def open(
        self, metadata: tuple[tuple[str, str], ...], *, wait_for_ready: bool = True
    ) -> None:
        """Open the RPC and wait for the server's Settings.

        `wait_for_ready` waits for a connection, instead of failing where there is none.

        Raises:
            grpc.aio.AioRpcError: it was refused, or the server cannot be reached; nothing ran.
            BrokenStreamError, ConnectionError: the server sent what it must not, or nothing.
        """
        self._call = self._rpc(metadata=metadata, wait_for_ready=wait_for_ready)
        self._put_signal(session_pb2.ClientItem(settings=self._limits.settings()))
        self._reading = asyncio.create_task(self._read(), name="session reader")
        try:
            await asyncio.shield(self._settled_open)
        except asyncio.CancelledError:
            await self.close()
            raise

    @property
    def has_room(self) -> bool:
        """Whether `room` returns at once."""
        return self._writer.has_room

    async def room(self) -> None:
        """Wait while more is queued than the high-water mark allows."""
        await self._writer.room()

    async def wait_over(self) -> None:
        """Wait until it has ended, where a write has failed; else return at once.

        The reader learns of the end a little later than the writer, and knows what became of it.
        """
        if self._writer.closed and self._reading is not None:
            await asyncio.wait({self._reading})

    def submit(self, envelope: envelope_pb2.Envelope) -> Sent:
        """Send a request as soon as the server's window has room; see `Waiting.answer`.

        Raises:
            StreamClosedError: the stream takes no requests any more.
            ValueError: the id is in flight on this stream.
        """
        if not self.accepts_requests:
            raise StreamClosedError("the stream takes no further requests")
        return self._sender.submit(envelope)

    def beyond_limit(self, envelope: envelope_pb2.Envelope) -> Refusal | None:
        """Why the server cannot take an envelope: it is larger than its limit."""
        limit = self._core.peer.largest_envelope_bytes
        size_bytes = envelope.ByteSize()
        return None if size_bytes <= limit else too_large(size_bytes, limit)

    def abandon(self, request: Sent, params_json: str) -> None:
        """Stop waiting for a request and cancel it at the server with these params."""
        if not self._over:
            self._sender.abandon(request, params_json)

    def put(self, envelope: envelope_pb2.Envelope) -> None:
        """Send a notification."""
        if not self._over:
            self._put(envelope)

    def answer(
        self, request: InFlightRequest, response: envelope_pb2.JsonRpcResponse | None
    ) -> None:
        """Answer a request of the server; None settles one that was cancelled."""
        if self._over:
            return
        order_key = ("theirs", request.id)
        if self._core.answered(request, response) and response is not None:
            envelope = envelope_pb2.Envelope(response=response)
            refusal = self.beyond_limit(envelope)
            if refusal is not None:
                replacement = refusal.response()
                # The host has worked on it: only the answer is too large.
                replacement.execution = errors_pb2.EXECUTION_MAYBE
                ids.write(replacement.id, request.id)
                envelope = envelope_pb2.Envelope(response=replacement)
            self._put(envelope, order_key)
        else:
            settled = session_pb2.RequestSettled(request_id=ids.to_message(request.id))
            self._put_signal(session_pb2.ClientItem(request_settled=settled), order_key)

    async def close(self) -> None:
        """Write what is queued, for a second at most, and end the stream; cancels what runs."""
        if self._call is None:
            return
        self._writer.finish()
        if self._writing is not None:
            await asyncio.wait({self._writing}, timeout=FLUSH_SECONDS)
        self._call.cancel()
        self._writer.close()
        tasks = {task for task in (self._reading, self._writing) if task is not None}
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)

    def _put(self, envelope: envelope_pb2.Envelope, order_key: object = None) -> None:
        item = envelope_item(envelope)
        self._outbox.put_payload(item, item[1], order_key=order_key)
        self._writer.wake()

    def _put_signal(self, item: session_pb2.ClientItem, order_key: object = None) -> None:
        signal = other_item(item)
        self._outbox.put(signal, len(signal[1]), order_key=order_key)
        self._writer.wake()

    async def _write_frame(self, items: list[EncodedItem]) -> None:
        try:
            await self._call.write(encoded.frame(items))
        except grpc.aio.AioRpcError as failed:
            # gRPC puts INTERNAL in the place of the server's own status, which is not known yet.
            self._write_failed = failed.code() is grpc.StatusCode.INTERNAL
            raise

    async def _read(self) -> None:
        # Unanswered means not run only under status OK, so this holds until that is known.
        error: Exception | None = StreamClosedError("this client closed the stream")
        silence = self._silence
        try:
            async for frame in self._call:
                silence.is_taking = True
                for item in frame.items:
                    self._receive(item)
                self._sender.send_waiting()
                await self._listener.caught_up()
                silence.is_taking, silence.heard = False, True
            error = None
        except grpc.aio.AioRpcError as failed:
            error = failed if not self._write_failed else ConnectionError("the connection broke")
        except (FrameError, FragmentError) as broken:
            error = BrokenStreamError(f"the server broke the protocol: {broken}")
        except Exception:
            # What gRPC could not decode reaches the reader as an exception of any kind.
            logger.exception("a frame of the server could not be read")
            error = BrokenStreamError("the server broke the protocol: a frame could not be read")
        finally:
            self._call.cancel()
            self._end(self._silent or error)

    def _fell_silent(self, why: str) -> None:
        """The server hangs, or is gone without a word: what it has may have run."""
        self._silent = ConnectionError(why)
        self._call.cancel()

    def _receive(self, item: session_pb2.ServerItem) -> None:
        kind = item.WhichOneof("item")
        if kind == "envelope":
            self._receive_envelope(item.envelope)
        elif kind == "fragment":
            envelope = self._core.receive_fragment(item.fragment)
            if envelope is not None:
                self._receive_envelope(envelope)
        elif kind == "request_settled":
            self._apply(self._core.receive_settled(item.request_settled.request_id))
        elif kind == "settings":
            self._receive_settings(item.settings)
        elif kind == "go_away":
            self.drained_because = why_drained(item.go_away)
            self._sender.go_away(
                item.go_away.accepted_requests,
                f"the server took no more requests on the stream: {self.drained_because}",
            )
            self._listener.on_go_away(self)
        elif kind == "request_stream_close":
            request_id = ids.from_message(item.request_stream_close.request_id)
            if request_id is not None:
                self._listener.on_request_stream_close(request_id)
        elif kind == "standalone_stream_close":
            self._listener.on_standalone_stream_close()

    def _receive_envelope(self, envelope: envelope_pb2.Envelope) -> None:
        # What nearly every envelope is goes the short way.
        if not (envelope.HasField("response") and self._sender.answered(envelope)):
            self._apply(self._core.receive_envelope(envelope))

    def _receive_settings(self, settings: session_pb2.Settings) -> None:
        self._core.receive_settings(settings)
        self._outbox.max_open_fragments = self._core.peer.max_open_fragments
        self._outbox.fit_frames(self._core.peer.max_frame_bytes)
        self._silence.promised(self._core.peer.keepalive_interval_seconds)
        self._sender.send_waiting()
        if not self._settled_open.done():
            self._settled_open.set_result(None)
            # Not before: a write that meets a refusal puts gRPC's INTERNAL in the refusal's place.
            self._writing = asyncio.create_task(self._writer.run(), name="session writer")
            self._writing.add_done_callback(_observe)

    def _apply(self, effect: Effect[Waiting]) -> None:
        if isinstance(effect, Resolve):
            self._sender.resolve(effect)
        elif isinstance(effect, Notify):
            self._listener.on_notification(effect)
        elif isinstance(effect, StartRequest):
            self._listener.on_request(self, effect)
        elif isinstance(effect, Answer):
            self.put(envelope_pb2.Envelope(response=effect.response))

    def _end(self, error: Exception | None) -> None:
        self._over = True
        self._silence.stop()
        if not self._settled_open.done():
            failure = error or ConnectionError("the stream ended before its first frame")
            self._settled_open.set_exception(failure)
            self._settled_open.exception()
        self._writer.close()
        why = "the server ended the stream" if error is None else describe(error)
        self._sender.close(why, ended_ok=error is None)
        self._listener.on_end(self, error)


def _observe(task: asyncio.Task[None]) -> None:
    """The writer's failure is the stream's, which the reader reports."""
    if not task.cancelled():
        task.exception()
