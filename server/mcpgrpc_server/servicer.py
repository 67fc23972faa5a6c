"""`McpService` as gRPC calls it: who calls, is there room for the caller, and hand over.

It holds no protocol: `session.stream` and `call` do.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final, NoReturn

import grpc

from mcpgrpc.binding.core import DRAINING
from mcpgrpc.binding.era import Era, EraGate
from mcpgrpc.binding.errors import Refusal, reason_name
from mcpgrpc.binding.in_flight import LISTEN_METHOD
from mcpgrpc.v1 import errors_pb2, mcp_service_pb2, mcp_service_pb2_grpc
from mcpgrpc_server.admission.streams import OpenStreams
from mcpgrpc_server.call import CallExchange
from mcpgrpc_server.caller import Caller, visible_headers
from mcpgrpc_server.correlation import begin_rpc
from mcpgrpc_server.host import StreamHost
from mcpgrpc_server.identity import current_identity
from mcpgrpc_server.mirrors import MIRROR_KEYS
from mcpgrpc_server.session.stream import SessionStream
from mcpgrpc_server.status import abort

SERVICE_NAME: Final = "mcpgrpc.v1.McpService"
SESSION: Final = "Session"
CALL: Final = "Call"
ERA_KEY: Final = "mcpgrpc-era"
"""Metadata with which a door, which knows its era, pins the stream's."""


class McpServicer(mcp_service_pb2_grpc.McpServiceServicer):
    """Serves Session and Call.

    Args:
        host: what all RPCs share.
        streams: those of each caller that are open.
    """

    def __init__(self, host: StreamHost, streams: OpenStreams) -> None:
        self._host = host
        self._streams = streams

    async def Session(  # type: ignore[override]  # noqa: N802  # the stub types both sync and aio
        self,
        request_iterator: AsyncIterator[mcp_service_pb2.SessionRequest],
        context: grpc.aio.ServicerContext[Any, Any],
    ) -> None:
        """Serve a Session to its end."""
        caller = await self._admit(context, SESSION)
        begin_rpc(caller)
        gate = await self._gate(context, caller)
        async with self._place(context, caller, SESSION):
            await SessionStream(self._host, caller, context, gate).serve(request_iterator)

    async def Call(  # type: ignore[override]  # noqa: N802  # the stub types both sync and aio
        self,
        request: mcp_service_pb2.CallRequest,
        context: grpc.aio.ServicerContext[Any, Any],
        rpc: str = CALL,
    ) -> None:
        """Serve a Call, or the typed RPC of this name as one."""
        caller = await self._admit(context, rpc)
        begin_rpc(caller, request)
        exchange = CallExchange(self._host, caller, context, rpc)
        if request.request.method != LISTEN_METHOD:
            await exchange.serve(request)
            return
        # It stays open as a Session does.
        async with self._place(context, caller, rpc):
            await exchange.serve(request)

    async def _admit(self, context: grpc.aio.ServicerContext[Any, Any], rpc: str) -> Caller:
        metadata = context.invocation_metadata() or ()
        caller = Caller(context.peer(), current_identity.get(), visible_headers(metadata), rpc)
        if self._host.draining:
            await self._refuse(context, caller, rpc, DRAINING)
        self._host.telemetry.let_in(rpc, caller.identity.kind.value)
        return caller

    @asynccontextmanager
    async def _place(
        self, context: grpc.aio.ServicerContext[Any, Any], caller: Caller, rpc: str
    ) -> AsyncIterator[None]:
        with self._streams.place(caller) as refusal:
            if refusal is not None:
                await self._refuse(context, caller, rpc, refusal)
            yield

    async def _refuse(
        self,
        context: grpc.aio.ServicerContext[Any, Any],
        caller: Caller,
        rpc: str,
        refusal: Refusal,
    ) -> NoReturn:
        info = self._host.stream_info(rpc, caller)
        self._host.telemetry.refused(info, reason_name(refusal.reason))
        await abort(context, refusal)

    async def _gate(self, context: grpc.aio.ServicerContext[Any, Any], caller: Caller) -> EraGate:
        # They mirror one request, for proxies that route by it; a stream of many cannot.
        mirrors = sorted(MIRROR_KEYS & caller.headers.keys())
        if mirrors:
            await abort(context, _invalid(f"{mirrors[0]} mirrors one request; use Call for it"))
        pinned = caller.headers.get(ERA_KEY, Era.OPEN.value)
        try:
            return EraGate(Era(pinned))
        except ValueError:
            await abort(context, _invalid(f"{ERA_KEY} must be legacy or modern"))
            raise


def service_handler(servicer: McpServicer) -> grpc.GenericRpcHandler:
    """The service as gRPC takes it: as generated, but that a Session's frames are bytes already."""
    methods: dict[str, grpc.RpcMethodHandler[Any, Any]] = {
        SESSION: grpc.stream_stream_rpc_method_handler(
            servicer.Session,
            request_deserializer=mcp_service_pb2.SessionRequest.FromString,
        ),
        CALL: grpc.unary_stream_rpc_method_handler(
            servicer.Call,
            request_deserializer=mcp_service_pb2.CallRequest.FromString,
            response_serializer=mcp_service_pb2.CallResponse.SerializeToString,
        ),
    }
    return grpc.method_handlers_generic_handler(SERVICE_NAME, methods)


def _invalid(message: str) -> Refusal:
    return Refusal(
        errors_pb2.ERROR_REASON_INVALID_FRAME, message, execution=errors_pb2.EXECUTION_NOT_STARTED
    )
