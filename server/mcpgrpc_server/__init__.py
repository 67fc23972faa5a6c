"""The gRPC server that serves MCP applications; `Server` and `serve` are its public names.

Names are loaded when they are used, so that `mcpgrpc keys` and `mcpgrpc policy`, which need a room
or two of it, do not load the whole.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mcpgrpc_server.listeners import ListenError
    from mcpgrpc_server.server import Server
    from mcpgrpc_server.serving import serve
    from mcpgrpc_server.settings import ServerSettings, SettingsError

__all__ = ["ListenError", "Server", "ServerSettings", "SettingsError", "serve"]

# No module has the name of one of these: a module that is imported is an attribute as well.
_HOMES = {
    "ListenError": "mcpgrpc_server.listeners",
    "Server": "mcpgrpc_server.server",
    "ServerSettings": "mcpgrpc_server.settings",
    "SettingsError": "mcpgrpc_server.settings",
    "serve": "mcpgrpc_server.serving",
}

_TAKES_AN_APP = frozenset({"Server", "serve"})


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import importlib

    if name in _TAKES_AN_APP:
        # An app that is made from now on is known to have no keys of its own, whether the program
        # loads the SDK before or after this.
        importlib.import_module("mcpgrpc_server.sdk.sealing").mark_process_keys()
    return getattr(importlib.import_module(home), name)
