"""What a tool sees of the gRPC request, as `ctx.request_context.request` and `ctx.headers`.

It never holds credentials.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from mcpgrpc_server.identity import Identity


@dataclass(frozen=True, slots=True)
class GrpcRequest:
    """The gRPC side of an MCP request.

    Attributes:
        headers: the RPC's metadata overlaid by a door's headers, lower case, without credentials;
            `mcp-protocol-version` is always among them.
        identity: who calls.
        peer: the transport's address of the caller, as gRPC names it.
    """

    headers: Mapping[str, str]
    identity: Identity
    peer: str
