"""Servers of upstreams on free ports, and clients by hand."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import grpc
import pytest

from mcpgrpc_server import Server, ServerSettings
from tests.upstream.offered import Offer, Table
from tests.wire.raw import LOCAL_CONNECTION, OpenSession, RawCalls, RawSession


@pytest.fixture
async def offer() -> AsyncIterator[Offer]:
    """Serves upstreams by name; `app` and `interceptors` are the server's, the rest settings."""
    async with AsyncExitStack() as stack:

        async def start(
            upstreams: dict[str, Table],
            *,
            app: object = None,
            interceptors: tuple[grpc.aio.ServerInterceptor, ...] = (),
            **settings: object,
        ) -> Server:
            server = Server(
                app,
                ["127.0.0.1:0"],
                settings=ServerSettings.model_validate({"upstreams": upstreams, **settings}),
                interceptors=interceptors,
            )
            await server.start()
            stack.push_async_callback(server.stop)
            return server

        yield start


@pytest.fixture
async def opened() -> AsyncIterator[OpenSession]:
    """Opens Sessions, each on a connection of its own."""
    async with AsyncExitStack() as stack:

        async def open_session(server: Server, **metadata: str) -> RawSession:
            channel = grpc.aio.insecure_channel(server.addresses[0], options=LOCAL_CONNECTION)
            stack.push_async_callback(channel.close)
            pairs = tuple((name.replace("_", "-"), value) for name, value in metadata.items())
            return RawSession(channel, pairs)

        yield open_session


@pytest.fixture
async def calls() -> AsyncIterator[RawCalls]:
    """Calls without a Session."""
    async with RawCalls() as raw:
        yield raw
