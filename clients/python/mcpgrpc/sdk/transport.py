"""A transport for the SDK's client: `mcp.Client(mcpgrpc.transport("127.0.0.1:50051"))`.

It turns the SDK's messages into envelopes and back; `mcpgrpc.relay` carries them.
"""

from __future__ import annotations

import logging
from types import TracebackType

from mcp.client import Transport
from mcp.shared.message import SessionMessage
from mcp_types import JSONRPCNotification, JSONRPCRequest

from mcpgrpc.connection import ConnectionOptions
from mcpgrpc.relay.link import RelayLink
from mcpgrpc.sdk import messages
from mcpgrpc.sdk.dispatcher import GrpcDispatcher
from mcpgrpc.sdk.streams import IncomingMessages, OutgoingMessages
from mcpgrpc.v1 import envelope_pb2

logger = logging.getLogger(__name__)


class GrpcTransport(Transport):
    """Connects the SDK's `Client` or `ClientSession` to an mcpgrpc server, at both eras.

    Entering connects, within `connect_timeout_seconds`. When the connection is lost, requests under
    way fail at once with CONNECTION_CLOSED; in the modern era the next one connects again, in the
    legacy era the session is over, and the client's `message_handler` is given a ConnectionLost
    that says why. Leaving cancels what runs.

    Args:
        options: how to reach the server.
    """

    def __init__(self, options: ConnectionOptions) -> None:
        self._options = options

    async def __aenter__(self) -> tuple[IncomingMessages, OutgoingMessages]:
        """Connect.

        Raises:
            ConnectError: no server answers within the time allowed.
            ServiceError: the server refuses this client.
            UsageError: the address or a credential is not usable.
        """
        self._incoming = IncomingMessages()
        self._link = RelayLink(self._deliver, self._incoming.caught_up, self._session_over)
        self._connection = self._options.connect(self._link)
        self._link.carrier = self._connection.carrier
        try:
            await self._link.carrier.open()
        except BaseException:
            await self._link.close()
            await self._connection.release()
            raise
        return self._incoming, OutgoingMessages(self._send)

    def dispatcher(self) -> GrpcDispatcher:
        """For `mcp.ClientSession(dispatcher=...)` in the place of the streams, once connected.

        A session over it does about half of the work for a call, and means the same.
        """
        return GrpcDispatcher(self._incoming, OutgoingMessages(self._send), self._link)

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Cancel what is under way and disconnect."""
        self._incoming.end()
        await self._link.close()
        await self._connection.release()

    async def _send(self, message: SessionMessage) -> None:
        await self._link.send(_outgoing(message))

    def _deliver(self, envelope: envelope_pb2.Envelope) -> None:
        try:
            self._incoming.put(_incoming(envelope))
        except ValueError as error:
            logger.warning("dropped a malformed message of the server: %s", error)

    def _session_over(self, error: Exception | None) -> None:  # the relay has logged it
        """A legacy session cannot be carried on: the SDK is told why, and sees its end.

        What it asks from then on it refuses itself, as CONNECTION_CLOSED and no more.
        """
        if error is not None:
            self._incoming.put(error)
        self._incoming.end()


def _outgoing(message: SessionMessage) -> envelope_pb2.Envelope:
    content = message.message
    if isinstance(content, JSONRPCRequest):
        return messages.request_envelope(content, message.metadata)
    if isinstance(content, JSONRPCNotification):
        return messages.notification_envelope(content)
    return messages.reply_envelope(content)


def _incoming(envelope: envelope_pb2.Envelope) -> SessionMessage:
    if envelope.HasField("response"):
        return messages.incoming_response(envelope)
    if envelope.HasField("request"):
        return messages.incoming_request(envelope)
    return messages.incoming_notification(envelope)
