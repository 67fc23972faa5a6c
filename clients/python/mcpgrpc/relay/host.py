"""A host that speaks JSON-RPC text, one message at a time, and a server that may come and go.

It does not read or write the host's wire: the stdio door and the WebSocket door do. A lost server
fails what is under way, and the next message finds the server again (`reviving`).
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Mapping
from functools import partial
from typing import Final

import grpc

from mcpgrpc.binding import codec, errors, ids
from mcpgrpc.connection import ConnectionOptions
from mcpgrpc.relay.failures import plain
from mcpgrpc.relay.line import host_text
from mcpgrpc.relay.link import RelayLink
from mcpgrpc.relay.reviving import RevivingCarrier
from mcpgrpc.tracing.doors import door_spans
from mcpgrpc.v1 import envelope_pb2, errors_pb2

MAX_UNREAD_MESSAGES: Final = 1024
"""Messages that may wait for the host before the server is slowed down."""

MAX_UNDER_WAY: Final = 4096
"""Requests of the host that are not answered, those that wait for the server's window included."""

_TOO_MANY: Final = errors.Refusal(
    errors_pb2.ERROR_REASON_WINDOW_EXCEEDED, f"{MAX_UNDER_WAY} requests are under way"
)


class TextHost:
    """One host: `receive` takes its messages, `next_text` gives what it is to be sent.

    Args:
        options: how to reach the server.
        channel: the channel to it.
        protocol: how the host is reached, for spans.
        headers: what the host said at the opening of its connection; names in lower case.
    """

    def __init__(
        self,
        options: ConnectionOptions,
        channel: grpc.aio.Channel,
        protocol: str = "stdio",
        headers: Mapping[str, str] | None = None,
    ) -> None:
        spans = door_spans(protocol, headers)
        self._link = RelayLink(self._deliver, self._caught_up, self._session_over, spans=spans)
        self._link.carrier = RevivingCarrier(partial(options.carrier, channel), self._link)
        self._outgoing: deque[str] = deque()
        self._changed = asyncio.Event()
        self._taken = asyncio.Event()
        self._closed = False

    async def receive(self, text: str) -> None:
        """Take a message of the host; one that is none is answered as JSON-RPC says."""
        try:
            envelope = codec.envelope_from_text(text)
        except codec.InvalidMessageError as error:
            self._answer_malformed(error)
            return
        is_request = envelope.WhichOneof("message") == "request"
        if is_request and self._link.requests_under_way >= MAX_UNDER_WAY:
            self._answer_refused(envelope)
        else:
            await self._link.send(envelope)

    def refuse(self, why: str) -> None:
        """Answer what could not be read as a message at all."""
        self._answer_malformed(codec.InvalidMessageError(errors.INVALID_REQUEST, why))

    async def finish(self, grace_seconds: float) -> None:
        """The host sends no more: what is under way is answered, within the grace."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._link.wait_answered(), grace_seconds)

    async def next_text(self) -> str | None:
        """The next message for the host, on one line; None when nothing will come any more."""
        while not self._outgoing:
            if self._closed:
                return None
            self._changed.clear()
            await self._changed.wait()
        self._taken.set()
        return self._outgoing.popleft()

    async def close(self) -> None:
        """The host is gone: what is under way is cancelled at the server."""
        await self._link.close()
        self._closed = True
        self._changed.set()
        self._taken.set()

    def _deliver(self, envelope: envelope_pb2.Envelope) -> None:
        if self._closed:
            return
        if text := host_text(envelope):
            self._outgoing.append(text)
            self._changed.set()

    async def _caught_up(self) -> None:
        while len(self._outgoing) >= MAX_UNREAD_MESSAGES and not self._closed:
            self._taken.clear()
            await self._taken.wait()

    def _session_over(self, error: Exception | None) -> None:
        """The link has logged it, and its carrier finds the server again."""

    def _answer_refused(self, envelope: envelope_pb2.Envelope) -> None:
        # Not made to wait: answers to the server and cancellations may stand behind it.
        response = _TOO_MANY.response()
        response.id.CopyFrom(envelope.request.id)
        self._deliver(plain(envelope_pb2.Envelope(response=response)))

    def _answer_malformed(self, error: codec.InvalidMessageError) -> None:
        response = errors.failure(error.code, str(error))
        if error.request_id is not None:
            response.id.CopyFrom(ids.to_message(error.request_id))
        else:
            response.id.SetInParent()
        self._deliver(envelope_pb2.Envelope(response=response))
