"""A Call for each request: what a proxy can balance one by one.

It keeps no stream. It carries nothing but modern requests and their notifications.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Awaitable, Callable
from typing import Any, Final, TypeAlias

import grpc

from mcpgrpc.binding import ids, json_text
from mcpgrpc.binding.errors import Refusal, reason_number
from mcpgrpc.channel import MAX_MESSAGE_BYTES, wait_connected
from mcpgrpc.errors import ConnectionLost, ServiceError
from mcpgrpc.rpc_errors import call_error, lost, service_error
from mcpgrpc.stream.backoff import pause_seconds
from mcpgrpc.stream.carrier import Exchange, Inbox
from mcpgrpc.stream.envelopes import answer_of
from mcpgrpc.stream.requests import is_cancelled
from mcpgrpc.v1 import envelope_pb2, errors_pb2, mcp_service_pb2, mcp_service_pb2_grpc

Metadata: TypeAlias = tuple[tuple[str, str], ...]


class CallCarrier:
    """Carries each request in an RPC of its own.

    Args:
        channel: where Calls are made.
        target: the address, for messages.
        metadata: gives the metadata of an RPC, with fresh credentials.
        inbox: who hears notifications.
        connect_timeout_seconds: how long connecting may take, and how long a request is sent again
            that a draining server refuses, or one that does not take a credential when there is a
            fresh one.
    """

    def __init__(
        self,
        channel: grpc.aio.Channel,
        target: str,
        metadata: Callable[[], Awaitable[Metadata]],
        inbox: Inbox,
        connect_timeout_seconds: float,
    ) -> None:
        self._channel = channel
        self._stub = mcp_service_pb2_grpc.McpServiceStub(channel)
        self._target = target
        self._metadata = metadata
        self._inbox = inbox
        self._connect_timeout_seconds = connect_timeout_seconds
        self._calls: set[Any] = set()
        self._closed = False

    async def open(self) -> None:
        """Connect the channel."""
        await wait_connected(self._channel, self._target, self._connect_timeout_seconds)

    async def exchange(self, exchange: Exchange) -> envelope_pb2.Envelope:
        """Carry a request; see `Carrier.exchange`."""
        size_bytes = exchange.envelope.ByteSize()
        if size_bytes > MAX_MESSAGE_BYTES:
            return answer_of(_too_large(size_bytes).response(), exchange.envelope)
        give_up = asyncio.get_running_loop().time() + self._connect_timeout_seconds
        for attempt in itertools.count(1):
            metadata = await self._metadata()
            try:
                return await self._call(exchange, metadata)
            except grpc.aio.AioRpcError as error:
                refused = service_error(error) or _deadline(error, exchange)
                if refused is None:
                    raise self._error(error, exchange) from None
                pause = pause_seconds(attempt)
                late = asyncio.get_running_loop().time() + pause > give_up
                if late or not await self._may_go_again(refused, metadata):
                    return _refused(refused, exchange.envelope)
            await asyncio.sleep(pause)
        raise AssertionError("counting does not end")

    async def notify(self, envelope: envelope_pb2.Envelope) -> None:
        """A Call has no room for notifications of the client, and its era defines none."""

    async def close(self) -> None:
        """Cancel what is under way; nothing else is kept."""
        self._closed = True
        for call in self._calls:
            call.cancel()

    async def _may_go_again(self, refused: ServiceError, metadata: Metadata) -> bool:
        """It did not run, and another server, or a fresh credential, may be taken."""
        if refused.execution != "NOT_STARTED":
            return False
        if refused.reason == "UNAUTHENTICATED":
            return await self._metadata() != metadata
        return refused.reason == "DRAINING"

    async def _call(self, exchange: Exchange, metadata: Metadata) -> envelope_pb2.Envelope:
        envelope = exchange.envelope
        message = mcp_service_pb2.CallRequest(request=envelope.request)
        if envelope.HasField("door"):
            message.door.CopyFrom(envelope.door)
        await self._wait_connected()
        call = self._stub.Call(message, metadata=metadata, timeout=exchange.timeout_seconds)
        self._calls.add(call)
        try:
            return await self._read(call, envelope)
        except asyncio.CancelledError:
            # gRPC cancels whoever reads from a call that ends with its channel.
            if self._closed and not is_cancelled():
                raise self._lost("this client was closed", envelope) from None
            raise
        finally:
            self._calls.discard(call)
            call.cancel()

    async def _wait_connected(self) -> None:
        """A Call fails at once where there is no connection, and cannot say that nothing ran."""
        if self._closed:
            raise ConnectionLost(
                f"this client of {self._target} is closed; nothing was sent",
                execution="NOT_STARTED",
            )
        if self._channel.get_state() is not grpc.ChannelConnectivity.READY:
            await self.open()

    async def _read(self, call: Any, request: envelope_pb2.Envelope) -> envelope_pb2.Envelope:
        related = ids.from_message(request.request.id)
        async for answer in call:
            if answer.WhichOneof("message") == "notification":
                notification = envelope_pb2.Envelope(notification=answer.notification)
                self._inbox.notification(notification, related)
                await self._inbox.caught_up()
            elif answer.WhichOneof("message") == "response":
                return envelope_pb2.Envelope(response=answer.response)
        raise self._lost("it ended without a response", request)

    def _lost(self, why: str, request: envelope_pb2.Envelope) -> ConnectionLost:
        return lost(ConnectionError(why), self._target, request.request.method, "MAYBE")

    def _error(self, error: grpc.aio.AioRpcError, exchange: Exchange) -> Exception:
        return call_error(error, self._target, exchange.envelope.request.method)


def _deadline(error: grpc.aio.AioRpcError, exchange: Exchange) -> ServiceError | None:
    """The RPC's deadline, which is the request's timeout, ended it at this end."""
    if error.code() is not grpc.StatusCode.DEADLINE_EXCEEDED or exchange.timeout_seconds is None:
        return None
    message = f"no answer within {exchange.timeout_seconds:g} s"
    return ServiceError(error.code().value[0], message, reason="TIMEOUT", execution="MAYBE")


def _too_large(size_bytes: int) -> Refusal:
    return Refusal(
        errors_pb2.ERROR_REASON_MESSAGE_TOO_LARGE,
        f"a message of {size_bytes} bytes is beyond the {MAX_MESSAGE_BYTES} bytes of a Call",
        execution=errors_pb2.EXECUTION_NOT_STARTED,
    )


def _refused(refused: ServiceError, request: envelope_pb2.Envelope) -> envelope_pb2.Envelope:
    """A refusal as a Session would have answered it.

    Raises:
        ServiceError: itself, for a reason newer than this client, which an envelope cannot name.
    """
    if reason_number(refused.reason) == errors_pb2.ERROR_REASON_UNSPECIFIED:
        raise refused
    response = envelope_pb2.JsonRpcResponse(
        error=_error_of(refused),
        reason=reason_number(refused.reason),
        execution=_EXECUTIONS.get(refused.execution, errors_pb2.EXECUTION_MAYBE),
    )
    return answer_of(response, request)


def _error_of(refused: ServiceError) -> envelope_pb2.JsonRpcError:
    data_json = None if refused.data is None else json_text.dump(refused.data)
    return envelope_pb2.JsonRpcError(
        code=refused.code, message=refused.message, data_json=data_json
    )


_EXECUTIONS: Final = {"NOT_STARTED": errors_pb2.EXECUTION_NOT_STARTED}
