"""One request's answer, read from the HTTP responses that carry it: JSON, or an event stream.

It sends nothing and keeps no session. What else stands in an event stream is handed on in its
order, before the answer, and reading waits while nobody can take more.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Final, TypeAlias

import httpx2

from mcpgrpc.binding import codec, ids
from mcpgrpc.errors import McpGrpcError
from mcpgrpc.v1 import envelope_pb2
from mcpgrpc_server.upstream.bounded_log import BoundedLog
from mcpgrpc_server.upstream.http import event_source, failures
from mcpgrpc_server.upstream.http.endpoint import EVENTS, JSON, OK, media_type, read_body

DRAIN_SECONDS: Final = 1.0
"""How long an event stream may take to end after its answer; until then its connection is kept."""

Deliver: TypeAlias = Callable[[envelope_pb2.Envelope], Awaitable[None]]
"""Takes a notification or a request of the upstream, and waits while there is no room for more."""

_CLIENT_ERRORS: Final = range(400, 500)


class AnswerReader:
    """Reads the answer of one request.

    Args:
        name: of the upstream.
        request: whose answer it is.
        deliver: takes what comes before it.
        max_message_bytes: of a body or an event.
        log: where messages go that are none or belong to nobody.
    """

    def __init__(
        self,
        name: str,
        request: envelope_pb2.JsonRpcRequest,
        deliver: Deliver,
        max_message_bytes: int,
        log: BoundedLog,
    ) -> None:
        self.place = event_source.Place()
        self._name = name
        self._method = request.method
        self._id = request.id
        self._deliver = deliver
        self._max_message_bytes = max_message_bytes
        self._log = log
        self._texts: AsyncIterator[str] | None = None

    async def read(self, response: httpx2.Response) -> envelope_pb2.Envelope | None:
        """The answer in the response to the request's POST; None when its events end before one.

        Raises:
            ConnectionLost: the connection broke, or the response is no answer.
            ServiceError: the upstream refuses the request, or a message is too large.
        """
        if response.status_code == OK and media_type(response) == EVENTS:
            return await self.read_events(response)
        answer = await self._read_body(response)
        if answer is None:
            raise self._no_answer(response.status_code)
        return answer

    async def read_events(self, response: httpx2.Response) -> envelope_pb2.Envelope | None:
        """The answer in an event stream; None when the stream ends before one. Raises as `read`."""
        self._texts = event_source.texts(response, self.place, self._max_message_bytes)
        try:
            async for text in self._texts:
                answer = await self._take(text)
                if answer is not None:
                    return answer
        except event_source.EventTooLargeError:
            raise self._too_large() from None
        return None

    async def drain(self) -> None:
        """Read an event stream to its end after the answer, for a bounded time."""
        if self._texts is None:
            return
        broken = (TimeoutError, event_source.EventTooLargeError, httpx2.RequestError)
        with contextlib.suppress(*broken):
            async with asyncio.timeout(DRAIN_SECONDS):
                async for _ in self._texts:
                    self._log.line(f"sent more on a stream after the answer to {self._method!r}")

    async def _take(self, text: str) -> envelope_pb2.Envelope | None:
        try:
            envelope = codec.envelope_from_text(text)
        except codec.InvalidMessageError as error:
            self._log.line(f"sent an event that is no message: {error}")
            return None
        if envelope.WhichOneof("message") != "response":
            await self._deliver(envelope)
            return None
        if self._is_answer(envelope.response, may_lack_id=True):
            return self._answer(envelope)
        self._log.line(f"answered something else than {self._method!r} on its stream")
        return None

    async def _read_body(self, response: httpx2.Response) -> envelope_pb2.Envelope | None:
        if media_type(response) != JSON:
            return None
        body = await read_body(response, self._max_message_bytes)
        if body is None:
            raise self._too_large()
        try:
            envelope = codec.envelope_from_text(body.decode("utf-8-sig"))
        except (codec.InvalidMessageError, UnicodeDecodeError):
            return None
        # An error without an id is the server's whole answer, or that of a proxy above 499.
        may_lack_id = response.status_code == OK or response.status_code in _CLIENT_ERRORS
        if envelope.WhichOneof("message") == "response" and self._is_answer(
            envelope.response, may_lack_id=may_lack_id
        ):
            return self._answer(envelope)
        return None

    def _is_answer(self, response: envelope_pb2.JsonRpcResponse, *, may_lack_id: bool) -> bool:
        """Whether a response answers the request; strictly: "7" is not 7."""
        if ids.from_message(response.id) is None:
            return may_lack_id and response.WhichOneof("outcome") == "error"
        return response.id == self._id

    def _answer(self, envelope: envelope_pb2.Envelope) -> envelope_pb2.Envelope:
        envelope.response.id.CopyFrom(self._id)
        return envelope

    def _no_answer(self, status: int) -> McpGrpcError:
        if status == OK:
            return failures.lost(self._name, self._method, "its response is no answer")
        return failures.of_status(self._name, self._method, status)

    def _too_large(self) -> McpGrpcError:
        return failures.too_large(self._name, self._method, self._max_message_bytes)
