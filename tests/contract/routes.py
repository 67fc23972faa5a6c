"""The ways from a client to an app, each all in this process: what a client is given to connect.

It makes no client. A route over a door is what a host behind that door takes; whatever stands
between is what production runs.
"""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any, Final, TypeAlias

import mcpgrpc
from mcpgrpc.connection import ConnectionOptions
from mcpgrpc.gateway.serving import serving as http_door
from mcpgrpc.gateway.settings import GatewaySettings
from mcpgrpc.testing import serving
from mcpgrpc_server.upstream.backend import UpstreamBackend
from mcpgrpc_server.upstream.connectors import CommandConnector, UrlConnector
from mcpgrpc_server.upstream.settings import UpstreamTable
from tests.contract.line_transports import stdio_transport, websocket_transport
from tests.upstream.http_servers import served as upstream_over_http

ROOT: Final = Path(__file__).parents[2]

Route: TypeAlias = Callable[[Any], AbstractAsyncContextManager[Any]]
"""Serves an app; gives the server, URL or transport that the SDK's client takes."""


@asynccontextmanager
async def in_memory(app: Any) -> AsyncIterator[Any]:
    """The SDK's own way, without a wire."""
    yield app


@asynccontextmanager
async def over_grpc(rpc: str, app: Any) -> AsyncIterator[Any]:
    async with serving(app) as address:
        yield mcpgrpc.transport(address, rpc=rpc)


@asynccontextmanager
async def door_url(app: Any) -> AsyncIterator[str]:
    """Where the HTTP door in front of an app is."""
    async with (
        serving(app) as address,
        http_door(ConnectionOptions(target=address), GatewaySettings(), "127.0.0.1:0") as url,
    ):
        yield url


@asynccontextmanager
async def over_http(app: Any) -> AsyncIterator[Any]:
    async with door_url(app) as url:
        yield f"{url}/mcp"


@asynccontextmanager
async def over_websocket(app: Any) -> AsyncIterator[Any]:
    async with door_url(app) as url:
        yield websocket_transport(f"{url.replace('http', 'ws', 1)}/ws")


@asynccontextmanager
async def over_stdio(app: Any) -> AsyncIterator[Any]:
    async with serving(app) as address:
        yield stdio_transport(ConnectionOptions(target=address))


@asynccontextmanager
async def over_upstream_url(app: Any) -> AsyncIterator[Any]:
    """The app is an HTTP server of its own, and what is served over gRPC is that upstream."""
    async with upstream_over_http(app.streamable_http_app()) as url:
        connector = UrlConnector("contract", UpstreamTable(url=url))
        async with serving(UpstreamBackend(connector)) as address:
            yield mcpgrpc.transport(address)


@asynccontextmanager
async def upstream_command(kind: str) -> AsyncIterator[Route]:
    """A server whose upstream is the app as a program; gives the route to it.

    It takes a second to start, so it is made once for all tests, which do not see its journal.
    """
    command = [sys.executable, "-m", "tests.contract.served_over_stdio", kind]
    table = UpstreamTable(command=command, cwd=ROOT)

    @asynccontextmanager
    async def route(app: Any) -> AsyncIterator[Any]:
        yield mcpgrpc.transport(address)

    async with serving(UpstreamBackend(CommandConnector("contract", table))) as address:
        yield route


ROUTES: Final[dict[str, Route]] = {
    "memory": in_memory,
    "session": partial(over_grpc, "session"),
    "call": partial(over_grpc, "call"),
    "http": over_http,
    "websocket": over_websocket,
    "stdio": over_stdio,
    "upstream-http": over_upstream_url,
}
DOORS: Final = ("http", "websocket", "stdio")
UPSTREAM_STDIO: Final = "upstream-stdio"
UPSTREAMS: Final = ("upstream-http", UPSTREAM_STDIO)
SERVED: Final = ("session", "call", *DOORS)
"""Every route to an app that our server runs itself."""
