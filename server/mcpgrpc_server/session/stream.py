"""One Session stream at the server, from its opening to its status.

It does not look into what the client sends: `inbound` does, and `requests` runs it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any, Final

import grpc

from mcpgrpc.binding import encoded
from mcpgrpc.binding.core import (
    DRAINING,
    FrameError,
    StreamCore,
)
from mcpgrpc.binding.encoded import EncodedItem
from mcpgrpc.binding.era import EraGate
from mcpgrpc.binding.errors import Refusal, reason_name
from mcpgrpc.binding.fragments import FragmentError
from mcpgrpc.binding.outbox import Outbox
from mcpgrpc.stream.requests import Waiting
from mcpgrpc.stream.writer import FrameWriter
from mcpgrpc.v1 import errors_pb2, mcp_service_pb2, session_pb2
from mcpgrpc_server import pipeline
from mcpgrpc_server.caller import Caller
from mcpgrpc_server.host import StreamHost
from mcpgrpc_server.identity import Identity
from mcpgrpc_server.session.age import TOO_OLD, StreamAge
from mcpgrpc_server.session.client import SessionClient
from mcpgrpc_server.session.expiry import TOKEN_EXPIRED, TokenExpiry
from mcpgrpc_server.session.inbound import InboundReader
from mcpgrpc_server.session.renewal import Renewal
from mcpgrpc_server.session.requests import RunningRequests
from mcpgrpc_server.session.watch import StreamWatch
from mcpgrpc_server.status import STATUS_TIMEOUT_SECONDS, abort_unread
from mcpgrpc_server.telemetry import Outcome

_ENDINGS: Final = {
    errors_pb2.ERROR_REASON_STREAM_STALLED: Outcome.TIMEOUT,
    errors_pb2.ERROR_REASON_STREAM_IDLE: Outcome.TIMEOUT,
}


class SessionStream:
    """Serves one Session.

    Args:
        host: what the server's streams share.
        caller: who opened it.
        context: gRPC's side of the RPC.
        gate: the era it begins in.
    """

    def __init__(
        self,
        host: StreamHost,
        caller: Caller,
        context: grpc.aio.ServicerContext[Any, Any],
        gate: EraGate,
    ) -> None:
        self._host = host
        self._context = context
        self._loop = asyncio.get_running_loop()
        self._info = host.stream_info("Session", caller)
        self._counter = host.telemetry.counter(self._info)
        self._core: StreamCore[Waiting] = StreamCore(host.limits, gate)
        self._outbox = Outbox[EncodedItem](
            encoded.fragment_item,
            max_items=host.limits.coalesce_items,
            max_bytes=host.limits.coalesce_bytes,
            piece_bytes=host.limits.fragment_bytes,
        )
        self._writer = FrameWriter(
            self._outbox,
            self._write_frame,
            high_water_bytes=host.bounds.high_water_bytes,
            keepalive_interval_seconds=host.limits.keepalive_interval_seconds,
        )
        self._client = SessionClient(caller, self._core, self._outbox, self._writer)
        self._connection = host.backend.connect(self._client)
        self._requests = RunningRequests(
            self._core,
            self._client,
            self._connection,
            pipeline.bind(host.stages, self._client, self._connection),
            self._writer,
            host.telemetry,
            self._counter,
            self._info,
            self._end_when_idle,
        )
        self._opened: asyncio.Future[None] = self._loop.create_future()
        self._idle: asyncio.Future[None] = self._loop.create_future()
        self._fault: asyncio.Future[Refusal] = self._loop.create_future()
        self._half_closed = False
        self._watch = StreamWatch(self._core, self._writer, host.bounds, self._end_with)
        self._expiry = TokenExpiry(host.bounds, self._begin_token_drain, self.end_drain)
        self._age = StreamAge(self._core, host.bounds, self._begin_age_drain, self.end_drain)
        self._inbound = InboundReader(
            host,
            self._info,
            self._counter,
            self._core,
            self._outbox,
            self._client,
            self._requests,
            self._watch,
            Renewal(host, lambda: self.caller.identity, self._carry_on, self._end_with),
        )

    async def serve(self, frames: AsyncIterator[mcp_service_pb2.SessionRequest]) -> None:
        """Serve the stream to its end; raises as `context.abort` does when that is an error."""
        began = self._loop.time()
        self._host.enter(self)
        self._host.telemetry.stream_opened(self._info)
        settings = session_pb2.ServerItem(settings=self._host.limits.settings())
        self._client.put_signal(settings)
        writer = asyncio.create_task(self._write(), name="session writer")
        reader = asyncio.create_task(self._inbound.read(frames), name="session reader")
        writer.add_done_callback(self._writer_done)
        reader.add_done_callback(self._reader_done)
        self._watch.start()
        self._expiry.follow(self.caller.identity)
        self._age.start()
        outcome, why = Outcome.CANCELLED, "the client cancelled, or its connection was lost"
        try:
            refusal = await self._outcome(writer)
            if refusal is None:
                outcome, why = Outcome.OK, "half-closed" if self._half_closed else "drained"
            else:
                outcome = _ENDINGS.get(refusal.reason, Outcome.REFUSED)
                why = reason_name(refusal.reason)
                self._host.telemetry.refused(self._info, why)
        finally:
            self._watch.stop()
            self._expiry.stop()
            self._age.stop()
            reader.cancel()
            writer.cancel()
            self._host.spawn(self._tear_down(), "tearing down a session")
            self._host.leave(self)
            duration = self._loop.time() - began
            self._host.telemetry.stream_closed(self._info, outcome, duration, why)
        if refusal is not None:
            await abort_unread(self._context, refusal, STATUS_TIMEOUT_SECONDS)

    async def _outcome(self, writer: asyncio.Task[None]) -> Refusal | None:
        """Wait until the stream ends; why it is ended by force, None when all is written."""
        # gRPC cannot send a status while the metadata is still on its way.
        opening: set[asyncio.Future[Any]] = {self._opened, writer}
        await asyncio.wait(
            opening, timeout=STATUS_TIMEOUT_SECONDS, return_when=asyncio.FIRST_COMPLETED
        )
        for done in (self._idle, writer):
            ends: set[asyncio.Future[Any]] = {done, self._fault}
            await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
            if self._fault.done():
                return self._fault.result()
            self._writer.finish()
        return None

    @property
    def caller(self) -> Caller:
        """Who is at the other end, as proven last."""
        return self._client.caller

    @property
    def queued_bytes(self) -> int:
        """What waits for the client to read."""
        return self._outbox.queued_bytes

    def lose_credential(self) -> None:
        """What proved the caller was taken back: take no more of its requests."""
        self._expiry.end_now()

    def begin_drain(self, grace_seconds: float) -> None:
        """Take no further requests; the stream ends when the running ones have."""
        self._begin_drain(grace_seconds, session_pb2.GO_AWAY_REASON_SHUTDOWN, DRAINING)

    def _begin_token_drain(self, grace_seconds: float) -> None:
        reason = session_pb2.GO_AWAY_REASON_TOKEN_EXPIRING
        self._begin_drain(grace_seconds, reason, TOKEN_EXPIRED)

    def _begin_age_drain(self, grace_seconds: float) -> None:
        self._begin_drain(grace_seconds, session_pb2.GO_AWAY_REASON_MAX_AGE, TOO_OLD)

    def _begin_drain(
        self, grace_seconds: float, reason: session_pb2.GoAwayReason, refusal: Refusal
    ) -> None:
        if self._core.draining:
            return
        accepted = self._core.begin_drain(refusal)
        self._client.go_away(reason, accepted, grace_seconds)
        self._requests.complete_listens()
        self._end_when_idle()

    def end_drain(self) -> int:
        """End what still runs, answering it; gives how many requests that were."""
        ended = self._requests.end_all()
        self._end()
        return ended

    def _carry_on(self, identity: Identity) -> None:
        """The caller has proven once more who it is, for longer."""
        if not self._core.draining:
            self._client.caller = replace(self.caller, identity=identity)
            self._expiry.follow(identity)

    async def _write(self) -> None:
        # Alone, so that it does not wait behind a frame that nobody reads.
        await self._context.send_initial_metadata(())
        self._opened.set_result(None)
        await self._writer.run()

    async def _write_frame(self, items: list[EncodedItem]) -> None:
        frame = encoded.frame(items)
        await self._context.write(frame)
        if self._counter is not None:
            self._counter.frame_sent(len(items), len(frame))
        if self._host.telemetry.hears_frames():
            self._host.telemetry.frame_sent(self._info, len(items), len(frame))

    def _reader_done(self, reader: asyncio.Task[None]) -> None:
        """The client half-closed, or sent what ends the stream."""
        if reader.cancelled():
            return
        error = reader.exception()
        if error is None:
            self._half_closed = True
            self._watch.half_closed()
            self._client.requests.close("the client half-closed and answers nothing any more")
            self._requests.complete_listens()
            self._end_when_idle()
        else:
            # What gRPC could not decode reaches the reader as an exception of any kind.
            known = isinstance(error, FrameError | FragmentError)
            why = str(error) if known else "a frame could not be read"
            self._end_with(Refusal(errors_pb2.ERROR_REASON_INVALID_FRAME, why))

    def _writer_done(self, writer: asyncio.Task[None]) -> None:
        if not writer.cancelled() and writer.exception() is not None:
            self._end()

    def _end_when_idle(self) -> None:
        if (self._half_closed or self._core.draining) and not len(self._requests):
            self._end()

    def _end(self) -> None:
        """Nothing is left to do but to write what is queued."""
        if not self._idle.done():
            self._idle.set_result(None)

    def _end_with(self, refusal: Refusal) -> None:
        """End the stream by force."""
        if not self._fault.done():
            self._fault.set_result(refusal)

    async def _tear_down(self) -> None:
        """Cancel what runs, wait for it, and let the backend forget the client."""
        self._writer.close()
        self._client.requests.close("the stream is over")
        self._requests.cancel_all()
        await self._requests.wait_ended()
        await self._connection.aclose()
