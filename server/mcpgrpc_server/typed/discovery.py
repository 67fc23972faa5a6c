"""`DiscoveryService`: its request made into MCP's.

It knows nothing of the server itself.
"""

from __future__ import annotations

from mcpgrpc.v1 import discovery_service_pb2, discovery_service_pb2_grpc
from mcpgrpc_server.typed.exchange import TypedCalls
from mcpgrpc_server.typed.params import TypedRequest, assemble
from mcpgrpc_server.typed.serve_call import Context


class DiscoveryServicer(discovery_service_pb2_grpc.DiscoveryServiceServicer):
    """Serves DiscoveryService.

    Args:
        calls: how requests are answered.
    """

    def __init__(self, calls: TypedCalls) -> None:
        self._calls = calls

    async def Discover(  # noqa: N802  # gRPC's name
        self, request: discovery_service_pb2.DiscoverRequest, context: Context
    ) -> discovery_service_pb2.DiscoverResponse:
        """Serve what the server says of itself."""
        response = discovery_service_pb2.DiscoverResponse()
        return await self._calls.unary(
            "DiscoveryService/Discover", context, lambda: discovery_of(request), response
        )


def discovery_of(request: discovery_service_pb2.DiscoverRequest) -> TypedRequest:
    """The request of MCP that asks a server about itself; raises as `assemble`."""
    return assemble("server/discover", {}, request.context)
