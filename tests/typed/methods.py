"""Every typed RPC: the request of it, the same request as an envelope, and what its result is.

It knows no server.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from mcpgrpc.v1 import (
    completion_service_pb2,
    completion_service_pb2_grpc,
    discovery_service_pb2,
    discovery_service_pb2_grpc,
    prompts_service_pb2,
    prompts_service_pb2_grpc,
    request_pb2,
    resources_service_pb2,
    resources_service_pb2_grpc,
    tools_service_pb2,
    tools_service_pb2_grpc,
)

RETRY: Final = request_pb2.InputRetry(
    input_responses_json={"q": '{"action":"accept","content":{"n":9007199254740993}}'},
    request_state="state",
)
RETRIED: Final[dict[str, Any]] = {
    "inputResponses": {"q": {"action": "accept", "content": {"n": 9007199254740993}}},
    "requestState": "state",
}


@dataclass(frozen=True)
class Method:
    """One unary RPC.

    Attributes:
        stub: of its service.
        rpc: its name.
        request: one with every field set but the context.
        method: of MCP.
        params: what the request says, without `_meta`.
        results: the official types of its results.
    """

    stub: Any
    rpc: str
    request: Any
    method: str
    params: dict[str, Any]
    results: tuple[str, ...]

    def __str__(self) -> str:
        return self.rpc

    @property
    def response(self) -> Any:
        """A new response."""
        files = (
            completion_service_pb2,
            discovery_service_pb2,
            prompts_service_pb2,
            resources_service_pb2,
            tools_service_pb2,
        )
        name = f"{self.rpc}Response"
        return next(getattr(file, name) for file in files if hasattr(file, name))()


METHODS: Final = (
    Method(
        tools_service_pb2_grpc.ToolsServiceStub,
        "ListTools",
        tools_service_pb2.ListToolsRequest(cursor="é"),
        "tools/list",
        {"cursor": "é"},
        ("ListToolsResult",),
    ),
    Method(
        tools_service_pb2_grpc.ToolsServiceStub,
        "CallTool",
        tools_service_pb2.CallToolRequest(
            name="add", arguments_json='{"a":9007199254740993,"b":null}', retry=RETRY
        ),
        "tools/call",
        {"name": "add", "arguments": {"a": 9007199254740993, "b": None}, **RETRIED},
        ("CallToolResult", "InputRequiredResult"),
    ),
    Method(
        resources_service_pb2_grpc.ResourcesServiceStub,
        "ListResources",
        resources_service_pb2.ListResourcesRequest(cursor=""),
        "resources/list",
        {"cursor": ""},
        ("ListResourcesResult",),
    ),
    Method(
        resources_service_pb2_grpc.ResourcesServiceStub,
        "ListResourceTemplates",
        resources_service_pb2.ListResourceTemplatesRequest(),
        "resources/templates/list",
        {},
        ("ListResourceTemplatesResult",),
    ),
    Method(
        resources_service_pb2_grpc.ResourcesServiceStub,
        "ReadResource",
        resources_service_pb2.ReadResourceRequest(uri="a:b", retry=RETRY),
        "resources/read",
        {"uri": "a:b", **RETRIED},
        ("ReadResourceResult", "InputRequiredResult"),
    ),
    Method(
        prompts_service_pb2_grpc.PromptsServiceStub,
        "ListPrompts",
        prompts_service_pb2.ListPromptsRequest(),
        "prompts/list",
        {},
        ("ListPromptsResult",),
    ),
    Method(
        prompts_service_pb2_grpc.PromptsServiceStub,
        "GetPrompt",
        prompts_service_pb2.GetPromptRequest(
            name="plan", arguments={"city": "Oslo", "": "é\n"}, retry=RETRY
        ),
        "prompts/get",
        {"name": "plan", "arguments": {"city": "Oslo", "": "é\n"}, **RETRIED},
        ("GetPromptResult", "InputRequiredResult"),
    ),
    Method(
        completion_service_pb2_grpc.CompletionServiceStub,
        "Complete",
        completion_service_pb2.CompleteRequest(
            prompt=completion_service_pb2.PromptReference(name="plan", title="Plan"),
            argument=completion_service_pb2.CompletionArgument(name="city", value=""),
            completion_context=completion_service_pb2.CompletionContext(arguments={"a": "b"}),
        ),
        "completion/complete",
        {
            "ref": {"type": "ref/prompt", "name": "plan", "title": "Plan"},
            "argument": {"name": "city", "value": ""},
            "context": {"arguments": {"a": "b"}},
        },
        ("CompleteResult",),
    ),
    Method(
        discovery_service_pb2_grpc.DiscoveryServiceStub,
        "Discover",
        discovery_service_pb2.DiscoverRequest(),
        "server/discover",
        {},
        ("DiscoverResult",),
    ),
)
