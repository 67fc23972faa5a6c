"""A real server in the test's own event loop, and clients of it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import AsyncExitStack
from typing import Any, TypeAlias

import pytest

from mcpgrpc import Client
from mcpgrpc_server import Server, ServerSettings
from tests.client.app import Ledger, build

Connect: TypeAlias = Callable[..., Coroutine[Any, Any, Client]]
Start: TypeAlias = Callable[..., Awaitable[Server]]
MODERN = "2026-07-28"


@pytest.fixture
def ledger() -> Ledger:
    return Ledger()


@pytest.fixture
async def start(ledger: Ledger) -> AsyncIterator[Start]:
    """Starts servers of the app; each setting is a keyword."""
    async with AsyncExitStack() as stack:
        stack.callback(ledger.release.set)

        async def started(listen: str = "127.0.0.1:0", **settings: Any) -> Server:
            made = ServerSettings.model_validate(settings)
            server = Server(build(ledger), listen=[listen], settings=made)
            await server.start()
            stack.push_async_callback(server.stop)
            return server

        yield started


@pytest.fixture
async def server(start: Start) -> Server:
    return await start()


@pytest.fixture(params=["session", "call"])
def rpc(request: pytest.FixtureRequest) -> str:
    """Both ways to carry a request."""
    assert isinstance(request.param, str)
    return request.param


@pytest.fixture
async def connect() -> AsyncIterator[Connect]:
    """Connects clients, which are closed at the end."""
    async with AsyncExitStack() as stack:

        async def connected(address: str, **options: Any) -> Client:
            return await stack.enter_async_context(Client(address, **options))

        yield connected
