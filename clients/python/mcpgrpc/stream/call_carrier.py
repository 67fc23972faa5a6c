"""A Call for each request: what a proxy can balance one by one.

It keeps no stream. It carries nothing but modern requests and their notifications.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

import grpc

from mcpgrpc.binding import ids
from mcpgrpc.binding.errors import reason_number
from mcpgrpc.channel import wait_connected
from mcpgrpc.errors import ServiceError
from mcpgrpc.rpc_errors import lost, service_error
from mcpgrpc.stream.carrier import Exchange, Inbox
from mcpgrpc.v1 import envelope_pb2, errors_pb2, mcp_service_pb2, mcp_service_pb2_grpc

MAX_SENDS: Final = 4
"""How often a request that certainly did not run is sent in all."""

PAUSE_SECONDS: Final = 0.1
"""Before a request that certainly did not run is sent again."""


class CallCarrier:
    """Carries each request in an RPC of its own.

    Args:
        channel: where Calls are made.
        target: the address, for messages.
        metadata: gives the metadata of an RPC, with fresh credentials.
        inbox: who hears notifications.
        connect_timeout_seconds: how long connecting may take.
    """

    def __init__(
        self,
        channel: grpc.aio.Channel,
        target: str,
        metadata: Callable[[], Awaitable[tuple[tuple[str, str], ...]]],
        inbox: Inbox,
        connect_timeout_seconds: float,
    ) -> None:
        self._channel = channel
        self._stub = mcp_service_pb2_grpc.McpServiceStub(channel)
        self._target = target
        self._metadata = metadata
        self._inbox = inbox
        self._connect_timeout_seconds = connect_timeout_seconds

    async def open(self) -> None:
        """Connect the channel."""
        await wait_connected(self._channel, self._target, self._connect_timeout_seconds)

    async def exchange(self, exchange: Exchange) -> envelope_pb2.Envelope:
        """Carry a request; see `Carrier.exchange`."""
        for sends_left in range(MAX_SENDS - 1, -1, -1):
            try:
                return await self._call(exchange)
            except grpc.aio.AioRpcError as error:
                refused = service_error(error)
                if refused is None:
                    raise lost(
                        error, self._target, exchange.envelope.request.method, "MAYBE"
                    ) from None
                if not _may_go_again(refused) or not sends_left:
                    return _refused(refused, exchange.envelope)
            await asyncio.sleep(PAUSE_SECONDS)
        raise AssertionError("the last send returns or raises")

    async def notify(self, envelope: envelope_pb2.Envelope) -> None:
        """A Call has no room for notifications of the client, and its era defines none."""

    async def close(self) -> None:
        """Nothing is kept."""

    async def _call(self, exchange: Exchange) -> envelope_pb2.Envelope:
        envelope = exchange.envelope
        message = mcp_service_pb2.CallRequest(request=envelope.request)
        if envelope.HasField("door"):
            message.door.CopyFrom(envelope.door)
        call = self._stub.Call(
            message, metadata=await self._metadata(), timeout=exchange.timeout_seconds
        )
        related = ids.from_message(envelope.request.id)
        try:
            async for answer in call:
                if answer.WhichOneof("message") == "notification":
                    notification = envelope_pb2.Envelope(notification=answer.notification)
                    self._inbox.notification(notification, related)
                elif answer.WhichOneof("message") == "response":
                    return envelope_pb2.Envelope(response=answer.response)
        finally:
            call.cancel()
        raise lost(None, self._target, envelope.request.method, "MAYBE")


def _may_go_again(refused: ServiceError) -> bool:
    return refused.execution == "NOT_STARTED" and refused.reason == "DRAINING"


def _refused(refused: ServiceError, request: envelope_pb2.Envelope) -> envelope_pb2.Envelope:
    """A refusal as a Session would have answered it."""
    response = envelope_pb2.JsonRpcResponse(
        id=request.request.id,
        error=envelope_pb2.JsonRpcError(code=refused.code, message=refused.message),
        reason=reason_number(refused.reason),
        execution=_EXECUTIONS.get(refused.execution, errors_pb2.EXECUTION_MAYBE),
    )
    return envelope_pb2.Envelope(response=response)


_EXECUTIONS: Final = {"NOT_STARTED": errors_pb2.EXECUTION_NOT_STARTED}
