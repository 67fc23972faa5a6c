"""The pytest plugin that puts gRPC in the place of the SDK's in-memory transport.

It replaces the transport and nothing else: each connection that a test opens starts a server on
a free port of the loopback interface and reaches it through a channel. It replaces names inside
the SDK, which only a run of the SDK's own tests may do; the product never does.
"""

import asyncio
from collections.abc import AsyncIterator, Generator
from contextlib import AsyncExitStack
from types import TracebackType
from typing import Any

import grpc
import mcp.client._memory
import mcp.client.client
import pytest
from mcp.client._transport import TransportStreams
from mcp.server import Server as SdkServer
from mcp.server.mcpserver import MCPServer

import mcpgrpc
from mcpgrpc_server import Server


class _Run:
    """What the run knows of its event loop and of the test that is running."""

    loop: asyncio.AbstractEventLoop | None = None
    connections = 0


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
        _require_the_one_loop()
        async with AsyncExitStack() as opening:
            server = await opening.enter_async_context(Server(self._app, listen=["127.0.0.1:0"]))
            transport = mcpgrpc.transport(server.addresses[0])
            streams: TransportStreams = await opening.enter_async_context(transport)
            self._open = opening.pop_all()
        _Run.connections += 1
        return streams

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc_val: BaseException | None,
        exc_tb: TracebackType | None,
    ) -> None:
        await self._open.__aexit__(exc_type, exc_val, exc_tb)


def _require_the_one_loop() -> None:
    """A second event loop breaks the first: grpc.aio has one completion queue for a process."""
    if asyncio.get_running_loop() is not _Run.loop:
        raise RuntimeError("the test left the run's one event loop, the only one grpc.aio may see")


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


@pytest.fixture(scope="session", autouse=True)
async def one_event_loop(anyio_backend: str) -> AsyncIterator[None]:
    """Hold one event loop for the whole run; the suite's own fixture holds one for each module.

    And hold grpc.aio: it stops, which blocks, whenever the last of its servers and channels has
    been collected, inside of whatever test runs then.
    """
    _Run.loop = asyncio.get_running_loop()
    grpc.aio.init_grpc_aio()
    yield
    grpc.aio.shutdown_grpc_aio()
    _Run.loop = None


def pytest_runtest_setup() -> None:
    _Run.connections = 0


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    call: pytest.CallInfo[None],
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Fail a test that passes without having opened a connection: it tested something else."""
    report = yield
    if call.when == "call" and report.passed and not _Run.connections:
        report.outcome = "failed"
        report.longrepr = "passed without opening a connection over gRPC"
    return report
