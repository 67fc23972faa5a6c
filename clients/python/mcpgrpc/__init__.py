"""The Model Context Protocol over gRPC: client, transport for the official SDK, and stubs.

Names are loaded when they are used, so that a command line starts fast and the base install needs
no SDK.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mcp.client import Transport

    from mcpgrpc.balancing import BalancingConfig
    from mcpgrpc.caching import CacheConfig
    from mcpgrpc.channel import ChannelSecurity
    from mcpgrpc.client import Client
    from mcpgrpc.credentials import ApiKeyFile, TokenFile, TokenSource
    from mcpgrpc.oauth import ClientCredentials
    from mcpgrpc.sdk.client import SdkClient
    from mcpgrpc.sync import SyncClient

__all__ = [
    "ApiKeyFile",
    "BalancingConfig",
    "CacheConfig",
    "ChannelSecurity",
    "Client",
    "ClientCredentials",
    "SdkClient",
    "SyncClient",
    "TokenFile",
    "__version__",
    "transport",
]

__version__ = "0.1.0"

_HOMES = {
    "ApiKeyFile": "mcpgrpc.credentials",
    "BalancingConfig": "mcpgrpc.balancing",
    "CacheConfig": "mcpgrpc.caching",
    "ChannelSecurity": "mcpgrpc.channel",
    "Client": "mcpgrpc.client",
    "ClientCredentials": "mcpgrpc.oauth",
    "SdkClient": "mcpgrpc.sdk.client",
    "SyncClient": "mcpgrpc.sync",
    "TokenFile": "mcpgrpc.credentials",
}


def transport(
    target: str = "127.0.0.1:50051",
    *,
    rpc: str = "session",
    security: ChannelSecurity | None = None,
    token: TokenSource | None = None,
    metadata: tuple[tuple[str, str], ...] = (),
    connect_timeout_seconds: float = 10.0,
    balancing: BalancingConfig | None = None,
) -> Transport:
    """A transport for the official SDK: `mcp.Client(mcpgrpc.transport("dns:///tools:50051"))`.

    Args:
        target: `host:port`, `dns:///name:port`, `unix:path`, or a list separated by commas.
        rpc: "session" for one stream of many requests at both eras, "call" for an RPC for each
            request of 2026-07-28.
        security: TLS; plaintext when left out.
        token: a bearer token, a `TokenFile`, an `ApiKeyFile`, `ClientCredentials` or another async
            callable.
        metadata: further gRPC metadata for every RPC.
        connect_timeout_seconds: how long connecting may take.
        balancing: how to spread over the addresses of a name, or of a list; the defaults when left
            out.

    Raises:
        ImportError: the SDK is not installed; it comes with `mcpgrpc[sdk]`.
        UsageError: an argument is wrong.
    """
    from mcpgrpc.balancing import BalancingConfig
    from mcpgrpc.connection import ConnectionOptions
    from mcpgrpc.sdk.transport import GrpcTransport

    options = ConnectionOptions(
        target,
        rpc,
        security,
        token,
        metadata,
        connect_timeout_seconds,
        balancing=balancing if balancing is not None else BalancingConfig(),
    )
    return GrpcTransport(options)


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import importlib

    return getattr(importlib.import_module(home), name)
