"""A server and a client over real gRPC in one process, for users' own tests.

    async with mcpgrpc.testing.connected(app) as client:
        result = await client.call_tool("add", {"a": 1, "b": 2})

It is no mock: the wire is loopback on a free port, and everything between is what production runs.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from mcpgrpc.client import Client


@asynccontextmanager
async def serving(app: object) -> AsyncIterator[str]:
    """Serve an app on a free port of loopback; gives the address.

    Args:
        app: an SDK `MCPServer` or low-level `Server`.

    Raises:
        ImportError: the server is not installed; it comes with `mcpgrpc[server]`.
    """
    from mcpgrpc_server import Server

    async with Server(app, listen=["127.0.0.1:0"]) as server:
        yield server.addresses[0]


@asynccontextmanager
async def connected(app: object, **options: Any) -> AsyncIterator[Client]:
    """Serve an app and connect a lean client; `options` are `Client`'s keyword arguments."""
    async with serving(app) as address, Client(address, **options) as client:
        yield client
