"""A host that speaks JSON-RPC text, one message at a time, and a server that may come and go.

It does not read or write the host's wire: the stdio door and the WebSocket door do. A lost server
fails what is under way, and the next message finds the server again; a legacy session is told to it
anew, so that the host need not know.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import deque
from typing import Final

import grpc

from mcpgrpc.binding import codec, errors, ids
from mcpgrpc.connection import ConnectionOptions
from mcpgrpc.errors import McpGrpcError
from mcpgrpc.relay.line import host_text
from mcpgrpc.relay.link import RelayLink, failed
from mcpgrpc.relay.session_memory import REPLAY_ID_PREFIX, SessionMemory
from mcpgrpc.stream.carrier import Exchange
from mcpgrpc.v1 import envelope_pb2

logger = logging.getLogger(__name__)

MAX_UNREAD_MESSAGES: Final = 1024
"""Messages that may wait for the host before the server is slowed down."""

REPLAY_SECONDS: Final = 30.0
"""How long a server may take for each request of a session that is told to it anew."""


class TextHost:
    """One host: `receive` takes its messages, `next_text` gives what it is to be sent.

    Args:
        options: how to reach the server.
        channel: the channel to it.
    """

    def __init__(self, options: ConnectionOptions, channel: grpc.aio.Channel) -> None:
        self._options = options
        self._channel = channel
        self._link = RelayLink(self._deliver, self._caught_up, self._session_over)
        self._link.carrier = options.carrier(channel, self._link)
        self._memory = SessionMemory()
        self._lost = False
        self._reviving = asyncio.Lock()
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
        if self._lost and not await self._revive(envelope):
            return
        self._memory.sent(envelope)
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
        if self._closed or _is_replayed(envelope):
            return
        if text := host_text(envelope):
            self._outgoing.append(text)
            self._changed.set()

    async def _caught_up(self) -> None:
        while len(self._outgoing) >= MAX_UNREAD_MESSAGES and not self._closed:
            self._taken.clear()
            await self._taken.wait()

    def _session_over(self, error: Exception | None) -> None:  # the link has logged it
        self._lost = True

    async def _revive(self, envelope: envelope_pb2.Envelope) -> bool:
        """Tell the session to the server anew; a request that finds none is answered why."""
        async with self._reviving:
            if not self._lost:
                return True
            try:
                await self._tell_again()
            except McpGrpcError as error:
                self._answer_failed(envelope, error)
                return False
            self._lost = False
            return True

    async def _tell_again(self) -> None:
        carrier = self._options.carrier(self._channel, self._link)
        self._link.carrier = carrier
        for request in self._memory.replay():
            answer = await carrier.exchange(Exchange(request, timeout_seconds=REPLAY_SECONDS))
            if answer.response.WhichOneof("outcome") == "error":
                message = answer.response.error.message
                logger.warning("%s was not taken up again: %s", request.request.method, message)
            if request.request.method == "initialize":
                initialized = self._memory.initialized()
                if initialized is not None:
                    await carrier.notify(initialized)
        logger.info("the session is carried on with the server that answers now")

    def _answer_malformed(self, error: codec.InvalidMessageError) -> None:
        response = errors.failure(error.code, str(error))
        if error.request_id is not None:
            response.id.CopyFrom(ids.to_message(error.request_id))
        else:
            response.id.SetInParent()
        self._deliver(envelope_pb2.Envelope(response=response))

    def _answer_failed(self, envelope: envelope_pb2.Envelope, error: McpGrpcError) -> None:
        if envelope.WhichOneof("message") == "request":
            response = failed(error)
            response.id.CopyFrom(envelope.request.id)
            self._deliver(envelope_pb2.Envelope(response=response))


def _is_replayed(envelope: envelope_pb2.Envelope) -> bool:
    return envelope.response.id.text.startswith(REPLAY_ID_PREFIX)
