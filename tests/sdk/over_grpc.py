"""The pytest plugin that puts gRPC in the place of the SDK's in-memory transport.

It replaces the transport and nothing else: each connection that a test opens starts a server on
a free port of the loopback interface and reaches it through a channel. It replaces names inside
the SDK, which only a run of the SDK's own tests may do; the product never does.
"""

from contextlib import AsyncExitStack
from types import TracebackType
from typing import Any

import connections  # type: ignore[import-not-found]  # found beside this file, by PYTHONPATH
import mcp.client._memory
import mcp.client.client
import pytest
from mcp.client._transport import TransportStreams
from mcp.server import Server as SdkServer
from mcp.server.mcpserver import MCPServer

import mcpgrpc
import mcpgrpc_server.sdk.app  # noqa: F401  # a server's own import of it would block the tests' loop
from mcpgrpc_server import Server


class OverGrpc:
    """Takes the arguments of `InMemoryTransport` and gives its streams, over gRPC."""

    def __init__(
        self, server: SdkServer[Any] | MCPServer, *, raise_exceptions: bool = False
    ) -> None:
        if raise_exceptions:
            raise ValueError("an exception object cannot cross a wire: list this test as not run")
        self._app = server
        self._open = AsyncExitStack()

    async def __aenter__(self) -> TransportStreams:
        connections.require_the_one_loop()
        async with AsyncExitStack() as opening:
            server = await opening.enter_async_context(Server(self._app, listen=["127.0.0.1:0"]))
            transport = mcpgrpc.transport(server.addresses[0])
            streams: TransportStreams = await opening.enter_async_context(transport)
            self._open = opening.pop_all()
        connections.opened()
        return streams

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc_val: BaseException | None,
        exc_tb: TracebackType | None,
    ) -> None:
        await self._open.__aexit__(exc_type, exc_val, exc_tb)


def _connect_over_grpc(server: SdkServer[Any]) -> Any:
    return mcp.client.client._connect_transport(OverGrpc(server))


def pytest_configure() -> None:
    """Replace the names before any test module imports them."""
    for module, name, replacement in (
        (mcp.client._memory, "InMemoryTransport", OverGrpc),
        (mcp.client.client, "InMemoryTransport", OverGrpc),
        (mcp.client.client, "_connect_inproc", _connect_over_grpc),
    ):
        if not hasattr(module, name):
            raise pytest.UsageError(f"{module.__name__} has no {name}: the SDK has moved its seam")
        setattr(module, name, replacement)
