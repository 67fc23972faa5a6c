"""Every name of the SDK that is private, provisional or a deep import, in one place.

It holds no logic. When a release of the SDK moves one of these names, the test of this module
fails and says which.
"""

from __future__ import annotations

from typing import Any, TypeAlias

from mcp.server import Server
from mcp.server.auth.middleware.auth_context import auth_context_var
from mcp.server.auth.middleware.bearer_auth import AuthenticatedUser
from mcp.server.auth.provider import AccessToken
from mcp.server.connection import Connection, NotifyOnlyOutbound
from mcp.server.mcpserver import MCPServer
from mcp.server.runner import ServerRunner, aclose_shielded, modern_error_data
from mcp.shared._otel import inject_trace_context, otel_span
from mcp.shared.dispatcher import CallOptions, DispatchContext, ProgressFnT
from mcp.shared.exceptions import MCPError, NoBackChannelError
from mcp.shared.inbound import InboundLadderRejection, classify_inbound_request
from mcp.shared.jsonrpc_dispatcher import handler_exception_to_error_data
from mcp.shared.message import ServerMessageMetadata
from mcp.shared.transport_context import TransportContext
from mcp_types import CONNECTION_CLOSED, REQUEST_TIMEOUT, SERVER_INFO_META_KEY, ErrorData
from mcp_types.version import LATEST_MODERN_VERSION

__all__ = [
    "CONNECTION_CLOSED",
    "LATEST_MODERN_VERSION",
    "REQUEST_TIMEOUT",
    "SERVER_INFO_META_KEY",
    "AccessToken",
    "AuthenticatedUser",
    "CallOptions",
    "Connection",
    "DispatchContext",
    "ErrorData",
    "InboundLadderRejection",
    "LowlevelServer",
    "MCPError",
    "NoBackChannelError",
    "NotifyOnlyOutbound",
    "ProgressFnT",
    "ServerMessageMetadata",
    "ServerRunner",
    "TransportContext",
    "aclose_shielded",
    "auth_context_var",
    "classify_inbound_request",
    "handler_exception_to_error_data",
    "inject_trace_context",
    "is_server",
    "lowlevel_server",
    "modern_error_data",
    "otel_span",
]

LowlevelServer: TypeAlias = Server[Any]


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
