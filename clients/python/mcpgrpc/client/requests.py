"""The lean client's requests on the wire: ids, `_meta`, timeouts, errors.

It knows no method but the handshake's; `client` gives methods their names and types.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any, Final

from mcpgrpc.binding import errors, ids, json_parts, json_text
from mcpgrpc.binding.era import PROTOCOL_VERSION_META_KEY
from mcpgrpc.binding.errors import execution_name, reason_name
from mcpgrpc.binding.ids import Id
from mcpgrpc.binding.json_parts import LARGE_CHARACTERS
from mcpgrpc.client.deadlines import Deadlines
from mcpgrpc.client.inbox import ProgressCallback, ServerMessages
from mcpgrpc.client.listening import Subscription
from mcpgrpc.errors import McpGrpcError, RemoteError, RequestTimeout, ServiceError
from mcpgrpc.stream.carrier import Carrier, Exchange
from mcpgrpc.stream.turns import let_small_pass, take
from mcpgrpc.tracing import switch
from mcpgrpc.v1 import envelope_pb2, errors_pb2

if TYPE_CHECKING:
    from opentelemetry.trace import Tracer

CLIENT_INFO_META_KEY: Final = "io.modelcontextprotocol/clientInfo"
CLIENT_CAPABILITIES_META_KEY: Final = "io.modelcontextprotocol/clientCapabilities"


class Requests:
    """Sends requests over a carrier.

    Args:
        carrier: what carries them.
        inbox: where progress and events of subscriptions arrive.
        rpc: what they go over, for spans.
    """

    def __init__(self, carrier: Carrier, inbox: ServerMessages, rpc: str = "session") -> None:
        self._carrier = carrier
        self._rpc = rpc
        self._inbox = inbox
        self._ids = itertools.count(1)
        self._deadlines = Deadlines()
        # Read side by side, large results would all be held twice.
        self._one_large = asyncio.Lock()
        self._meta: dict[str, Any] = {}
        self._meta_member = ""

    def speak_modern(
        self, version: str, client_info: dict[str, Any], capabilities: dict[str, Any]
    ) -> None:
        """Put the modern envelope into every request."""
        self._meta = {
            PROTOCOL_VERSION_META_KEY: version,
            CLIENT_INFO_META_KEY: client_info,
            CLIENT_CAPABILITIES_META_KEY: capabilities,
        }
        self._meta_member = f'"_meta":{json_text.dump(self._meta)}'

    def speak_legacy(self) -> None:
        """Requests carry no envelope: the handshake said it all."""
        self._meta = {}
        self._meta_member = ""

    async def open(self) -> None:
        """Connect; raises as `Carrier.open`."""
        await self._carrier.open()

    async def close(self) -> None:
        """Let go of the server; what is under way is cancelled."""
        await self._carrier.close()
        self._deadlines.close()

    def request(
        self,
        method: str,
        params: dict[str, Any] | None,
        *,
        timeout_seconds: float | None,
        on_progress: ProgressCallback | None = None,
    ) -> Coroutine[Any, Any, dict[str, Any]]:
        """Send a request and wait for its result.

        Raises:
            RemoteError: the server answered an error.
            RequestTimeout: it did not answer in time; it was told to stop.
            ConnectionLost, ConnectError: the way there broke, or there is none.
        """
        tracer = switch.tracer()
        if tracer is None:
            return self._request(next(self._ids), method, params, timeout_seconds, on_progress)
        return self._traced_request(tracer, method, params, timeout_seconds, on_progress)

    async def _traced_request(
        self,
        tracer: Tracer,
        method: str,
        params: dict[str, Any] | None,
        timeout_seconds: float | None,
        on_progress: ProgressCallback | None,
    ) -> dict[str, Any]:
        from mcpgrpc.tracing.client_spans import RequestSpan

        request_id = next(self._ids)
        sent = {**(params or {}), "_meta": {**self._meta, **((params or {}).get("_meta") or {})}}
        with RequestSpan(tracer, method, request_id, sent, self._rpc) as span:
            sent["_meta"] |= span.fields
            result = await self._request(request_id, method, sent, timeout_seconds, on_progress)
            span.answered(result)
        return result

    async def _request(
        self,
        request_id: int,
        method: str,
        params: dict[str, Any] | None,
        timeout_seconds: float | None,
        on_progress: ProgressCallback | None,
    ) -> dict[str, Any]:
        token = None
        if on_progress is not None:
            token = request_id
            self._inbox.progress[request_id] = on_progress
        try:
            envelope = self._envelope(request_id, method, params, token)
            return await self._exchange(method, Exchange(envelope, timeout_seconds))
        finally:
            if token is not None:
                self._inbox.progress.pop(token, None)

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
        if switch.tracer() is not None:
            from mcpgrpc.tracing.propagation import fields_of

            params = {**params, "_meta": {**(params.get("_meta") or {}), **fields_of()}}
        envelope = self._envelope(request_id, "subscriptions/listen", params, None)
        task = asyncio.create_task(self._keep(request_id, subscription, Exchange(envelope)))
        return subscription, task

    async def _keep(self, request_id: Id, subscription: Subscription, exchange: Exchange) -> None:
        try:
            answer = await self._carrier.exchange(exchange)
            _result(_result_text(answer, "subscriptions/listen", None), "subscriptions/listen")
            subscription.end(None)
        except McpGrpcError as error:
            subscription.end(error)
        finally:
            subscription.end(None)
            del self._inbox.subscriptions[request_id]

    async def _exchange(self, method: str, exchange: Exchange) -> dict[str, Any]:
        timeout_seconds = exchange.timeout_seconds
        if timeout_seconds is None:
            answer = await self._carrier.exchange(exchange)
        else:
            deadline = self._deadlines.begin(timeout_seconds)
            try:
                answer = await self._carrier.exchange(exchange)
            except asyncio.CancelledError:
                if deadline.caused_cancellation():
                    raise _timed_out(method, timeout_seconds) from None
                raise
            except TimeoutError:
                raise _timed_out(method, timeout_seconds) from None
            finally:
                deadline.end()
        text = _result_text(answer, method, timeout_seconds)
        if len(text) < LARGE_CHARACTERS:
            return _result(text, method)
        del answer
        return await self._large_result(text, method)

    async def _large_result(self, text: str, method: str) -> dict[str, Any]:
        """What `_result` gives, with turns of the event loop in between."""
        async with self._one_large:
            await let_small_pass()
            try:
                return _checked(await take(json_parts.parse(text)), method)
            except json_text.JsonTextError as error:
                raise _not_json(error, method) from None

    def _envelope(
        self, request_id: Id, method: str, params: dict[str, Any] | None, token: Id | None
    ) -> envelope_pb2.Envelope:
        # Filled in place: a message that is put into another one is copied.
        envelope = envelope_pb2.Envelope()
        request = envelope.request
        ids.write(request.id, request_id)
        request.method = method
        params_json = self._params_json(params, token)
        if params_json is not None:
            request.params_json = params_json
        return envelope

    def _params_json(self, params: dict[str, Any] | None, token: Id | None) -> str | None:
        """Params with `_meta`, whose constant text is appended unless something joins it."""
        if token is None and not (params and "_meta" in params):
            if not self._meta_member:
                return json_text.dump(params) if params else None
            if not params:
                return "{" + self._meta_member + "}"
            return f"{json_text.dump(params)[:-1]},{self._meta_member}}}"
        return self._merged_params_json(dict(params or {}), token)

    def _merged_params_json(self, members: dict[str, Any], token: Id | None) -> str | None:
        meta = {**self._meta, **(members.pop("_meta", None) or {})}
        if token is not None:
            meta["progressToken"] = token
        if meta:
            members["_meta"] = meta
        return json_text.dump(members) if members else None


def _result_text(
    envelope: envelope_pb2.Envelope, method: str, timeout_seconds: float | None
) -> str:
    response = envelope.response
    if not response.HasField("result_json"):
        raise _remote_error(response, method, timeout_seconds)
    return response.result_json


def _result(text: str, method: str) -> dict[str, Any]:
    try:
        return _checked(json_text.parse(text), method)
    except json_text.JsonTextError as error:
        raise _not_json(error, method) from None


def _checked(result: Any, method: str) -> dict[str, Any]:
    if not isinstance(result, dict):
        raise RemoteError(errors.INVALID_REQUEST, f"the result of {method} is not an object")
    return result


def _not_json(error: json_text.JsonTextError, method: str) -> RemoteError:
    return RemoteError(errors.PARSE_ERROR, f"the result of {method} is not JSON: {error}")


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
