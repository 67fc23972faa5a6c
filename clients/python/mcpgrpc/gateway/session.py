"""One legacy HTTP session: a gRPC Session, and the event streams of its requests.

It serves no HTTP request itself. What comes from the server goes to the stream of the request that
it belongs to, else to the standalone one.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable
from typing import Final, TypeAlias

from mcpgrpc.binding import errors, ids
from mcpgrpc.binding.ids import Id
from mcpgrpc.gateway.event_stream import EventStream
from mcpgrpc.gateway.replies import HttpRefusalError, error_text, refusal_status
from mcpgrpc.relay.failures import CONNECTION_CLOSED
from mcpgrpc.relay.line import host_text
from mcpgrpc.relay.link import RelayLink
from mcpgrpc.tracing.doors import door_spans
from mcpgrpc.v1 import envelope_pb2

logger = logging.getLogger(__name__)

REQUEST_CANCELLED: Final = -32800
"""What this era's HTTP says to a request that was cancelled, as its stream must end with something;
the number is the SDK's."""

MAX_OPEN_REQUESTS: Final = 1024
"""Of one session, at once; the server's own window holds beside it."""

MAX_KEPT_STREAMS: Final = 32
MAX_KEPT_BYTES: Final = 4 * 1024 * 1024
"""Answered requests whose streams a client may still come back for."""

LAST_ANSWERS_SECONDS: Final = 1.0
"""How long a session that has lost its stream may take to tell its requests."""

_NOT_FOUND: Final = 404

Heard: TypeAlias = Callable[[envelope_pb2.JsonRpcNotification], None]
"""Told of a notification of the server before its client is."""


class HttpSession:
    """The messages of one HTTP client.

    Args:
        session_id: its `Mcp-Session-Id`.
        on_over: called when it cannot go on.
        heard: told of every notification of the server.
    """

    def __init__(
        self, session_id: str, on_over: Callable[[HttpSession], None], heard: Heard
    ) -> None:
        self.id = session_id
        self.requests = 0
        self.established = False
        self.standalone = EventStream()
        self.link = RelayLink(
            self._deliver, self._caught_up, self._stream_lost, self, door_spans("http")
        )
        self._on_over = on_over
        self._heard = heard
        self._open: dict[Id, EventStream] = {}
        self._kept: dict[int, EventStream] = {}
        self._streams_made = 0
        self._lost = False

    def begin(self, request_id: Id) -> EventStream:
        """The stream of a new request, which is still to be sent.

        Raises:
            HttpRefusalError: 400, its id is in flight; 429, there are too many.
        """
        if request_id in self._open:
            raise HttpRefusalError(
                400, "the request has an id that is in flight", request_id=request_id
            )
        if len(self._open) >= MAX_OPEN_REQUESTS:
            message = f"{MAX_OPEN_REQUESTS} requests of this session are in flight"
            raise HttpRefusalError(429, message, request_id=request_id)
        self._streams_made += 1
        stream = EventStream(self._streams_made)
        self._open[request_id] = self._kept[stream.number] = stream
        return stream

    def stream(self, number: int) -> EventStream | None:
        """The stream of a number; None when it is not kept any more."""
        return self._kept.get(number) if number else self.standalone

    async def close(self) -> None:
        """End the session: what runs is cancelled, and who waits is told."""
        if self._lost:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self.link.wait_answered(), LAST_ANSWERS_SECONDS)
        for request_id in list(self._open):
            facts = {"reason": "CONNECTION_LOST", "execution": "MAYBE"}
            message = "the session was ended before the request was answered"
            self._finish(request_id, error_text(CONNECTION_CLOSED, message, request_id, facts))
        self.standalone.end()
        await self.link.close()

    # DoorSignals

    def unanswered(self, request_id: Id) -> None:
        """A cancelled request ends with an error: its HTTP response must end with something."""
        self._finish(request_id, error_text(REQUEST_CANCELLED, "Request cancelled", request_id))

    def close_request_stream(self, request_id: Id) -> None:
        """End the response of a request; the client comes back for the rest."""
        stream = self._open.get(request_id)
        if stream is not None:
            stream.release()

    def close_standalone_stream(self) -> None:
        """End the response that carries what belongs to no request."""
        self.standalone.release()

    def _deliver(self, envelope: envelope_pb2.Envelope) -> None:
        text = host_text(envelope)
        if envelope.WhichOneof("message") == "response":
            self._answer(envelope.response, text)
            return
        if envelope.WhichOneof("message") == "notification":
            self._heard(envelope.notification)
        stream: EventStream | None = self.standalone
        if envelope.HasField("related_request_id"):
            related = ids.from_message(envelope.related_request_id)
            stream = None if related is None else self._open.get(related)
        if stream is None:
            logger.debug("dropped a message of a request that is answered")
        elif text:
            stream.put(text)

    def _answer(self, response: envelope_pb2.JsonRpcResponse, text: str) -> None:
        request_id = ids.from_message(response.id)
        if request_id is None:
            return
        if response.WhichOneof("outcome") == "result_json":
            # Nothing but initialize is sent before it has succeeded.
            self.established = True
        status = refusal_status(response)
        if self.established and _is_over(response):
            status = _NOT_FOUND
            # Others may still run to their end on a stream that merely takes no more.
            if self._open.keys() <= {request_id}:
                self._on_over(self)
        self._finish(request_id, text, status or 200)

    def _finish(self, request_id: Id, text: str, status: int = 200) -> None:
        stream = self._open.pop(request_id, None)
        if stream is not None:
            stream.put(text, status=status, final=True)
            self._forget_oldest()

    def _forget_oldest(self) -> None:
        open_streams = {stream.number for stream in self._open.values()}
        finished = [
            stream
            for stream in self._kept.values()
            if stream.number not in open_streams and not stream.is_read
        ]
        kept_bytes = sum(stream.kept_bytes for stream in finished)
        while len(finished) > MAX_KEPT_STREAMS or (finished and kept_bytes > MAX_KEPT_BYTES):
            oldest = finished.pop(0)
            kept_bytes -= oldest.kept_bytes
            del self._kept[oldest.number]

    async def _caught_up(self) -> None:
        for stream in (self.standalone, *self._open.values()):
            await stream.room()

    def _stream_lost(self, error: Exception | None) -> None:  # the link has logged it
        self._lost = True
        self._on_over(self)


def _is_over(response: envelope_pb2.JsonRpcResponse) -> bool:
    """Whether a request found that the session's stream takes none any more."""
    is_lost = errors.reason_name(response.reason) == "CONNECTION_LOST"
    return is_lost and response.execution == errors.NOT_STARTED
