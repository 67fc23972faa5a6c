"""A session with an upstream that is one gRPC client's own, relayed as it is.

It reads no message but to number it. When the upstream restarts, the session is told to it anew.
"""

from __future__ import annotations

from collections.abc import Callable

from mcpgrpc.binding.ids import Id
from mcpgrpc.relay.reviving import RevivingCarrier
from mcpgrpc.stream.carrier import Carrier, Inbox, Reply
from mcpgrpc.v1 import envelope_pb2
from mcpgrpc_server.backend import ClientNotification, ServerCall
from mcpgrpc_server.upstream.deliveries import Deliveries
from mcpgrpc_server.upstream.questions import Questions
from mcpgrpc_server.upstream.session import Asked, UpstreamSession


class PrivateSession:
    """One client's session; a `SessionListener` of it.

    Args:
        make: makes a carrier for a session with the upstream; raises `ConnectError` while that is
            down.
        deliveries: the way to the client.
    """

    def __init__(self, make: Callable[[Inbox], Carrier], deliveries: Deliveries) -> None:
        self._deliveries = deliveries
        self._questions = Questions(deliveries)
        self._can_close_standalone_stream = False

        def reviving(session: UpstreamSession) -> Carrier:
            return RevivingCarrier(make, session, session.numbers)

        self._session = UpstreamSession(reviving)
        self._session.listener = self

    async def open(self) -> None:
        """Connect. Raises as `Carrier.open`."""
        await self._session.open()

    async def ask(self, call: ServerCall) -> envelope_pb2.JsonRpcResponse:
        """Carry a request of the client. Raises as `UpstreamSession.ask`."""
        door = call.door
        if door is not None and door.can_close_standalone_stream:
            self._can_close_standalone_stream = True
        asked = Asked(
            next(self._session.numbers),
            call.request.method,
            self._deliveries,
            call.request.id,
            can_close_stream=door is not None and door.can_close_request_stream,
            takes_requests=door is None or not door.refuses_server_requests,
        )
        return await self._session.ask(asked, call.params_json)

    async def notify(self, notification: ClientNotification) -> None:
        """Carry a notification of the client."""
        await self._session.notify(notification.method, notification.params_json)

    async def close(self) -> None:
        """The client is gone: end the session, and the process where it is one."""
        self._questions.close()
        await self._session.close()

    # SessionListener

    def heard(self, notification: envelope_pb2.JsonRpcNotification, asked: Asked | None) -> None:
        """Everything is for the client; there is room, since the session waits for it."""
        params_json = notification.params_json if notification.HasField("params_json") else None
        related = None if asked is None else asked.client_id
        self._deliveries.put(notification.method, params_json, related)

    def questioned(
        self, request: envelope_pb2.JsonRpcRequest, asked: Asked | None, reply: Reply
    ) -> None:
        """The client answers."""
        self._questions.ask(request, asked, reply)

    def question_withdrawn(self, request_id: Id) -> None:
        """The client is told."""
        self._questions.withdraw(request_id)

    async def caught_up(self) -> None:
        """A client that does not read slows its own session down, and no other."""
        await self._deliveries.room()

    def lost(self) -> None:
        """Whoever asked is gone; the session is told anew with the next message."""
        self._questions.close()

    def standalone_stream_closed(self) -> None:
        """A door that can carries it out."""
        if self._can_close_standalone_stream:
            self._deliveries.then(self._deliveries.client.close_standalone_stream)
