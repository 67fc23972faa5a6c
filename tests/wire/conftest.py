"""A real server on a free port, and a Session driven item by item with the generated stub alone.

It is not a client of the project: nothing here knows a window, an era or a retry.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import grpc
import pytest

from mcpgrpc_server import Server, ServerSettings
from mcpgrpc_server.telemetry import Telemetry
from tests.wire.app import Probe, build
from tests.wire.raw import LOCAL_CONNECTION, OpenSession, RawCalls, RawSession, Serve


@pytest.fixture
def probe() -> Probe:
    """What the tools of the test app go through, and what lets them go on."""
    return Probe()


@pytest.fixture
async def serve(probe: Probe) -> AsyncIterator[Serve]:
    """Starts servers of the test app, or of a given one; each setting is a keyword."""
    async with AsyncExitStack() as stack:
        stack.callback(probe.release_all)

        async def start(
            app: object = None, *, telemetry: Telemetry | None = None, **settings: object
        ) -> Server:
            server = Server(
                build(probe) if app is None else app,
                listen=["127.0.0.1:0"],
                settings=ServerSettings.model_validate(settings),
                telemetry=telemetry,
            )
            await server.start()
            stack.push_async_callback(server.stop)
            return server

        yield start


@pytest.fixture
async def opened() -> AsyncIterator[OpenSession]:
    """Opens Sessions, each on a connection of its own."""
    async with AsyncExitStack() as stack:

        async def open_session(
            server: Server, *, options: tuple[tuple[str, int], ...] = (), **metadata: str
        ) -> RawSession:
            channel = grpc.aio.insecure_channel(
                server.addresses[0], options=(*LOCAL_CONNECTION, *options)
            )
            stack.push_async_callback(channel.close)
            pairs = tuple((name.replace("_", "-"), value) for name, value in metadata.items())
            return RawSession(channel, pairs)

        yield open_session


@pytest.fixture
async def calls() -> AsyncIterator[RawCalls]:
    """Calls without a Session, on a connection of their own."""
    async with RawCalls() as raw:
        yield raw


@pytest.fixture
async def server(serve: Serve) -> Server:
    """A server of the test app with the default settings."""
    return await serve()


@pytest.fixture
async def session(server: Server, opened: OpenSession) -> RawSession:
    """A Session on it."""
    return await opened(server)


@pytest.fixture
async def other(server: Server, opened: OpenSession) -> AsyncIterator[RawSession]:
    """A second Session on it, which must still answer when the test is over."""
    bystander = await opened(server)
    await bystander.call("before", "echo", {"value": "before"})
    yield bystander
    response = await bystander.call("after", "echo", {"value": "after"})
    assert response.WhichOneof("outcome") == "result_json"
    bystander.cancel()
