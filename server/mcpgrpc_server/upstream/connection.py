"""One gRPC client of an upstream: its modern requests on shared sessions, all else on its own.

It keeps no session: the pool does.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Mapping
from typing import Any

from mcpgrpc.binding import errors, json_text
from mcpgrpc.binding.core import CANCELLED_METHOD
from mcpgrpc.binding.era import PROTOCOL_VERSION_META_KEY, Era
from mcpgrpc.errors import ConnectError, McpGrpcError
from mcpgrpc.tracing import switch
from mcpgrpc.v1 import envelope_pb2
from mcpgrpc_server.backend import Client, ClientNotification, ServerCall
from mcpgrpc_server.upstream.addressing import SUBSCRIPTION_ID_META_KEY
from mcpgrpc_server.upstream.deliveries import Deliveries
from mcpgrpc_server.upstream.pool import SessionPool
from mcpgrpc_server.upstream.private import PrivateSession
from mcpgrpc_server.upstream.refusals import RefusedError, of_lost
from mcpgrpc_server.upstream.translation import (
    CLIENT_CAPABILITIES_META_KEY,
    DISCOVER_METHOD,
    SERVER_INFO_META_KEY,
)


class UpstreamConnection:
    """A client's connection to an upstream.

    Args:
        pool: the sessions with the upstream; None when the server is not up.
        client: who it is.
        is_alone: the upstream is all that its server offers.
        name: the upstream's, for spans.
    """

    def __init__(
        self, pool: SessionPool | None, client: Client, *, is_alone: bool, name: str = ""
    ) -> None:
        self._is_alone = is_alone
        self._name = name
        self._pool_or_none = pool
        self._client = client
        self._deliveries = Deliveries(client)
        self._own: PrivateSession | None = None
        self._beginning = asyncio.Lock()

    def handle_request(self, call: ServerCall) -> Coroutine[Any, Any, envelope_pb2.JsonRpcResponse]:
        """Carry a request; what belongs to it reaches the client before its response does."""
        tracer = switch.tracer()
        if tracer is None:
            return self._carry(call)
        from mcpgrpc_server.tracing.upstream_spans import carried

        return carried(tracer, call, self._name, self._carry)

    async def _carry(self, call: ServerCall) -> envelope_pb2.JsonRpcResponse:
        try:
            response = await self._answer(call)
        except RefusedError as refused:
            response = refused.refusal.response()
        except McpGrpcError as error:
            if self._pool_or_none is not None:
                self._pool_or_none.doubt()
            response = of_lost(error).response()
        await self._deliveries.delivered()
        return response

    async def handle_notification(self, notification: ClientNotification) -> None:
        """Carry a notification to the client's own session; nothing else could know whose it is.

        A cancellation has been carried out on the request that it names, which the upstream knows
        by another id.
        """
        if self._own is not None and notification.method != CANCELLED_METHOD:
            await self._own.notify(notification)

    def listen_completion(self, call: ServerCall) -> envelope_pb2.JsonRpcResponse:
        """The result that ends a subscription when this server drains."""
        meta: dict[str, Any] = {SUBSCRIPTION_ID_META_KEY: call.request.id}
        live = None if self._pool_or_none is None else self._pool_or_none.live
        if live is not None and live.met.server_info is not None:
            meta[SERVER_INFO_META_KEY] = live.met.server_info
        result = {"resultType": "complete", "_meta": meta}
        return envelope_pb2.JsonRpcResponse(result_json=json_text.dump(result))

    async def aclose(self) -> None:
        """The client is gone: its own session ends."""
        self._deliveries.close()
        if self._own is not None and self._pool_or_none is not None:
            await self._pool_or_none.end(self._own)

    @property
    def _pool(self) -> SessionPool:
        if self._pool_or_none is None:
            raise ConnectError("this server has not come up yet")
        return self._pool_or_none

    async def _answer(self, call: ServerCall) -> envelope_pb2.JsonRpcResponse:
        if call.request.modern:
            if self._gets_more_by_initialize(call):
                return errors.failure(errors.METHOD_NOT_FOUND, "Method not found")
            return await self._pool.ask(call, self._deliveries)
        if call.era is Era.MODERN:
            # On a shared session it could change what other clients see.
            return errors.failure(
                errors.INVALID_PARAMS, f"params._meta needs {PROTOCOL_VERSION_META_KEY}"
            )
        session = await self._own_session()
        return await session.ask(call)

    async def _own_session(self) -> PrivateSession:
        async with self._beginning:
            if self._own is None:
                self._own = await self._pool.begin(self._deliveries)
            return self._own

    def _gets_more_by_initialize(self, call: ServerCall) -> bool:
        """Whether a client asks for the era of a legacy upstream that could ask it something.

        On the session of its own that `initialize` brings it can be asked; on the shared one under
        modern requests it cannot. So it is answered as that upstream itself would answer.
        """
        if not self._is_alone or not self._client.takes_requests:
            return False
        if call.request.method != DISCOVER_METHOD or call.era is not Era.OPEN:
            return False
        is_legacy = self._pool.live_now().translated is not None
        return is_legacy and _declares_something(call.params)


def _declares_something(params: Mapping[str, Any] | None) -> bool:
    meta = (params or {}).get("_meta")
    return isinstance(meta, dict) and bool(meta.get(CLIENT_CAPABILITIES_META_KEY))
