"""A server that authenticates, driven by raw RPCs; it notes every caller that reaches the app.

It checks nothing by itself.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, Final, Self

import grpc
from mcp.server import MCPServer

from mcpgrpc.v1 import envelope_pb2, mcp_service_pb2, mcp_service_pb2_grpc
from mcpgrpc_server import Server, ServerSettings
from mcpgrpc_server.backend import Client
from mcpgrpc_server.identity import Identity
from mcpgrpc_server.sdk.app import SdkApp
from mcpgrpc_server.sdk.connection import SdkConnection
from tests.wire.raw import LOCAL_CONNECTION, MAX_SECONDS, Ending, RawSession, ending_of, tool

LOCALHOST: Final = (("grpc.ssl_target_name_override", "localhost"),)

GREETING: Final = tool(1, "greet")

Metadata = tuple[tuple[str, str], ...]


def greeter() -> MCPServer[Any]:
    """An app with one tool."""
    app: MCPServer[Any] = MCPServer("guarded")

    @app.tool()
    def greet() -> str:
        """Say something."""
        return "hello"

    return app


class Guarded(SdkApp):
    """An app behind authentication, the greeter when left out.

    Attributes:
        clients: who reached it; whoever is refused before that is not among them.
    """

    def __init__(self, app: object = None) -> None:
        super().__init__(greeter() if app is None else app)
        self.clients: list[Client] = []

    @property
    def callers(self) -> list[Identity]:
        """Who the clients are now."""
        return [client.caller.identity for client in self.clients]

    @property
    def headers(self) -> Mapping[str, str]:
        """What the app sees of the last one's metadata."""
        return self.clients[-1].caller.headers

    def connect(self, client: Client) -> SdkConnection:
        """Note the client."""
        self.clients.append(client)
        return super().connect(client)


@asynccontextmanager
async def served(**settings: Any) -> AsyncIterator[tuple[Server, Guarded]]:
    """A server of the greeter, on a free port unless the settings say where."""
    app = Guarded()
    async with serving(app, **settings) as server:
        yield server, app


@asynccontextmanager
async def serving(app: Guarded, **settings: Any) -> AsyncIterator[Server]:
    """A server of an app, likewise."""
    told = {"listen": ["127.0.0.1:0"], **settings}
    async with Server(app, settings=ServerSettings.model_validate(told)) as server:
        yield server


def bearer(token: str) -> Metadata:
    """Metadata that presents a token."""
    return (("authorization", f"Bearer {token}"),)


class Peer:
    """A client on one connection.

    Args:
        target: where the server is.
        credentials: of the connection; plaintext without.
    """

    def __init__(self, target: str, credentials: grpc.ChannelCredentials | None = None) -> None:
        options = (*LOCAL_CONNECTION, *LOCALHOST)
        if credentials is None:
            self.channel = grpc.aio.insecure_channel(target, options=options)
        else:
            self.channel = grpc.aio.secure_channel(target, credentials, options=options)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        await self.channel.close()

    def session(self, metadata: Metadata = ()) -> RawSession:
        """Open a Session."""
        return RawSession(self.channel, metadata)

    async def call_session(self, metadata: Metadata = ()) -> Ending:
        """Call the tool on a Session, and end it; gives how it ended."""
        session = self.session(metadata)
        try:
            # Not before the server has spoken: a write into an RPC that has ended hides its status.
            await session.next("settings")
        except grpc.aio.AioRpcError:
            return await session.ending()
        await session.send(GREETING)
        await session.half_close()
        return await session.ending()

    async def call(
        self, metadata: Metadata = (), request: envelope_pb2.Envelope = GREETING
    ) -> Ending:
        """Make a request by a Call; gives how it ended."""
        stub: Any = mcp_service_pb2_grpc.McpServiceStub(self.channel)
        message = mcp_service_pb2.CallRequest(request=request.request)
        rpc = stub.Call(message, metadata=metadata, timeout=MAX_SECONDS)
        try:
            async for _ in rpc:
                pass
        except grpc.aio.AioRpcError:
            pass
        return await ending_of(rpc)
