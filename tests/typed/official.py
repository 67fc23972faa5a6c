"""The official types of 2026-07-28, and the place of each in the schema of the typed services.

It holds no test. A type or member of MCP that has no place here or in the schema fails one.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import Final

from google.protobuf.descriptor import Descriptor
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from mcpgrpc.v1 import (
    completion_service_pb2,
    content_pb2,
    discovery_service_pb2,
    prompts_service_pb2,
    request_pb2,
    resources_service_pb2,
    result_pb2,
    subscriptions_service_pb2,
    tools_service_pb2,
)

SURFACE: Final = importlib.import_module("mcp_types._v2026_07_28")

FILES: Final = (
    completion_service_pb2,
    content_pb2,
    discovery_service_pb2,
    prompts_service_pb2,
    request_pb2,
    resources_service_pb2,
    result_pb2,
    subscriptions_service_pb2,
    tools_service_pb2,
)
MESSAGES: Final[dict[str, Descriptor]] = {
    name: message
    for file in FILES
    for name, message in file.DESCRIPTOR.message_types_by_name.items()
}
TYPES: Final[dict[str, type[BaseModel]]] = {
    name: kind
    for name, kind in vars(SURFACE).items()
    if isinstance(kind, type)
    and issubclass(kind, BaseModel)
    and kind.__module__ == SURFACE.__name__
}

RENAMED: Final[dict[str, tuple[str, ...]]] = {
    "Argument": ("CompletionArgument",),
    "BlobResourceContents": ("ResourceContents",),
    "CallToolRequestParams": ("CallToolRequest",),
    "CompleteRequestParams": ("CompleteRequest",),
    "Context": ("CompletionContext",),
    "CreateMessageRequest": ("InputRequest",),
    "ElicitRequest": ("InputRequest",),
    "GetPromptRequestParams": ("GetPromptRequest",),
    "InputResponseRequestParams": ("CallToolRequest", "GetPromptRequest", "ReadResourceRequest"),
    "ListRootsRequest": ("InputRequest",),
    "LoggingMessageNotificationParams": ("LogMessage",),
    "NotificationParams": ("ListChanged",),
    "PaginatedRequestParams": (
        "ListPromptsRequest",
        "ListResourceTemplatesRequest",
        "ListResourcesRequest",
        "ListToolsRequest",
    ),
    "ProgressNotificationParams": ("Progress",),
    "Prompts": ("PromptsCapability",),
    "ReadResourceRequestParams": ("ReadResourceRequest",),
    "RequestMetaObject": ("RequestContext",),
    "RequestParams": ("DiscoverRequest",),
    "ResourceRequestParams": ("ReadResourceRequest",),
    "ResourceUpdatedNotificationParams": ("ResourceUpdated",),
    "Resources": ("ResourcesCapability",),
    "SubscriptionsAcknowledgedNotificationParams": ("SubscriptionsAcknowledged",),
    "SubscriptionsListenRequestParams": ("ListenRequest",),
    "TextResourceContents": ("ResourceContents",),
    "Tools": ("ToolsCapability",),
}
"""The messages of the types whose message has another name."""

ENVELOPE = "the JSON-RPC envelope, which gRPC and McpService are in its place"
ASKED = "JSON text in InputRequest.params_json: what a server asks of a client stays verbatim"
ANSWERED = "JSON text in InputRetry.input_responses_json"
FORM = f"a form's schema: {ASKED}"
META = "JSON text in meta_json: `_meta` is open by design"
ERROR = "a status, with code and data in ErrorInfo (docs/binding.md, 18.4)"
BASE = "a base of other types, each of which has its place"

LEFT_OUT: Final[dict[str, str]] = {
    **dict.fromkeys(
        (
            "JSONRPCErrorResponse",
            "JSONRPCNotification",
            "JSONRPCRequest",
            "JSONRPCResultResponse",
            "ClientNotification",
            "CallToolRequest",
            "CallToolResultResponse",
            "CancelledNotification",
            "CompleteRequest",
            "CompleteResultResponse",
            "DiscoverRequest",
            "DiscoverResultResponse",
            "GetPromptRequest",
            "GetPromptResultResponse",
            "ListPromptsRequest",
            "ListPromptsResultResponse",
            "ListResourceTemplatesRequest",
            "ListResourceTemplatesResultResponse",
            "ListResourcesRequest",
            "ListResourcesResultResponse",
            "ListToolsRequest",
            "ListToolsResultResponse",
            "LoggingMessageNotification",
            "Notification",
            "PaginatedRequest",
            "ProgressNotification",
            "PromptListChangedNotification",
            "ReadResourceRequest",
            "ReadResourceResultResponse",
            "Request",
            "ResourceListChangedNotification",
            "ResourceUpdatedNotification",
            "SubscriptionsAcknowledgedNotification",
            "SubscriptionsListenRequest",
            "ToolListChangedNotification",
        ),
        ENVELOPE,
    ),
    **dict.fromkeys(
        ("BaseMetadata", "CacheableResult", "Icons", "PaginatedResult", "Result"), BASE
    ),
    **dict.fromkeys(("ClientResult", "EmptyResult"), f"no typed RPC answers it; {BASE}"),
    "ResourceContents": BASE,
    **dict.fromkeys(
        (
            "MetaObject",
            "NotificationMetaObject",
            "ResultMetaObject",
            "SubscriptionsListenResultMeta",
        ),
        META,
    ),
    **dict.fromkeys(
        (
            "CreateMessageRequestParams",
            "ElicitRequestFormParams",
            "ElicitRequestURLParams",
            "ModelHint",
            "ModelPreferences",
            "Params",
            "SamplingMessage",
            "ToolChoice",
            "ToolResultContent",
            "ToolUseContent",
        ),
        ASKED,
    ),
    **dict.fromkeys(
        (
            "AnyOfItem",
            "BooleanSchema",
            "Items",
            "Items1",
            "LegacyTitledEnumSchema",
            "NumberSchema",
            "OneOfItem",
            "RequestedSchema",
            "StringSchema",
            "TitledMultiSelectEnumSchema",
            "TitledSingleSelectEnumSchema",
            "UntitledMultiSelectEnumSchema",
            "UntitledSingleSelectEnumSchema",
        ),
        FORM,
    ),
    **dict.fromkeys(("CreateMessageResult", "ElicitResult", "ListRootsResult", "Root"), ANSWERED),
    **dict.fromkeys(
        ("ClientCapabilities", "Elicitation", "Sampling"),
        "JSON text in RequestContext.client_capabilities_json",
    ),
    **dict.fromkeys(
        ("InputSchema", "OutputSchema"),
        "JSON text in Tool.input_schema_json and output_schema_json: a schema is open by design",
    ),
    **dict.fromkeys(
        (
            "Data",
            "Data1",
            "Error",
            "Error1",
            "Error2",
            "Error3",
            "HeaderMismatchError",
            "InternalError",
            "InvalidParamsError",
            "InvalidRequestError",
            "MethodNotFoundError",
            "MissingRequiredClientCapabilityError",
            "ParseError",
            "UnsupportedProtocolVersionError",
        ),
        ERROR,
    ),
    "CancelledNotificationParams": "ending the RPC cancels its request, which has no other name",
}
"""The types that have no message, and why."""

MEMBERS_LEFT_OUT: Final[Mapping[str, str]] = {
    "resultType": "which field of the response is set; OtherResult.result_type",
    "type": "which field of the oneof is set",
    "progressToken": "an RPC is its request, so its progress needs no name",
}
"""Members of types with a message that have no field, and why."""

ELSEWHERE: Final[Mapping[tuple[str, str], str]] = {
    ("CallToolRequest", "inputResponses"): "retry.input_responses_json",
    ("CallToolRequest", "requestState"): "retry.request_state",
    ("GetPromptRequest", "inputResponses"): "retry.input_responses_json",
    ("GetPromptRequest", "requestState"): "retry.request_state",
    ("ReadResourceRequest", "inputResponses"): "retry.input_responses_json",
    ("ReadResourceRequest", "requestState"): "retry.request_state",
    ("CompleteRequest", "context"): "completion_context",
    ("CompleteRequest", "ref"): "prompt",
}
"""Members of requests whose field does not have their name."""

META_PREFIX: Final = "io.modelcontextprotocol/"


def messages_of(name: str) -> list[Descriptor]:
    """The messages that hold what a type holds."""
    return [MESSAGES[each] for each in RENAMED.get(name, (name,))]


def member_of(name: str, field: FieldInfo) -> str:
    """A member's name in JSON, without MCP's prefix of reserved names."""
    return (field.alias or name).removeprefix(META_PREFIX)
