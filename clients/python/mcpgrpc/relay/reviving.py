"""A carrier that is told the session anew after a loss, so that its host need not know of it.

It neither reads nor writes the host's wire, and sends nothing twice that may have run: what was
under way fails, and the next message finds the server again.
"""

from __future__ import annotations

import asyncio
import itertools
import logging
from collections.abc import Callable, Iterator
from typing import Final

from mcpgrpc.binding.ids import Id
from mcpgrpc.errors import ConnectError, ConnectionLost, McpGrpcError
from mcpgrpc.relay.session_memory import SessionMemory
from mcpgrpc.stream.carrier import Carrier, Exchange, Inbox, Reply
from mcpgrpc.stream.requests import is_cancelled
from mcpgrpc.v1 import envelope_pb2

logger = logging.getLogger(__name__)

REPLAY_SECONDS: Final = 30.0
"""How long a server may take for each request of a session that is told to it anew."""

REPLAY_ID_PREFIX: Final = "mcpgrpc-replay-"
"""Ids of replayed requests; no host has such ids."""


def _replay_ids() -> Iterator[Id]:
    return (f"{REPLAY_ID_PREFIX}{number}" for number in itertools.count())


class RevivingCarrier:
    """One host's session, on one carrier after the other; an `Inbox` of each of them.

    Args:
        make: makes a carrier to the server, which reports to the inbox given.
        inbox: who hears what comes unasked, and when a carrier's session is over.
        replay_ids: ids for the requests that tell the session anew; none is ever in flight twice.
    """

    def __init__(
        self,
        make: Callable[[Inbox], Carrier],
        inbox: Inbox,
        replay_ids: Iterator[Id] | None = None,
    ) -> None:
        self._make = make
        self._inbox = inbox
        self._replay_ids = replay_ids if replay_ids is not None else _replay_ids()
        self._memory = SessionMemory()
        self._carrier = make(self)
        self._lost = False
        self._closed = False
        self._reviving: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Connect the first carrier."""
        await self._carrier.open()

    async def exchange(self, exchange: Exchange) -> envelope_pb2.Envelope:
        """Carry a request; raises as well when the session cannot be told anew.

        One that finds the session over, and certainly has not run, is sent once more when the
        session has been told anew.
        """
        if exchange.envelope.request.method == "initialize":
            # The host begins anew, so there is nothing left to tell of the session before.
            self._memory = SessionMemory()
        await self._alive()
        self._memory.sent(exchange.envelope)
        try:
            return await self._carrier.exchange(exchange)
        except ConnectionLost as lost:
            if lost.execution != "NOT_STARTED" or not self._lost or self._closed:
                raise
        await self._alive()
        return await self._carrier.exchange(exchange)

    async def notify(self, envelope: envelope_pb2.Envelope) -> None:
        """Carry a notification; without a server there is nobody to tell."""
        try:
            await self._alive()
        except McpGrpcError as error:
            logger.info("dropped %s: %s", envelope.notification.method, error)
            return
        self._memory.sent(envelope)
        await self._carrier.notify(envelope)

    async def close(self) -> None:
        """Let go of the server; what is under way is cancelled. Idempotent."""
        self._closed = True
        if self._reviving is not None:
            self._reviving.cancel()
            await asyncio.wait({self._reviving})
        await self._carrier.close()

    # Inbox

    def notification(self, envelope: envelope_pb2.Envelope, related: Id | None) -> None:
        """Passed on."""
        self._inbox.notification(envelope, related)

    def request(self, envelope: envelope_pb2.Envelope, reply: Reply) -> None:
        """Passed on."""
        self._inbox.request(envelope, reply)

    def request_cancelled(self, request_id: Id) -> None:
        """Passed on."""
        self._inbox.request_cancelled(request_id)

    async def caught_up(self) -> None:
        """The host slows the server down."""
        await self._inbox.caught_up()

    def session_over(self, error: Exception | None) -> None:
        """The next message finds the server again."""
        self._lost = True
        self._inbox.session_over(error)

    def request_stream_close(self, request_id: Id) -> None:
        """Passed on."""
        self._inbox.request_stream_close(request_id)

    def standalone_stream_close(self) -> None:
        """Passed on."""
        self._inbox.standalone_stream_close()

    async def _alive(self) -> None:
        """Return once there is a carrier whose session is not over.

        One attempt serves everybody who waits for it; a host that gives up does not end it.
        """
        if not self._lost and self._reviving is None:
            return
        if self._closed:
            raise ConnectionLost("the session is closed", execution="NOT_STARTED")
        if self._reviving is None:
            self._reviving = asyncio.create_task(self._revive(), name="reviving a session")
            self._reviving.add_done_callback(self._revived)
        try:
            await asyncio.shield(self._reviving)
        except asyncio.CancelledError:
            if is_cancelled():
                raise
            # Only `close` cancels the attempt itself.
            raise ConnectionLost("the session is closed", execution="NOT_STARTED") from None

    def _revived(self, attempt: asyncio.Task[None]) -> None:
        self._reviving = None
        if not attempt.cancelled():
            # Nobody may be left to look at it.
            attempt.exception()

    async def _revive(self) -> None:
        await self._carrier.close()
        self._carrier = self._make(self)
        self._lost = False
        try:
            await self._carrier.open()
            await self._tell()
        except BaseException:
            self._lost = True
            raise

    async def _tell(self) -> None:
        """Tell the session to the carrier as the host told it before."""
        replayed = self._memory.replay(self._replay_ids)
        for request in replayed:
            answer = await self._answer(request)
            if answer.response.WhichOneof("outcome") == "error":
                message = answer.response.error.message
                logger.warning("%s was not taken up again: %s", request.request.method, message)
            initialized = self._memory.initialized()
            if request.request.method == "initialize" and initialized is not None:
                await self._carrier.notify(initialized)
        if replayed:
            logger.info("the session is carried on with the server that answers now")

    async def _answer(self, request: envelope_pb2.Envelope) -> envelope_pb2.Envelope:
        exchange = Exchange(request, timeout_seconds=REPLAY_SECONDS)
        try:
            async with asyncio.timeout(REPLAY_SECONDS):
                return await self._carrier.exchange(exchange)
        except TimeoutError:
            method = request.request.method
            raise ConnectError(
                f"the server does not answer {method}, with which the session is told to it anew,"
                f" within {REPLAY_SECONDS:g} s"
            ) from None
