"""`ToolsService`: its requests made into MCP's, and its events out of them.

It neither checks arguments nor runs tools.
"""

from __future__ import annotations

from typing import Any, Final

from mcpgrpc.v1 import envelope_pb2, mcp_service_pb2, tools_service_pb2, tools_service_pb2_grpc
from mcpgrpc_server.typed.exchange import TypedCalls
from mcpgrpc_server.typed.params import TypedRequest, assemble, page, required, retried
from mcpgrpc_server.typed.results import read_notification, read_result
from mcpgrpc_server.typed.serve_call import Context
from mcpgrpc_server.typed.writing import object_text

EVENTS: Final = {"notifications/progress": "progress", "notifications/message": "log"}
"""The field of WatchToolResponse for each notification that has one."""


class ToolsServicer(tools_service_pb2_grpc.ToolsServiceServicer):
    """Serves ToolsService.

    Args:
        calls: how requests are answered.
    """

    def __init__(self, calls: TypedCalls) -> None:
        self._calls = calls

    async def ListTools(  # noqa: N802  # gRPC's name
        self, request: tools_service_pb2.ListToolsRequest, context: Context
    ) -> tools_service_pb2.ListToolsResponse:
        """Serve a page of the tools."""
        response = tools_service_pb2.ListToolsResponse()
        return await self._calls.unary(
            "ToolsService/ListTools", context, lambda: page("tools/list", request), response
        )

    async def CallTool(  # noqa: N802  # gRPC's name
        self, request: tools_service_pb2.CallToolRequest, context: Context
    ) -> tools_service_pb2.CallToolResponse:
        """Serve a call."""
        response = tools_service_pb2.CallToolResponse()
        return await self._calls.unary(
            "ToolsService/CallTool", context, lambda: call_of(request), response
        )

    async def WatchTool(  # type: ignore[override]  # noqa: N802  # the stub types both sync and aio
        self, request: tools_service_pb2.WatchToolRequest, context: Context
    ) -> None:
        """Serve a call with what its tool tells meanwhile."""
        await self._calls.stream(
            "ToolsService/WatchTool", context, lambda: call_of(request.call, watched=True), watched
        )


def call_of(request: tools_service_pb2.CallToolRequest, *, watched: bool = False) -> TypedRequest:
    """The request of MCP that calls a tool.

    Raises:
        BadRequestError: no name, arguments that are no JSON object, a wrong retry or context.
    """
    members = {"name": required(request.name, "name")}
    if request.HasField("arguments_json"):
        members["arguments"] = object_text(request.arguments_json, "arguments_json")
    members.update(retried(request.retry))
    return assemble("tools/call", members, request.context, target=request.name, watched=watched)


def watched(message: mcp_service_pb2.CallResponse) -> Any:
    """The event of one message of the call."""
    event = tools_service_pb2.WatchToolResponse()
    if message.HasField("response"):
        read_result(message.response.result_json, event.result)
    else:
        notification: envelope_pb2.JsonRpcNotification = message.notification
        read_notification(notification, event, EVENTS)
    return event
