"""One host's messages on their way to a server: exchanges under way, the server's own requests.

It does not know how the host is reached (stdio, WebSocket, HTTP, the SDK) nor what a method means,
except that a cancellation is carried out on the exchange that it names. Params, results and data
pass as the text that they are.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any, Protocol, TypeAlias

from mcpgrpc.binding import errors, ids, json_text
from mcpgrpc.binding.core import CANCELLED_METHOD
from mcpgrpc.binding.ids import Id
from mcpgrpc.binding.in_flight import LISTEN_METHOD
from mcpgrpc.errors import ConnectionLost, McpGrpcError, RemoteError, ServiceError
from mcpgrpc.stream.carrier import Carrier, Exchange, Reply
from mcpgrpc.v1 import envelope_pb2, errors_pb2

logger = logging.getLogger(__name__)

CONNECTION_CLOSED = -32000
"""The code under which hosts know a lost connection; it lies in JSON-RPC's range for servers."""

Deliver: TypeAlias = Callable[[envelope_pb2.Envelope], None]
"""Hands an envelope to the host; returns at once."""


class DoorSignals(Protocol):
    """What an HTTP door does beside carrying messages; called on the event loop."""

    def unanswered(self, request_id: Id) -> None:
        """A request that the host cancelled gets no answer."""
        ...

    def close_request_stream(self, request_id: Id) -> None:
        """End the HTTP response of a request, which goes on."""
        ...

    def close_standalone_stream(self) -> None:
        """End the stream of what belongs to no request."""
        ...


class RelayLink:
    """Carries the messages of one host; an `Inbox` of its carrier.

    Args:
        deliver: hands what comes from the server to the host.
        caught_up: waits until the host has taken enough; slows the server down.
        on_session_over: called when a legacy session has ended with its stream.
        signals: carries out what the server asks of an HTTP door, and hears of requests that end
            unanswered; None where the host's wire has no room for it.
    """

    carrier: Carrier

    def __init__(
        self,
        deliver: Deliver,
        caught_up: Callable[[], Awaitable[None]],
        on_session_over: Callable[[Exception | None], None],
        signals: DoorSignals | None = None,
    ) -> None:
        self._deliver = deliver
        self._caught_up = caught_up
        self._on_session_over = on_session_over
        self._signals = signals
        self._exchanges: dict[Id, tuple[Exchange, asyncio.Task[None]]] = {}
        self._replies: dict[Id, Reply] = {}

    @property
    def requests_under_way(self) -> int:
        """Requests of the host that are not answered."""
        return len(self._exchanges)

    async def wait_answered(self) -> None:
        """Wait until every request of the host but its subscriptions is answered."""
        waited = [
            task
            for exchange, task in self._exchanges.values()
            if exchange.envelope.request.method != LISTEN_METHOD
        ]
        if waited:
            await asyncio.wait(waited)

    async def send(self, envelope: envelope_pb2.Envelope) -> None:
        """Carry a message of the host."""
        kind = envelope.WhichOneof("message")
        if kind == "request":
            await self._start(envelope)
        elif kind == "notification":
            if not self._carry_out_cancellation(envelope.notification):
                await self.carrier.notify(envelope)
        elif kind == "response":
            self._reply(envelope.response)

    async def close(self) -> None:
        """End everything that is under way."""
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
        related: Id | None,  # stands in the envelope as well
    ) -> None:
        """A notification of the server."""
        self._deliver(envelope)

    def request(self, envelope: envelope_pb2.Envelope, reply: Reply) -> None:
        """A request of the server."""
        request_id = ids.from_message(envelope.request.id)
        if request_id is not None:
            self._replies[request_id] = reply
            self._deliver(envelope)

    def request_cancelled(self, request_id: Id) -> None:
        """The host hears of it by the notification, and then answers no more."""
        reply = self._replies.pop(request_id, None)
        if reply is not None:
            reply(None)

    async def caught_up(self) -> None:
        """The host slows the server down."""
        await self._caught_up()

    def session_over(self, error: Exception | None) -> None:
        """A legacy session cannot be carried on."""
        logger.info("the session's stream is over: %s", error or "it ended")
        self._on_session_over(error)

    def request_stream_close(self, request_id: Id) -> None:
        """A signal for an HTTP door."""
        if self._signals is not None:
            self._signals.close_request_stream(request_id)

    def standalone_stream_close(self) -> None:
        """A signal for an HTTP door."""
        if self._signals is not None:
            self._signals.close_standalone_stream()

    async def _start(self, envelope: envelope_pb2.Envelope) -> None:
        request_id = ids.from_message(envelope.request.id)
        if request_id is None or request_id in self._exchanges:
            what = "needs an id" if request_id is None else "has an id that is in flight"
            response = errors.failure(errors.INVALID_REQUEST, f"the request {what}")
            response.id.CopyFrom(envelope.request.id)
            self._deliver(envelope_pb2.Envelope(response=response))
            return
        exchange = Exchange(envelope)
        task = asyncio.create_task(self._run(request_id, exchange), name=envelope.request.method)
        self._exchanges[request_id] = (exchange, task)
        # One turn of the loop, in which the request takes its place on the stream: what the host
        # sends next stands behind it.
        await asyncio.sleep(0)

    async def _run(self, request_id: Id, exchange: Exchange) -> None:
        try:
            answer = plain(await self.carrier.exchange(exchange))
        except McpGrpcError as error:
            answer = envelope_pb2.Envelope(response=failed(error))
        except ValueError as error:
            # A cancelled request holds its id until the server has settled it.
            answer = envelope_pb2.Envelope(
                response=errors.failure(errors.INVALID_REQUEST, str(error))
            )
        except asyncio.CancelledError:
            if self._signals is not None:
                self._signals.unanswered(request_id)
            raise
        finally:
            self._exchanges.pop(request_id, None)
        answer.response.id.CopyFrom(exchange.envelope.request.id)
        self._deliver(answer)

    def _carry_out_cancellation(self, notification: envelope_pb2.JsonRpcNotification) -> bool:
        if notification.method != CANCELLED_METHOD:
            return False
        try:
            params = json_text.parse_object(notification.params_json) or {}
        except json_text.JsonTextError:
            return False
        target = params.get("requestId")
        under_way = self._exchanges.get(target) if ids.is_id(target) else None
        if under_way is None:
            return False
        exchange, task = under_way
        exchange.cancellation_json = notification.params_json
        task.cancel()
        return True

    def _reply(self, response: envelope_pb2.JsonRpcResponse) -> None:
        request_id = ids.from_message(response.id) if response.HasField("id") else None
        reply = None if request_id is None else self._replies.pop(request_id, None)
        if reply is not None:
            reply(response)


