"""`PromptsService`: its requests made into MCP's.

It fills in no prompt itself.
"""

from __future__ import annotations

from mcpgrpc.binding import json_text
from mcpgrpc.v1 import prompts_service_pb2, prompts_service_pb2_grpc
from mcpgrpc_server.typed.exchange import TypedCalls
from mcpgrpc_server.typed.params import TypedRequest, assemble, page, required, retried
from mcpgrpc_server.typed.serve_call import Context


class PromptsServicer(prompts_service_pb2_grpc.PromptsServiceServicer):
    """Serves PromptsService.

    Args:
        calls: how requests are answered.
    """

    def __init__(self, calls: TypedCalls) -> None:
        self._calls = calls

    async def ListPrompts(  # noqa: N802  # gRPC's name
        self, request: prompts_service_pb2.ListPromptsRequest, context: Context
    ) -> prompts_service_pb2.ListPromptsResponse:
        """Serve a page of the prompts."""
        response = prompts_service_pb2.ListPromptsResponse()
        return await self._calls.unary(
            "PromptsService/ListPrompts", context, lambda: page("prompts/list", request), response
        )

    async def GetPrompt(  # noqa: N802  # gRPC's name
        self, request: prompts_service_pb2.GetPromptRequest, context: Context
    ) -> prompts_service_pb2.GetPromptResponse:
        """Serve a prompt."""
        response = prompts_service_pb2.GetPromptResponse()
        return await self._calls.unary(
            "PromptsService/GetPrompt", context, lambda: prompt_of(request), response
        )


def prompt_of(request: prompts_service_pb2.GetPromptRequest) -> TypedRequest:
    """The request of MCP that gets a prompt.

    Raises:
        BadRequestError: no name, a wrong retry or context.
    """
    members = {"name": required(request.name, "name")}
    if request.arguments:
        members["arguments"] = json_text.dump(dict(request.arguments))
    members.update(retried(request.retry))
    return assemble("prompts/get", members, request.context, target=request.name)
