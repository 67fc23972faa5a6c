"""One client of an SDK app: requests of both eras into the SDK's kernel, its results into text.

It does not gate eras or count requests; the stream's core did that before. Where a way is shorter
than the kernel and means the same, `direct` knows it.
"""

from __future__ import annotations

import logging
from functools import cached_property
from typing import TYPE_CHECKING, Any

from mcpgrpc.binding import errors, ids, json_text
from mcpgrpc.binding.era import PROTOCOL_VERSION_META_KEY, Era
from mcpgrpc.binding.json_parts import LARGE_CHARACTERS
from mcpgrpc.stream.turns import let_small_pass
from mcpgrpc.v1 import envelope_pb2
from mcpgrpc_server.backend import Client, ClientNotification, ServerCall
from mcpgrpc_server.sdk import internals, tracing
from mcpgrpc_server.sdk.access_token import ActingAs
from mcpgrpc_server.sdk.envelope_connection import EnvelopeConnection
from mcpgrpc_server.sdk.outbound import ClientOutbound, RequestContext
from mcpgrpc_server.sdk.request_view import RequestView

if TYPE_CHECKING:
    from mcpgrpc_server.sdk.direct.ways import Way, Ways

logger = logging.getLogger(__name__)

SUBSCRIPTION_ID_META_KEY = "io.modelcontextprotocol/subscriptionId"


