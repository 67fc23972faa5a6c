"""One JSON-RPC client of an upstream: numbers its requests, and tells what comes for which.

It does not know eras, nor decide what a client may hear: its listener does.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Protocol

from mcpgrpc.binding import json_text
from mcpgrpc.binding.ids import Id
from mcpgrpc.binding.in_flight import LISTEN_METHOD
from mcpgrpc.stream.carrier import Carrier, Exchange, Reply
from mcpgrpc.v1 import envelope_pb2
from mcpgrpc_server.upstream.deliveries import Deliveries
from mcpgrpc_server.upstream.refusals import outcome_of


@dataclass(slots=True, eq=False)
class Asked:
    """One request under way at an upstream.

    Attributes:
        number: its id there.
        method: its method.
        to: the client that hears what belongs to it; None for a request of this service.
        client_id: the client's id of it.
        token: the client's progress token as JSON text; None where it asked for no progress.
        can_close_stream: its door ends the request's HTTP response where it is asked to.
        takes_requests: the wire to its client has room for requests in the course of it.
        min_level: the rank of the lowest log level that its client wants; None for no logs.
        ended: resolved when the client is too far behind for a subscription to go on.
    """

    number: int
    method: str
    to: Deliveries | None = None
    client_id: Id | None = None
    token: str | None = None
    can_close_stream: bool = False
    takes_requests: bool = True
    min_level: int | None = None
    ended: asyncio.Future[None] = field(
        default_factory=lambda: asyncio.get_running_loop().create_future()
    )

    @property
    def is_listen(self) -> bool:
        """Whether it is a subscription."""
        return self.method == LISTEN_METHOD

    def fall_behind(self) -> None:
        """Its client misses what belongs to it."""
        if not self.ended.done():
            self.ended.set_result(None)


class SessionListener(Protocol):
    """Who hears what an upstream says unasked; called on the event loop, must not block."""

    def heard(self, notification: envelope_pb2.JsonRpcNotification, asked: Asked | None) -> None:
        """A notification, and the request that it certainly belongs to, if to any."""
        ...

    def questioned(
        self, request: envelope_pb2.JsonRpcRequest, asked: Asked | None, reply: Reply
    ) -> None:
        """A request of the upstream."""
        ...

    def question_withdrawn(self, request_id: Id) -> None:
        """The upstream does not want the answer to a request of its own any more."""
        ...

    async def caught_up(self) -> None:
        """Wait until more can be taken."""
        ...

    def lost(self) -> None:
        """The connection is lost, and what was under way fails."""
        ...

    def standalone_stream_closed(self) -> None:
        """The upstream ended the stream of what belongs to no request."""
        ...


class UpstreamSession:
    """The exchanges of one session with an upstream; the `Inbox` of its carrier.

    Args:
        make: makes the carrier, which reports to the session.
    """

    listener: SessionListener

    def __init__(self, make: Callable[[UpstreamSession], Carrier]) -> None:
        self.numbers = itertools.count(1)
        self.over: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        """Resolved with the reason when the connection was lost for the first time, or closed."""
        self._asked: dict[Id, Asked] = {}
        self._carrier = make(self)

    async def open(self) -> None:
        """Connect. Raises as `Carrier.open`."""
        await self._carrier.open()

    async def ask(self, asked: Asked, params_json: str | None) -> envelope_pb2.JsonRpcResponse:
        """Carry a request; the response is the upstream's outcome alone, without an id.

        Cancelling it cancels the request at the upstream.

        Raises:
            McpGrpcError: as `Carrier.exchange` does.
        """
        request = envelope_pb2.JsonRpcRequest(method=asked.method, params_json=params_json)
        request.id.integer = asked.number
        self._asked[asked.number] = asked
        try:
            answer = await self._carrier.exchange(Exchange(envelope_pb2.Envelope(request=request)))
        finally:
            del self._asked[asked.number]
        return outcome_of(answer.response)

    async def ask_itself(
        self, method: str, params: dict[str, Any] | None, timeout_seconds: float
    ) -> envelope_pb2.JsonRpcResponse:
        """Carry a request of this service's own.

        Raises:
            TimeoutError: there was no answer in time.
            McpGrpcError: as `ask`.
        """
        params_json = None if params is None else json_text.dump(params)
        async with asyncio.timeout(timeout_seconds):
            return await self.ask(Asked(next(self.numbers), method), params_json)

    async def notify(self, method: str, params_json: str | None) -> None:
        """Carry a notification, as far as the wire has room for one."""
        notification = envelope_pb2.JsonRpcNotification(method=method, params_json=params_json)
        await self._carrier.notify(envelope_pb2.Envelope(notification=notification))

    async def close(self) -> None:
        """Let go of the upstream; what is under way fails. Idempotent."""
        self._end("the connection to the upstream was closed")
        await self._carrier.close()

    # Inbox

    def notification(self, envelope: envelope_pb2.Envelope, related: Id | None) -> None:
        """The upstream sent a notification."""
        self.listener.heard(envelope.notification, self._of(related))

    def request(self, envelope: envelope_pb2.Envelope, reply: Reply) -> None:
        """The upstream asks something."""
        related = envelope.related_request_id
        asked = self._of(related.integer if related.HasField("integer") else None)
        self.listener.questioned(envelope.request, asked, reply)

    def request_cancelled(self, request_id: Id) -> None:
        """The upstream withdraws a request."""
        self.listener.question_withdrawn(request_id)

    async def caught_up(self) -> None:
        """The listener slows the upstream down."""
        await self.listener.caught_up()

    def session_over(self, error: Exception | None) -> None:
        """The connection is lost."""
        self._end(str(error) if error is not None else "the upstream ended the session")
        self.listener.lost()

    def request_stream_close(self, request_id: Id) -> None:
        """The upstream ended the HTTP response of a request, which goes on."""
        asked = self._of(request_id)
        if asked is None or asked.to is None or asked.client_id is None:
            return
        if asked.can_close_stream:
            close = asked.to.client.close_request_stream
            asked.to.then(partial(close, asked.client_id))

    def standalone_stream_close(self) -> None:
        """The upstream ended its stream of what belongs to no request."""
        self.listener.standalone_stream_closed()

    def _end(self, why: str) -> None:
        if not self.over.done():
            self.over.set_result(why)

    def _of(self, related: Id | None) -> Asked | None:
        return None if related is None else self._asked.get(related)
