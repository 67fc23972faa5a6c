"""Carries requests over Sessions that are spread over the addresses of a service.

A request without a state goes where the fewest are in flight. What belongs to one stream stays on
one: a legacy session, which lives and dies with it, and the subscriptions. It opens no stream,
which `pool` does, and it executes nothing twice.
"""

from __future__ import annotations

from mcpgrpc.balancing.lanes import Lane
from mcpgrpc.balancing.pool import LanePool
from mcpgrpc.balancing.table import AddressTable
from mcpgrpc.binding.in_flight import LISTEN_METHOD
from mcpgrpc.rpc_errors import describe
from mcpgrpc.stream.carrier import Inbox
from mcpgrpc.stream.sending import INITIALIZE_METHOD, MAX_SENDS, SessionSender
from mcpgrpc.stream.session import SessionStream
from mcpgrpc.v1 import envelope_pb2, errors_pb2


class BalancedCarrier(SessionSender):
    """Carries requests on a pool of Sessions; belongs to the event loop that opens it.

    Args:
        target: the ADDRESS, for messages.
        inbox: who hears what comes unasked.
        table: what is known of the addresses.
        connect_timeout_seconds: how long a request waits for a stream.
    """

    def __init__(
        self, target: str, inbox: Inbox, table: AddressTable, connect_timeout_seconds: float
    ) -> None:
        super().__init__(target, inbox)
        self.pool = LanePool(target, table, connect_timeout_seconds, self._left)
        self._home: Lane | None = None
        self._initializing = False

    async def open(self) -> None:
        """Open the first stream; those to other addresses open with the first request."""
        await self._wait_open()

    async def close(self) -> None:
        """End every stream; what is under way is cancelled."""
        self._closed = True
        await self.pool.close()

    # SessionListener

    def on_go_away(self, stream: SessionStream) -> None:
        """Further requests go elsewhere, unless the session is bound to this stream."""
        if stream is self._pinned:
            self._end_of_session = stream.drained_because
        else:
            self.pool.drained(stream)

    def on_end(self, stream: SessionStream, error: Exception | None) -> None:
        """A stream is over."""
        self.pool.ended(stream, error)
        if stream is self._pinned and not self._closed:
            ended = stream.drained_because or "the server ended it"
            self._end_of_session = ended if error is None else describe(error)
            self._inbox.session_over(self._ended())

    # SessionSender

    def _ready_stream(
        self, envelope: envelope_pb2.Envelope, avoid: SessionStream | None
    ) -> SessionStream | None:
        method = envelope.request.method
        if self._pinned is not None or self._initializing or method == LISTEN_METHOD:
            return self._home_stream()
        if method == INITIALIZE_METHOD:
            stream = self._home_stream()
            # What the host sends behind it, before it is answered, belongs to the same session.
            self._initializing = stream is not None
            return stream
        if not self.pool.is_spread:
            self.pool.spread()
        lane = self.pool.pick(avoid)
        return None if lane is None else lane.stream

    async def _usable_stream(self, envelope: envelope_pb2.Envelope) -> SessionStream:
        while True:
            await self._wait_open()
            stream = self._ready_stream(envelope, None)
            if stream is not None:
                return stream

    def _notified_stream(self) -> SessionStream | None:
        return self._home_stream()

    def _initialized(self, stream: SessionStream, *, succeeded: bool) -> None:
        super()._initialized(stream, succeeded=succeeded)
        self._initializing = False
        if succeeded:
            self.pool.keep_only(stream)

    def _goes_again(self, answer: envelope_pb2.Envelope, sends_left: int) -> bool:
        if super()._goes_again(answer, sends_left):
            return True
        # One that has too much to do says so at once; another may have less. Asked once more, not
        # of everybody: that would be the same load on all of them.
        is_overloaded = answer.response.reason == errors_pb2.ERROR_REASON_OVERLOADED
        is_first = sends_left == MAX_SENDS - 1
        return is_overloaded and is_first and self._pinned is None and len(self.pool) > 1

    def _home_stream(self) -> SessionStream | None:
        """The stream of what belongs to one: the first that is open, until it is not."""
        if self._pinned is not None:
            return self._pinned if self._pinned.accepts_requests else None
        if self._home is None:
            self._home = self.pool.pick()
        return None if self._home is None else self._home.stream

    def _left(self, lane: Lane) -> None:
        if self._home is lane:
            self._home, self._initializing = None, False

    async def _wait_open(self) -> None:
        """Wait until a stream is open.

        Raises:
            ConnectError: none is within the time allowed.
            ConnectionLost: the session is over.
            McpGrpcError: every server refuses this client.
        """
        if self._pinned is None:
            await self.pool.wait_open()
            if self._home is None:
                self._home = self.pool.pick()
        if self._closed or (self._pinned is not None and not self._pinned.accepts_requests):
            raise self._over()
