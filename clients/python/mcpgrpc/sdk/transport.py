"""A transport for the SDK's client: `mcp.Client(mcpgrpc.transport("127.0.0.1:50051"))`.

It carries messages and knows no method, except that a cancellation is carried out on the exchange
that it names.
"""

from __future__ import annotations

import asyncio
import logging
from types import TracebackType
from typing import Any

from mcp.client import Transport
from mcp.shared.message import SessionMessage
from mcp_types import JSONRPCError, JSONRPCNotification, JSONRPCRequest, JSONRPCResponse

from mcpgrpc.binding import ids, json_text
from mcpgrpc.binding.core import CANCELLED_METHOD
from mcpgrpc.binding.ids import Id
from mcpgrpc.connection import ConnectionOptions
from mcpgrpc.errors import McpGrpcError
from mcpgrpc.sdk import messages
from mcpgrpc.sdk.streams import IncomingMessages, OutgoingMessages
from mcpgrpc.stream.carrier import Carrier, Exchange, Reply
from mcpgrpc.v1 import envelope_pb2

logger = logging.getLogger(__name__)


class GrpcTransport(Transport):
    """Connects the SDK's `Client` or `ClientSession` to an mcpgrpc server, at both eras.

    Entering connects, within `connect_timeout_seconds`. When the connection is lost, requests under
    way fail at once with CONNECTION_CLOSED; in the modern era the next one connects again, in the
    legacy era the session is over. Leaving cancels what runs.

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
        self._channel = self._options.open_channel()
        self._link = TransportLink()
        self._link.carrier = self._options.carrier(self._channel, self._link)
        try:
            await self._link.carrier.open()
        except BaseException:
            await self._channel.close()
            raise
        return self._link.incoming, OutgoingMessages(self._link.send)

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Cancel what is under way and disconnect."""
        await self._link.close()
        await self._channel.close()


class TransportLink:
    """The messages of one connected transport: exchanges under way, requests of the server."""

    carrier: Carrier

    def __init__(self) -> None:
        self.incoming = IncomingMessages()
        self._exchanges: dict[Id, tuple[Exchange, asyncio.Task[None]]] = {}
        self._replies: dict[Id, Reply] = {}

    async def send(self, message: SessionMessage) -> None:
        """Carry a message of the SDK."""
        content = message.message
        if isinstance(content, JSONRPCRequest):
            await self._start(content, message.metadata)
        elif isinstance(content, JSONRPCNotification):
            if not self._carry_out_cancellation(content):
                await self.carrier.notify(messages.notification_envelope(content))
        else:
            self._reply(content)

    async def close(self) -> None:
        """End everything."""
        self.incoming.end()
        await self.carrier.close()
        tasks = [task for _, task in self._exchanges.values()]
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)

    # Inbox

    def notification(
        self,
        envelope: envelope_pb2.Envelope,
        related: Id | None,  # the SDK finds by tokens and ids in the params
    ) -> None:
        """A notification of the server."""
        try:
            self.incoming.put(messages.incoming_notification(envelope))
        except json_text.JsonTextError:
            logger.warning("dropped a malformed %s", envelope.notification.method)

    def request(self, envelope: envelope_pb2.Envelope, reply: Reply) -> None:
        """A request of the server."""
        request_id = ids.from_message(envelope.request.id)
        if request_id is not None:
            self._replies[request_id] = reply
            self.incoming.put(messages.incoming_request(envelope))

    def request_cancelled(self, request_id: Id) -> None:
        """The SDK hears of it by the notification, and then answers no more."""
        reply = self._replies.pop(request_id, None)
        if reply is not None:
            reply(None)

    async def caught_up(self) -> None:
        """The SDK's reading slows the server down."""
        await self.incoming.caught_up()

    def session_over(self, error: Exception | None) -> None:
        """A legacy session cannot be carried on: the SDK sees its end."""
        logger.info("the session's stream is over: %s", error or "it ended")
        self.incoming.end()

    async def _start(self, message: JSONRPCRequest, metadata: object) -> None:
        exchange = Exchange(messages.request_envelope(message, metadata))
        task = asyncio.create_task(self._run(message.id, exchange), name=message.method)
        self._exchanges[message.id] = (exchange, task)
        # One turn of the loop, in which the request takes its place on the stream: what the SDK
        # sends next stands behind it.
        await asyncio.sleep(0)

    async def _run(self, request_id: Id, exchange: Exchange) -> None:
        try:
            answer = await self.carrier.exchange(exchange)
        except McpGrpcError as error:
            self.incoming.put(messages.failed_exchange(request_id, error))
        else:
            self.incoming.put(messages.incoming_response(request_id, answer))
        finally:
            self._exchanges.pop(request_id, None)

    def _carry_out_cancellation(self, message: JSONRPCNotification) -> bool:
        params: dict[str, Any] = message.params or {}
        if message.method != CANCELLED_METHOD:
            return False
        under_way = self._exchanges.get(params.get("requestId", ""))
        if under_way is None:
            return False
        exchange, task = under_way
        exchange.cancellation_json = json_text.dump(params)
        task.cancel()
        return True

    def _reply(self, message: JSONRPCResponse | JSONRPCError) -> None:
        reply = None if message.id is None else self._replies.pop(message.id, None)
        if reply is not None:
            reply(messages.reply_message(message))
