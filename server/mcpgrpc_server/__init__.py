"""The gRPC server that serves MCP applications; `Server` and `serve` are its public names."""

from mcpgrpc_server.listeners import ListenError
from mcpgrpc_server.serve import serve
from mcpgrpc_server.server import Server
from mcpgrpc_server.settings import ServerSettings, SettingsError

__all__ = ["ListenError", "Server", "ServerSettings", "SettingsError", "serve"]
