"""One client of an SDK app: requests of both eras into the SDK's kernel, its results into text.

It does not gate eras or count requests; the stream's core did that before.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from functools import cached_property, partial
from typing import Any

import anyio

from mcpgrpc.binding import errors, ids, json_text
from mcpgrpc.binding.era import PROTOCOL_VERSION_META_KEY, Era
from mcpgrpc.v1 import envelope_pb2
from mcpgrpc_server.backend import Client, ClientNotification, ServerCall
from mcpgrpc_server.caller import RequestHeaders
from mcpgrpc_server.sdk import internals
from mcpgrpc_server.sdk.access_token import ActingAs
from mcpgrpc_server.sdk.outbound import ClientOutbound, RequestContext
from mcpgrpc_server.sdk.request_view import GrpcRequest

logger = logging.getLogger(__name__)

SUBSCRIPTION_ID_META_KEY = "io.modelcontextprotocol/subscriptionId"


class SdkConnection:
    """A client's connection to an SDK app.

    The legacy era keeps one SDK `Connection` for the stream; a modern request is stateless and
    gets one of its own.
    """

    def __init__(
        self, server: internals.LowlevelServer, lifespan_state: Any, client: Client
    ) -> None:
        self._server = server
        self._lifespan_state = lifespan_state
        self._client = client
        self._outbound = ClientOutbound(client)
        self._acting_as = ActingAs()

    @cached_property
    def _legacy(self) -> internals.ServerRunner[Any]:
        connection = internals.Connection.for_loop(self._outbound)
        return internals.ServerRunner(self._server, connection, self._lifespan_state)

    async def handle_request(self, call: ServerCall) -> envelope_pb2.JsonRpcResponse:
        """Execute a request of either era."""
        try:
            with self._acting_as.caller(self._client.caller.identity):
                if call.request.modern or call.era is Era.MODERN:
                    result = await self._handle_modern(call)
                else:
                    result = await self._handle_legacy(call)
            return envelope_pb2.JsonRpcResponse(result_json=json_text.dump(result))
        except Exception as error:  # noqa: BLE001  # the boundary: a handler may raise anything
            return _error_response(error, call)

    async def handle_notification(self, notification: ClientNotification) -> None:
        """Hand a notification to the app, and progress to whoever waits for it."""
        if notification.method == "notifications/progress":
            await self._outbound.deliver_progress(notification.params)
        with self._acting_as.caller(self._client.caller.identity):
            if notification.era is Era.MODERN:
                await self._notify_modern(notification)
                return
            context = self._context(None, notification.params, notification.door, legacy=True)
            await self._legacy.on_notify(context, notification.method, notification.params)

    def listen_completion(self, call: ServerCall) -> envelope_pb2.JsonRpcResponse:
        """The result that ends a subscription, as the SDK's own handler gives it."""
        meta = {
            SUBSCRIPTION_ID_META_KEY: call.request.id,
            internals.SERVER_INFO_META_KEY: self._server.server_info_stamp,
        }
        result = {"resultType": "complete", "_meta": meta}
        return envelope_pb2.JsonRpcResponse(result_json=json_text.dump(result))

    async def aclose(self) -> None:
        """Run what handlers left on the connection's exit stack."""
        if "_legacy" in self.__dict__:
            await internals.aclose_shielded(self._legacy.connection)

    async def _handle_legacy(self, call: ServerCall) -> dict[str, Any]:
        context = self._context(call.request.id, call.params, call.door, legacy=True)
        try:
            return await self._legacy.on_request(context, call.request.method, call.params)
        finally:
            self._end(context, call)

    async def _handle_modern(self, call: ServerCall) -> dict[str, Any]:
        route = internals.classify_inbound_request(
            {"method": call.request.method, "params": call.params}
        )
        if isinstance(route, internals.InboundLadderRejection):
            raise internals.MCPError(route.code, route.message, route.data)
        connection = internals.Connection.from_envelope(
            route.protocol_version,
            route.client_info,
            route.client_capabilities,
            outbound=internals.NotifyOnlyOutbound(self._outbound),
        )
        runner = internals.ServerRunner(self._server, connection, self._lifespan_state)
        context = self._context(call.request.id, call.params, call.door, legacy=False)
        try:
            return await runner.on_request(context, call.request.method, call.params)
        finally:
            self._end(context, call)
            await internals.aclose_shielded(connection)

    async def _notify_modern(self, notification: ClientNotification) -> None:
        connection = internals.Connection.from_envelope(
            internals.LATEST_MODERN_VERSION,
            None,
            None,
            outbound=internals.NotifyOnlyOutbound(self._outbound),
        )
        runner = internals.ServerRunner(self._server, connection, self._lifespan_state)
        context = self._context(None, notification.params, notification.door, legacy=False)
        try:
            await runner.on_notify(context, notification.method, notification.params)
        finally:
            await internals.aclose_shielded(connection)

    @staticmethod
    def _end(context: RequestContext, call: ServerCall) -> None:
        context.close()
        if call.request.cancelled:
            context.cancel_requested.set()

    def _context(
        self,
        request_id: ids.Id | None,
        params: dict[str, Any] | None,
        door: envelope_pb2.DoorContext | None,
        *,
        legacy: bool,
    ) -> RequestContext:
        caller = self._client.caller
        headers = RequestHeaders(caller, door, self._version(params, legacy))
        can_send_request = (
            legacy
            and self._client.takes_requests
            and not (door is not None and door.refuses_server_requests)
        )
        return RequestContext(
            self._outbound,
            internals.TransportContext(
                kind="grpc", can_send_request=can_send_request, headers=headers
            ),
            internals.ServerMessageMetadata(
                request_context=GrpcRequest(headers, caller.identity, caller.peer),
                close_sse_stream=self._closer_of_request_stream(request_id, door),
                close_standalone_sse_stream=self._closer_of_standalone_stream(door),
                can_send_request=can_send_request,
            ),
            request_id,
            _progress_token(params),
        )

    def _version(self, params: dict[str, Any] | None, legacy: bool) -> str:
        if legacy:
            return self._legacy.connection.protocol_version
        meta = (params or {}).get("_meta")
        version = meta.get(PROTOCOL_VERSION_META_KEY) if isinstance(meta, dict) else None
        return version if isinstance(version, str) else internals.LATEST_MODERN_VERSION

    def _closer_of_request_stream(
        self, request_id: ids.Id | None, door: envelope_pb2.DoorContext | None
    ) -> Callable[[], Awaitable[None]] | None:
        if door is None or not door.can_close_request_stream or request_id is None:
            return None
        return partial(_as_async, partial(self._client.close_request_stream, request_id))

    def _closer_of_standalone_stream(
        self, door: envelope_pb2.DoorContext | None
    ) -> Callable[[], Awaitable[None]] | None:
        if door is None or not door.can_close_standalone_stream:
            return None
        return partial(_as_async, self._client.close_standalone_stream)


async def _as_async(signal: Callable[[], None]) -> None:
    signal()
    await anyio.lowlevel.checkpoint()


def _progress_token(params: dict[str, Any] | None) -> ids.Id | None:
    meta = (params or {}).get("_meta")
    token = meta.get("progressToken") if isinstance(meta, dict) else None
    return token if ids.is_id(token) else None


def _error_response(error: Exception, call: ServerCall) -> envelope_pb2.JsonRpcResponse:
    """What the SDK answers for an exception; what it does not expect shows no internals."""
    data = internals.handler_exception_to_error_data(error)
    if data is None:
        logger.error("the handler of %s raised", call.request.method, exc_info=error)
        return errors.failure(errors.INTERNAL_ERROR, "Internal server error")
    try:
        if data.data is None:
            return errors.failure(data.code, data.message)
        return errors.failure(data.code, data.message, data.data)
    except (json_text.JsonTextError, ValueError) as unsendable:
        logger.exception("an error of %s cannot be sent", call.request.method, exc_info=unsendable)
        return errors.failure(errors.INTERNAL_ERROR, "Internal server error")
