"""What an RPC is called in the log, the audit and the metrics.

It is not the path that gRPC calls it by, which holds the package as well.
"""

from __future__ import annotations

from typing import Final

MCP_SERVICE: Final = "McpService"
"""The service whose RPCs need no more than their own names."""


def rpc_name(path: str) -> str:
    """The name of an RPC by gRPC's path of it.

    "/mcpgrpc.v1.McpService/Session" is "Session", and "/mcpgrpc.v1.ToolsService/CallTool" is
    "ToolsService/CallTool".
    """
    service, _, method = path.rpartition("/")
    name = service.rpartition(".")[2]
    return method if name == MCP_SERVICE else f"{name}/{method}"