class SdkConnection:
    """A client's connection to an SDK app.

    The legacy era keeps one SDK `Connection` for the stream; a modern request is stateless and
    gets one of its own.

    Args:
        server: the app's low-level server.
        lifespan_state: what its lifespan gave.
        client: whom it serves.
        ways: the direct ways into the app; None when each request takes the SDK's kernel.
    """

    def __init__(
        self,
        server: internals.LowlevelServer,
        lifespan_state: Any,
        client: Client,
        ways: Ways | None = None,
    ) -> None:
        self._server = server
        self._lifespan_state = lifespan_state
        self._client = client
        self._ways = ways
        self._outbound = ClientOutbound(client)
        self._acting_as = ActingAs()

    @cached_property
    def _legacy(self) -> internals.ServerRunner[Any]:
        connection = internals.Connection.for_loop(self._outbound)
        return internals.ServerRunner(self._server, connection, self._lifespan_state)

    @cached_property
    def _modern_outbound(self) -> internals.NotifyOnlyOutbound:
        return internals.NotifyOnlyOutbound(self._outbound)

    async def handle_request(self, call: ServerCall) -> envelope_pb2.JsonRpcResponse:
        """Execute a request of either era."""
        is_modern = call.request.modern or call.era is Era.MODERN
        acting = self._acting_as.begin(self._client.caller.identity)
        try:
            way = self._way(call, is_modern=is_modern)
            if way is not None:
                text = await way.answer
            elif is_modern:
                text = json_text.dump(await self._handle_modern(call))
            else:
                text = json_text.dump(await self._handle_legacy(call))
            if len(text) < LARGE_CHARACTERS:
                return envelope_pb2.JsonRpcResponse(result_json=text)
            await let_small_pass()
            response = envelope_pb2.JsonRpcResponse(result_json=text)
            # Not held twice while others have their turn.
            del text
            await let_small_pass()
            return response
        except Exception as error:  # noqa: BLE001  # the boundary: a handler may raise anything
            tracing.note_exception(error)
            return _error_response(error, call)
        finally:
            if not is_modern:
                tracing.note_version(self._legacy.connection)
            self._acting_as.end(acting)

    async def handle_notification(self, notification: ClientNotification) -> None:
        """Hand a notification to the app, and progress to whoever waits for it."""
        if notification.method == "notifications/progress":
            await self._outbound.deliver_progress(notification.params)
        acting = self._acting_as.begin(self._client.caller.identity)
        try:
            if notification.era is Era.MODERN:
                await self._notify_modern(notification)
            else:
                await self._notify_legacy(notification)
        finally:
            self._acting_as.end(acting)

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

    def open(self, call: ServerCall, protocol_version: str, *, is_modern: bool) -> OpenedRequest:
        """The SDK's view of a request whose envelope is valid. Must be closed."""
        context = self._context(
            call.request.id, call.params, call.door, protocol_version, is_legacy=not is_modern
        )
        if not is_modern:
            return OpenedRequest(call, context, self._legacy.connection, self._lifespan_state)
        meta = (call.params or {})["_meta"]
        connection = EnvelopeConnection(
            self._modern_outbound,
            protocol_version,
            meta.get(internals.CLIENT_INFO_META_KEY),
            meta.get(internals.CLIENT_CAPABILITIES_META_KEY),
        )
        return OpenedRequest(call, context, connection, self._lifespan_state)

    def _way(self, call: ServerCall, *, is_modern: bool) -> Way | None:
        if self._ways is None:
            return None
        if is_modern:
            return self._ways.modern(self, call)
        return self._ways.legacy(self, call, self._legacy.connection)

    async def _handle_legacy(self, call: ServerCall) -> dict[str, Any]:
        runner = tracing.spanless(self._legacy)
        opened = self.open(call, runner.connection.protocol_version, is_modern=False)
        try:
            return await runner.on_request(opened.dispatch, call.request.method, call.params)
        finally:
            await opened.close()

    async def _handle_modern(self, call: ServerCall) -> dict[str, Any]:
        route = internals.classify_inbound_request(
            {"method": call.request.method, "params": call.params}
        )
        if isinstance(route, internals.InboundLadderRejection):
            raise internals.MCPError(route.code, route.message, route.data)
        opened = self.open(call, route.protocol_version, is_modern=True)
        runner = tracing.spanless(
            internals.ServerRunner(self._server, opened.connection, self._lifespan_state)
        )
        try:
            return await runner.on_request(opened.dispatch, call.request.method, call.params)
        finally:
            await opened.close()

    async def _notify_legacy(self, notification: ClientNotification) -> None:
        version = self._legacy.connection.protocol_version
        context = self._context(
            None, notification.params, notification.door, version, is_legacy=True
        )
        await self._legacy.on_notify(context, notification.method, notification.params)

    async def _notify_modern(self, notification: ClientNotification) -> None:
        connection = EnvelopeConnection(
            self._modern_outbound, internals.LATEST_MODERN_VERSION, None, None
        )
        runner = internals.ServerRunner(self._server, connection, self._lifespan_state)
        version = _named_version(notification.params)
        context = self._context(
            None, notification.params, notification.door, version, is_legacy=False
        )
        try:
            await runner.on_notify(context, notification.method, notification.params)
        finally:
            await connection.aclose()

    def _context(
        self,
        request_id: ids.Id | None,
        params: dict[str, Any] | None,
        door: envelope_pb2.DoorContext | None,
        protocol_version: str,
        *,
        is_legacy: bool,
    ) -> RequestContext:
        view = RequestView(self._client, door, request_id, protocol_version, is_legacy=is_legacy)
        return RequestContext(self._outbound, view, request_id, _progress_token(params))


class OpenedRequest:
    """The SDK's view of one request.

    Attributes:
        dispatch: its way back to the client.
        connection: the SDK's state of the client: the request's own, or the stream's.
        lifespan_state: what the app's lifespan gave.
    """

    __slots__ = ("_call", "connection", "dispatch", "lifespan_state")

    def __init__(
        self,
        call: ServerCall,
        dispatch: RequestContext,
        connection: internals.Connection,
        lifespan_state: Any,
    ) -> None:
        self._call = call
        self.dispatch = dispatch
        self.connection = connection
        self.lifespan_state = lifespan_state

    async def close(self) -> None:
        """The handler is done: nothing it left behind may speak for it any more."""
        self.dispatch.close()
        if self._call.request.cancelled:
            self.dispatch.cancel_requested.set()
        if isinstance(self.connection, EnvelopeConnection):
            await self.connection.aclose()


def _named_version(params: dict[str, Any] | None) -> str:
    meta = (params or {}).get("_meta")
    version = meta.get(PROTOCOL_VERSION_META_KEY) if isinstance(meta, dict) else None
    return version if isinstance(version, str) else internals.LATEST_MODERN_VERSION


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
