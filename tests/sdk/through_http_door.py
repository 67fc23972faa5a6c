"""The pytest plugin that puts the HTTP door in the place of the SDK's own Streamable HTTP app.

The SDK's client, which the suite drives, talks HTTP over a socket to the door, and the door gRPC
to a server of the test's app. It replaces the suite's factory for that transport and nothing else.
"""

import importlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import connections  # type: ignore[import-not-found]  # found beside this file, by PYTHONPATH
import pytest
from mcp import Client
from mcp.client.streamable_http import streamable_http_client
from mcp.server import Server as SdkServer
from mcp.server.mcpserver import MCPServer
from mcp_types.version import LATEST_HANDSHAKE_VERSION, MODERN_PROTOCOL_VERSIONS

from mcpgrpc.connection import ConnectionOptions
from mcpgrpc.gateway.serving import serving
from mcpgrpc.gateway.settings import GatewaySettings
from mcpgrpc_server import Server

SUITE = "tests.interaction.conftest"
TRANSPORT = "streamable-http"


@asynccontextmanager
async def connect_through_door(
    server: SdkServer[Any] | MCPServer,
    *,
    spec_version: str = LATEST_HANDSHAKE_VERSION,
    **options: Any,
) -> AsyncIterator[Client]:
    """Take the arguments of the suite's factory that its matrix gives, and connect."""
    connections.require_the_one_loop()
    mode = spec_version if spec_version in MODERN_PROTOCOL_VERSIONS else "legacy"
    async with (
        Server(server, listen=["127.0.0.1:0"]) as behind,
        serving(_reaching(behind), GatewaySettings(), "127.0.0.1:0") as url,
        Client(streamable_http_client(f"{url}/mcp"), mode=mode, **options) as client,
    ):
        connections.opened()
        yield client


def _reaching(server: Server) -> ConnectionOptions:
    return ConnectionOptions(target=server.addresses[0])


def pytest_configure() -> None:
    """Replace the transport in the suite's table, which its conftest has filled by now."""
    factories = getattr(importlib.import_module(SUITE), "_FACTORIES", {})
    if TRANSPORT not in factories:
        raise pytest.UsageError(f"{SUITE} has no {TRANSPORT} factory: the suite has moved its seam")
    factories[TRANSPORT] = connect_through_door