def failed(error: McpGrpcError) -> envelope_pb2.JsonRpcResponse:
    """The response of a request that got no answer; its id is still to be set.

    `reason` and `execution` stand in it as the binding has them, and in `data` for the host.
    """
    if isinstance(error, ServiceError):
        return _failed(error.code, error.message, error.reason, error.execution, error.data)
    if isinstance(error, RemoteError):
        return errors.failure(error.code, error.message, error.data)
    execution = error.execution if isinstance(error, ConnectionLost) else "NOT_STARTED"
    return _failed(CONNECTION_CLOSED, str(error), "CONNECTION_LOST", execution)


def plain(envelope: envelope_pb2.Envelope) -> envelope_pb2.Envelope:
    """An answer with what the service said about itself copied to where plain JSON-RPC has room."""
    response = envelope.response
    if response.reason != errors_pb2.ERROR_REASON_UNSPECIFIED:
        data = _data_object(response.error)
        data["reason"] = errors.reason_name(response.reason)
        data["execution"] = errors.execution_name(response.execution)
        response.error.data_json = json_text.dump(data)
    return envelope


def _failed(
    code: int, message: str, reason: str, execution: str, data: Any = None
) -> envelope_pb2.JsonRpcResponse:
    said = data if isinstance(data, dict) else {}
    response = errors.failure(code, message, {**said, "reason": reason, "execution": execution})
    response.reason = errors.reason_number(reason)
    response.execution = errors.NOT_STARTED if execution == "NOT_STARTED" else errors.MAYBE
    return response


def _data_object(error: envelope_pb2.JsonRpcError) -> dict[str, Any]:
    try:
        return json_text.parse_object(error.data_json) or {}
    except json_text.JsonTextError:
        return {}
