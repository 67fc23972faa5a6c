"""The seam between the wire and what answers requests.

Above it: servicers, which know streams and frames and nothing of MCP's methods. Below it: an SDK
app in this process, later an upstream server behind a relay. JSON stays text across the seam, so
that a relay passes it on untouched.
"""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any, Protocol, Self

from mcpgrpc.binding.core import StartRequest
from mcpgrpc.binding.era import Era
from mcpgrpc.binding.ids import Id
from mcpgrpc.binding.in_flight import InFlightRequest
from mcpgrpc.v1 import envelope_pb2
from mcpgrpc_server.availability import Availability
from mcpgrpc_server.caller import Caller
from mcpgrpc_server.correlation import id_of


# Not frozen, though nobody changes one: one is made for every request, and writing its members past
# the freeze takes three times as long.
@dataclass(slots=True)
class ServerCall:
    """One request of the client, admitted and parsed. Only who traces it changes it.

    Attributes:
        request: its id, its method, and whether it carries the modern envelope.
        era: the stream's era when it was admitted.
        params: its params, parsed; None when absent.
        params_json: the same as text, verbatim.
        door: what a door said about the message; None when it came from no door.
        trace_id: that of its trace, in hexadecimal digits; set by whoever traces it, else empty.
        noted_id: what its lines in the log are found by, once one has been written; else empty.
    """

    request: InFlightRequest
    era: Era
    params: dict[str, Any] | None
    params_json: str | None
    door: envelope_pb2.DoorContext | None
    trace_id: str = ""
    noted_id: str = ""

    @property
    def correlation_id(self) -> str:
        """What its lines in the log are found by; to be asked where it is handled."""
        return id_of(self)

    @classmethod
    def of(cls, start: StartRequest, era: Era) -> Self:
        """The call that a stream's core says to start."""
        envelope = start.envelope
        door = envelope.door if envelope.HasField("door") else None
        return cls(start.request, era, start.params, start.params_json, door)


@dataclass(frozen=True, slots=True)
class ClientNotification:
    """One notification of the client."""

    method: str
    params: dict[str, Any] | None
    params_json: str | None
    era: Era
    door: envelope_pb2.DoorContext | None


class Client(Protocol):
    """The client as a backend sees it: what can be sent to it."""

    @property
    def caller(self) -> Caller:
        """Who it is."""
        ...

    @property
    def takes_requests(self) -> bool:
        """Whether the RPC can carry server-to-client requests at all."""
        ...

    async def notify(
        self, method: str, params_json: str | None, related_request_id: Id | None
    ) -> None:
        """Send a notification; waits while the client does not read.

        Raises:
            StreamClosedError: the stream is over.
        """
        ...

    def next_request_id(self) -> int:
        """An id for a request to the client that no other has."""
        ...

    async def request(
        self,
        request_id: Id,
        method: str,
        params_json: str | None,
        related_request_id: Id | None,
        timeout_seconds: float | None,
    ) -> envelope_pb2.JsonRpcResponse:
        """Send a request and wait for its response. Cancelling tells the client, as a timeout does.

        Raises:
            TimeoutError: no answer came in time.
            StreamClosedError: the stream ended, or half-closed, before the answer.
        """
        ...

    def close_request_stream(self, request_id: Id) -> None:
        """Ask the door to end the SSE stream of a request."""
        ...

    def close_standalone_stream(self) -> None:
        """Ask the door to end the standalone SSE stream."""
        ...


class BackendConnection(Protocol):
    """One client of a backend: a Session, or a single Call."""

    async def handle_request(self, call: ServerCall) -> envelope_pb2.JsonRpcResponse:
        """Execute a request; the response needs no id.

        Cancelled when the client cancels. Whatever it raises is logged and answered -32603.
        """
        ...

    async def handle_notification(self, notification: ClientNotification) -> None:
        """Take a notification. Whatever it raises is logged."""
        ...

    def listen_completion(self, call: ServerCall) -> envelope_pb2.JsonRpcResponse:
        """The response that ends a subscription which the server closes."""
        ...

    async def aclose(self) -> None:
        """The client is gone and none of its requests runs any more."""
        ...


@dataclass(frozen=True, slots=True)
class Summary:
    """What a backend serves, for people.

    Attributes:
        name: the server's own name.
        tools: its tools as `tools/list` gives them; empty when it has none or cannot say.
    """

    name: str
    tools: tuple[dict[str, Any], ...] = ()


class Backend(Protocol):
    """What answers the requests of every client of a server."""

    @property
    def availability(self) -> Availability:
        """Whether it can serve now; the server's health follows it."""
        ...

    def lifespan(self) -> AbstractAsyncContextManager[None]:
        """Come up and go down; entered once per process, never per stream."""
        ...

    def connect(self, client: Client) -> BackendConnection:
        """A new client. Cheap: the client has sent nothing yet."""
        ...

    async def summary(self) -> Summary:
        """What is served, for people; called inside of the lifespan, on request only."""
        ...
