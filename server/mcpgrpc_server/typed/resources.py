"""`ResourcesService`: its requests made into MCP's.

It reads nothing itself.
"""

from __future__ import annotations

from mcpgrpc.v1 import resources_service_pb2, resources_service_pb2_grpc
from mcpgrpc_server.typed.exchange import TypedCalls
from mcpgrpc_server.typed.params import TypedRequest, assemble, page, required, retried
from mcpgrpc_server.typed.serve_call import Context


class ResourcesServicer(resources_service_pb2_grpc.ResourcesServiceServicer):
    """Serves ResourcesService.

    Args:
        calls: how requests are answered.
    """

    def __init__(self, calls: TypedCalls) -> None:
        self._calls = calls

    async def ListResources(  # noqa: N802  # gRPC's name
        self, request: resources_service_pb2.ListResourcesRequest, context: Context
    ) -> resources_service_pb2.ListResourcesResponse:
        """Serve a page of the resources."""
        response = resources_service_pb2.ListResourcesResponse()
        return await self._calls.unary(
            "ResourcesService/ListResources",
            context,
            lambda: page("resources/list", request),
            response,
        )

    async def ListResourceTemplates(  # noqa: N802  # gRPC's name
        self, request: resources_service_pb2.ListResourceTemplatesRequest, context: Context
    ) -> resources_service_pb2.ListResourceTemplatesResponse:
        """Serve a page of the templates."""
        response = resources_service_pb2.ListResourceTemplatesResponse()
        method = "resources/templates/list"
        return await self._calls.unary(
            "ResourcesService/ListResourceTemplates",
            context,
            lambda: page(method, request),
            response,
        )

    async def ReadResource(  # noqa: N802  # gRPC's name
        self, request: resources_service_pb2.ReadResourceRequest, context: Context
    ) -> resources_service_pb2.ReadResourceResponse:
        """Serve what a resource holds."""
        response = resources_service_pb2.ReadResourceResponse()
        return await self._calls.unary(
            "ResourcesService/ReadResource", context, lambda: read_of(request), response
        )


def read_of(request: resources_service_pb2.ReadResourceRequest) -> TypedRequest:
    """The request of MCP that reads a resource.

    Raises:
        BadRequestError: no URI, a wrong retry or context.
    """
    members = {"uri": required(request.uri, "uri"), **retried(request.retry)}
    return assemble("resources/read", members, request.context, target=request.uri)
