"""The one thing that the typed services need of a server: how a Call is answered.

It answers nothing itself; `McpServicer.Call` does.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias

import grpc

from mcpgrpc.v1 import mcp_service_pb2

Context: TypeAlias = grpc.aio.ServicerContext[Any, Any]
"""gRPC's side of an RPC."""

ServeCall: TypeAlias = Callable[[mcp_service_pb2.CallRequest, Context, str], Awaitable[None]]
"""`McpService.Call`, as gRPC calls it, and the name of the RPC that is served by it."""
