"""`CompletionService`: its request made into MCP's.

It suggests nothing itself.
"""

from __future__ import annotations

from typing import Any, Final

from mcpgrpc.binding import json_members
from mcpgrpc.v1 import completion_service_pb2, completion_service_pb2_grpc
from mcpgrpc_server.typed.exchange import TypedCalls
from mcpgrpc_server.typed.params import TypedRequest, assemble
from mcpgrpc_server.typed.serve_call import Context
from mcpgrpc_server.typed.writing import BadRequestError, members_of, write

REFERENCES: Final = {"prompt": '"ref/prompt"', "resource": '"ref/resource"'}
"""The `type` of the reference in each field that can hold one, as JSON text."""


class CompletionServicer(completion_service_pb2_grpc.CompletionServiceServicer):
    """Serves CompletionService.

    Args:
        calls: how requests are answered.
    """

    def __init__(self, calls: TypedCalls) -> None:
        self._calls = calls

    async def Complete(  # noqa: N802  # gRPC's name
        self, request: completion_service_pb2.CompleteRequest, context: Context
    ) -> completion_service_pb2.CompleteResponse:
        """Serve suggestions."""
        response = completion_service_pb2.CompleteResponse()
        return await self._calls.unary(
            "CompletionService/Complete", context, lambda: completion_of(request), response
        )


def completion_of(request: completion_service_pb2.CompleteRequest) -> TypedRequest:
    """The request of MCP that completes an argument.

    Raises:
        BadRequestError: no reference, no argument, a name or URI that is empty, a wrong context.
    """
    kind = request.WhichOneof("ref")
    if kind is None:
        raise BadRequestError("ref is required: prompt or resource")
    if not request.HasField("argument"):
        raise BadRequestError("argument is required")
    reference: Any = getattr(request, kind)
    members = {
        "ref": json_members.join({"type": REFERENCES[kind], **members_of(reference, kind)}),
        "argument": write(request.argument, "argument"),
    }
    if request.HasField("completion_context"):
        members["context"] = write(request.completion_context, "completion_context")
    return assemble("completion/complete", members, request.context)
