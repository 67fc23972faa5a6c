"""The lean client's requests on the wire: ids, `_meta`, timeouts, errors.

It knows no method but the handshake's; `client` gives methods their names and types.
"""

from __future__ import annotations

import asyncio
import itertools
from typing import Any, Final

from mcpgrpc.binding import errors, ids, json_text
from mcpgrpc.binding.era import PROTOCOL_VERSION_META_KEY
from mcpgrpc.binding.errors import execution_name, reason_name
from mcpgrpc.binding.ids import Id
from mcpgrpc.client.inbox import ProgressCallback, ServerMessages
from mcpgrpc.client.listening import Subscription
from mcpgrpc.errors import McpGrpcError, RemoteError, RequestTimeout, ServiceError
from mcpgrpc.stream.carrier import Carrier, Exchange
from mcpgrpc.v1 import envelope_pb2, errors_pb2

CLIENT_INFO_META_KEY: Final = "io.modelcontextprotocol/clientInfo"
CLIENT_CAPABILITIES_META_KEY: Final = "io.modelcontextprotocol/clientCapabilities"


class Requests:
    """Sends requests over a carrier.

    Args:
        carrier: what carries them.
        inbox: where progress and events of subscriptions arrive.
    """

    def __init__(self, carrier: Carrier, inbox: ServerMessages) -> None:
        self._carrier = carrier
        self._inbox = inbox
        self._ids = itertools.count(1)
        self.meta: dict[str, Any] = {}
        """What every request says in `_meta`: the modern envelope, once the era is known."""

    def speak_modern(
        self, version: str, client_info: dict[str, Any], capabilities: dict[str, Any]
    ) -> None:
        """Put the modern envelope into every request."""
        self.meta = {
            PROTOCOL_VERSION_META_KEY: version,
            CLIENT_INFO_META_KEY: client_info,
            CLIENT_CAPABILITIES_META_KEY: capabilities,
        }

    def speak_legacy(self) -> None:
        """Requests carry no envelope: the handshake said it all."""
        self.meta = {}

    async def request(
        self,
        method: str,
        params: dict[str, Any] | None,
        *,
        timeout_seconds: float | None,
        on_progress: ProgressCallback | None = None,
    ) -> dict[str, Any]:
        """Send a request and wait for its result.

        Raises:
            RemoteError: the server answered an error.
            RequestTimeout: it did not answer in time; it was told to stop.
            ConnectionLost, ConnectError: the way there broke, or there is none.
        """
        request_id = next(self._ids)
        if on_progress is not None:
            self._inbox.progress[request_id] = on_progress
        token = request_id if on_progress is not None else None
        try:
            exchange = Exchange(self._envelope(request_id, method, params, token), timeout_seconds)
            async with asyncio.timeout(timeout_seconds):
                answer = await self._carrier.exchange(exchange)
        except TimeoutError:
            raise _timed_out(method, timeout_seconds) from None
        finally:
            self._inbox.progress.pop(request_id, None)
        return _result(answer.response, method, timeout_seconds)

    async def notify(self, method: str, params: dict[str, Any] | None) -> None:
        """Send a notification."""
        notification = envelope_pb2.JsonRpcNotification(
            method=method, params_json=None if params is None else json_text.dump(params)
        )
        await self._carrier.notify(envelope_pb2.Envelope(notification=notification))

    def listen(self, params: dict[str, Any]) -> tuple[Subscription, asyncio.Task[None]]:
        """Open a subscription; the task is its request, and cancelling it ends it."""
        request_id = f"listen-{next(self._ids)}"
        subscription = Subscription()
        self._inbox.subscriptions[request_id] = subscription
        envelope = self._envelope(request_id, "subscriptions/listen", params, None)
        task = asyncio.create_task(self._keep(request_id, subscription, Exchange(envelope)))
        return subscription, task

    async def _keep(self, request_id: Id, subscription: Subscription, exchange: Exchange) -> None:
        try:
            answer = await self._carrier.exchange(exchange)
            _result(answer.response, "subscriptions/listen", None)
            subscription.end(None)
        except McpGrpcError as error:
            subscription.end(error)
        finally:
            subscription.end(None)
            del self._inbox.subscriptions[request_id]

    def _envelope(
        self, request_id: Id, method: str, params: dict[str, Any] | None, token: Id | None
    ) -> envelope_pb2.Envelope:
        members = dict(params or {})
        meta = {**self.meta, **(members.pop("_meta", None) or {})}
        if token is not None:
            meta["progressToken"] = token
        if meta:
            members["_meta"] = meta
        request = envelope_pb2.JsonRpcRequest(
            id=ids.to_message(request_id),
            method=method,
            params_json=json_text.dump(members) if members else None,
        )
        return envelope_pb2.Envelope(request=request)


def _result(
    response: envelope_pb2.JsonRpcResponse, method: str, timeout_seconds: float | None
) -> dict[str, Any]:
    if response.WhichOneof("outcome") != "result_json":
        raise _remote_error(response, method, timeout_seconds)
    try:
        result = json_text.parse_object(response.result_json)
    except json_text.JsonTextError as error:
        message = f"the result of {method} is not JSON: {error}"
        raise RemoteError(errors.PARSE_ERROR, message) from None
    if result is None:
        raise RemoteError(errors.INVALID_REQUEST, f"the result of {method} is not an object")
    return result


def _remote_error(
    response: envelope_pb2.JsonRpcResponse, method: str, timeout_seconds: float | None
) -> McpGrpcError:
    error = response.error
    if response.reason == errors_pb2.ERROR_REASON_TIMEOUT:
        return _timed_out(method, timeout_seconds)
    try:
        data = json_text.parse(error.data_json) if error.HasField("data_json") else None
    except json_text.JsonTextError:
        data = None
    if response.reason == errors_pb2.ERROR_REASON_UNSPECIFIED:
        return RemoteError(error.code, error.message, data)
    return ServiceError(
        error.code,
        error.message,
        data,
        reason=reason_name(response.reason),
        execution=execution_name(response.execution),
    )


def _timed_out(method: str, timeout_seconds: float | None) -> RequestTimeout:
    limit = "its time" if timeout_seconds is None else f"{timeout_seconds:g} s"
    return RequestTimeout(f"{method} was not answered within {limit}; the server was told to stop")
