"""Every name of the SDK that is private, provisional or a deep import, in one place.

It holds no logic. When a release of the SDK moves one of these names, the test of this module
fails and says which. What the direct ways (`sdk.direct`) take over from the SDK was
read, and is held against the SDK by tests/dispatch, in the releases of `VERIFIED_RELEASE`.
"""

from __future__ import annotations

from importlib.metadata import version as version_of_package
from typing import Any, Final, TypeAlias

from mcp.server import Server
from mcp.server._otel import OpenTelemetryMiddleware
from mcp.server.auth.middleware.auth_context import auth_context_var
from mcp.server.auth.middleware.bearer_auth import AuthenticatedUser
from mcp.server.auth.provider import AccessToken
from mcp.server.connection import Connection, NotifyOnlyOutbound
from mcp.server.context import ServerRequestContext
from mcp.server.mcpserver import MCPServer
from mcp.server.mcpserver.prompts import PromptManager
from mcp.server.mcpserver.resources import ResourceManager
from mcp.server.mcpserver.tools import Tool, ToolManager
from mcp.server.mcpserver.utilities import func_metadata as tool_metadata
from mcp.server.mcpserver.utilities.func_metadata import ArgModelBase, FuncMetadata
from mcp.server.request_state import (
    AESGCMRequestStateCodec,
    InvalidRequestState,
    RequestStateBoundary,
    RequestStateCodec,
    RequestStateSecurity,
)
from mcp.server.runner import ServerRunner, aclose_shielded, modern_error_data
from mcp.server.runner import _apply_middleware as apply_middleware
from mcp.server.session import ServerSession
from mcp.server.subscriptions import InMemorySubscriptionBus, ListenHandler
from mcp.shared import _otel as sdk_tracing
from mcp.shared._otel import inject_trace_context, otel_span
from mcp.shared.dispatcher import CallOptions, DispatchContext, ProgressFnT
from mcp.shared.exceptions import MCPError, NoBackChannelError
from mcp.shared.inbound import InboundLadderRejection, classify_inbound_request
from mcp.shared.jsonrpc_dispatcher import handler_exception_to_error_data
from mcp.shared.message import ServerMessageMetadata
from mcp.shared.subscriptions import (
    PromptsListChanged,
    ResourcesListChanged,
    ResourceUpdated,
    ServerEvent,
    ToolsListChanged,
    event_from_wire,
)
from mcp.shared.transport_context import TransportContext
from mcp_types import (
    CLIENT_CAPABILITIES_META_KEY,
    CLIENT_INFO_META_KEY,
    CONNECTION_CLOSED,
    LOG_LEVEL_META_KEY,
    REQUEST_TIMEOUT,
    SERVER_INFO_META_KEY,
    CallToolRequestParams,
    CallToolResult,
    ErrorData,
    GetPromptRequestParams,
    PaginatedRequestParams,
    ReadResourceRequestParams,
    RequestParams,
    TextContent,
)
from mcp_types.methods import is_input_required, serialize_server_result, validate_client_request
from mcp_types.version import (
    HANDSHAKE_PROTOCOL_VERSIONS,
    LATEST_MODERN_VERSION,
    MODERN_PROTOCOL_VERSIONS,
)
from opentelemetry import trace as tracing

__all__ = [
    "CLIENT_CAPABILITIES_META_KEY",
    "CLIENT_INFO_META_KEY",
    "CONNECTION_CLOSED",
    "HANDSHAKE_PROTOCOL_VERSIONS",
    "LATEST_MODERN_VERSION",
    "LOG_LEVEL_META_KEY",
    "MODERN_PROTOCOL_VERSIONS",
    "REQUEST_TIMEOUT",
    "SERVER_INFO_META_KEY",
    "VERIFIED_RELEASE",
    "AESGCMRequestStateCodec",
    "AccessToken",
    "ArgModelBase",
    "AuthenticatedUser",
    "CallOptions",
    "CallToolRequestParams",
    "CallToolResult",
    "Connection",
    "DispatchContext",
    "ErrorData",
    "FuncMetadata",
    "GetPromptRequestParams",
    "InMemorySubscriptionBus",
    "InboundLadderRejection",
    "InvalidRequestState",
    "ListenHandler",
    "LowlevelServer",
    "MCPError",
    "MCPServer",
    "NoBackChannelError",
    "NotifyOnlyOutbound",
    "OpenTelemetryMiddleware",
    "PaginatedRequestParams",
    "ProgressFnT",
    "PromptManager",
    "PromptsListChanged",
    "ReadResourceRequestParams",
    "RequestParams",
    "RequestStateBoundary",
    "RequestStateCodec",
    "RequestStateSecurity",
    "ResourceManager",
    "ResourceUpdated",
    "ResourcesListChanged",
    "ServerEvent",
    "ServerMessageMetadata",
    "ServerRequestContext",
    "ServerRunner",
    "ServerSession",
    "TextContent",
    "Tool",
    "ToolManager",
    "ToolsListChanged",
    "TransportContext",
    "aclose_shielded",
    "apply_middleware",
    "auth_context_var",
    "classify_inbound_request",
    "event_from_wire",
    "handler_exception_to_error_data",
    "inject_trace_context",
    "is_input_required",
    "is_server",
    "is_verified_release",
    "lowlevel_server",
    "modern_error_data",
    "otel_span",
    "sdk_tracing",
    "serialize_server_result",
    "tool_metadata",
    "tracing",
    "validate_client_request",
]

LowlevelServer: TypeAlias = Server[Any]

VERIFIED_RELEASE: Final = "2.3"
"""The minor release of the SDK that the direct ways were verified with."""

# Read here and not when asked: it looks at files, and a server may be made inside of an event loop.
_INSTALLED_RELEASE: Final = version_of_package("mcp")


def is_verified_release() -> bool:
    """Whether the SDK installed is of that minor release."""
    return _INSTALLED_RELEASE.startswith(f"{VERIFIED_RELEASE}.")


def is_server(candidate: object) -> bool:
    """Whether an object is a server of the SDK: an `MCPServer` or a low-level `Server`."""
    return isinstance(candidate, MCPServer | Server)


def lowlevel_server(app: object) -> LowlevelServer:
    """The low-level server of an app. Raises TypeError for anything that is no server."""
    if isinstance(app, MCPServer):
        return app._lowlevel_server
    if isinstance(app, Server):
        return app
    raise TypeError(
        f"an mcp MCPServer or low-level Server is needed, not {type(app).__module__}."
        f"{type(app).__qualname__}"
    )
