"""The seam between clients and the wire: what carries a request there and its answer back.

Above it: `mcpgrpc.Client` and the SDK transport, which know MCP and no gRPC. Below it: a Session
that reconnects (`session_carrier`), Sessions over several addresses (`mcpgrpc.balancing`), or a
Call for each request (`call_carrier`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from mcpgrpc.binding.ids import Id
from mcpgrpc.v1 import envelope_pb2


@dataclass(slots=True)
class Exchange:
    """One request on its way.

    Attributes:
        envelope: the request.
        timeout_seconds: how long the server may work on it; None for no limit.
        cancellation_json: what `notifications/cancelled` says when the exchange is cancelled; None
            for a default.
    """

    envelope: envelope_pb2.Envelope
    timeout_seconds: float | None = None
    cancellation_json: str | None = None


class Inbox(Protocol):
    """Who hears what comes from the server unasked; called on the event loop, must not block."""

    def notification(self, envelope: envelope_pb2.Envelope, related: Id | None) -> None:
        """The server sent a notification; `related` is the request that it belongs to."""
        ...

    def request(self, envelope: envelope_pb2.Envelope, reply: Reply) -> None:
        """The server asks something (legacy era); `reply` takes the answer."""
        ...

    def request_cancelled(self, request_id: Id) -> None:
        """The server does not want the answer to a request of its own any more."""
        ...

    async def caught_up(self) -> None:
        """Wait until more can be taken; awaited between frames, so it slows the server down."""
        ...

    def session_over(self, error: Exception | None) -> None:
        """A legacy session has ended with its stream; it cannot be carried on."""
        ...

    def request_stream_close(self, request_id: Id) -> None:
        """The server asks a door to end the HTTP response of a request, which goes on."""
        ...

    def standalone_stream_close(self) -> None:
        """The server asks a door to end the stream of what belongs to no request."""
        ...


class Reply(Protocol):
    """Takes the answer to a request of the server; None settles one that was cancelled."""

    def __call__(self, response: envelope_pb2.JsonRpcResponse | None) -> None:
        """Send the answer, whose id is set by this."""
        ...


class Carrier(Protocol):
    """Carries requests to a server."""

    async def open(self) -> None:
        """Connect.

        Raises:
            ConnectError: no server answers within the time allowed.
            ServiceError: the server refuses this client.
        """
        ...

    async def exchange(self, exchange: Exchange) -> envelope_pb2.Envelope:
        """Carry a request and give the envelope of its response.

        Cancelling it cancels the request at the server. A request that certainly did not run is
        sent again, a bounded number of times.

        Raises:
            ConnectionLost: the connection broke.
            ConnectError: no server can be reached.
            ServiceError: the server refuses this client.
        """
        ...

    async def notify(self, envelope: envelope_pb2.Envelope) -> None:
        """Carry a notification, as far as the wire has room for one.

        Waits while the server does not read, for a minute at most; then it is dropped and logged.
        """
        ...

    async def close(self) -> None:
        """Let go of the server; what is under way is cancelled."""
        ...
