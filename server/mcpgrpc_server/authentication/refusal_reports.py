"""Reports to telemetry and the log whom authentication turned away, and why.

It stands in front of the interceptors that refuse and refuses nobody itself. What it reports holds
no part of a credential.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from typing import Any

import grpc

from mcpgrpc.binding.errors import reason_name
from mcpgrpc.v1 import errors_pb2
from mcpgrpc_server.authentication.rpc_interception import RpcOpening, refusal_listener
from mcpgrpc_server.caller import Caller
from mcpgrpc_server.host import StreamHost
from mcpgrpc_server.rpc_names import rpc_name

logger = logging.getLogger("mcpgrpc.authentication")


class RefusalReports(grpc.aio.ServerInterceptor):
    """Hears of every refusal of the interceptors behind it.

    Args:
        host: whose telemetry is told.
    """

    def __init__(self, host: StreamHost) -> None:
        self._host = host

    async def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Awaitable[Any]],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> Any:
        """Listen for the rest of this RPC, which runs in the context that this sets."""
        refusal_listener.set(self._report)
        return await continuation(handler_call_details)

    def _report(self, rpc: RpcOpening, message: str) -> None:
        peer = rpc.context.peer()
        logger.info("turned %s away from %s: %s", peer, rpc.method, message)
        info = self._host.stream_info(rpc_name(rpc.method), Caller(peer))
        reason = reason_name(errors_pb2.ERROR_REASON_UNAUTHENTICATED)
        self._host.telemetry.refused(info, reason)
