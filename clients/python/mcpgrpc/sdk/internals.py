"""Every name of the SDK's client that is provisional, private or a deep import, in one place.

It holds no logic but the one question that names alone cannot answer. When a release of the SDK
moves one of these, the test of this module fails and says which.
"""

from __future__ import annotations

from typing import Final

from anyio import TASK_STATUS_IGNORED
from anyio.abc import TaskStatus
from anyio.lowlevel import checkpoint_if_cancelled
from mcp.shared import _otel as sdk_tracing
from mcp.shared._otel import inject_trace_context
from mcp.shared.dispatcher import CallOptions, OnNotify, OnNotifyIntercept, OnRequest
from mcp.shared.exceptions import MCPError
from mcp.shared.jsonrpc_dispatcher import JSONRPCDispatcher
from mcp.shared.transport_context import TransportContext
from mcp_types import CONNECTION_CLOSED, REQUEST_TIMEOUT, ErrorData
from opentelemetry import trace as tracing

__all__ = [
    "CONNECTION_CLOSED",
    "REQUEST_TIMEOUT",
    "TASK_STATUS_IGNORED",
    "CallOptions",
    "ErrorData",
    "JSONRPCDispatcher",
    "MCPError",
    "OnNotify",
    "OnNotifyIntercept",
    "OnRequest",
    "TaskStatus",
    "TransportContext",
    "checkpoint_if_cancelled",
    "inject_trace_context",
    "records_no_spans",
]

DISPATCHER_ATTRIBUTES: Final = ("_allocate_id", "_closed", "_pending", "_running")
"""What `GrpcDispatcher` takes of an instance of the SDK's dispatcher."""

CLIENT_ATTRIBUTES: Final = ("_connect",)
"""What `SdkClient` sets on an instance of the SDK's client."""

_TRACER: Final = sdk_tracing._tracer


def records_no_spans() -> bool:
    """Whether the SDK's spans are none: its tracer is a proxy, and stands for nothing."""
    return (
        tracing._TRACER_PROVIDER is None
        and sdk_tracing._tracer is _TRACER
        and getattr(_TRACER, "_real_tracer", _TRACER) is None
    )
