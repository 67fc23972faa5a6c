"""How much one caller and all connections may take at once, over the wire."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from typing import Any

import grpc
import pytest
from grpc_health.v1.health_pb2 import HealthCheckRequest, HealthCheckResponse
from grpc_health.v1.health_pb2_grpc import HealthStub
from mcp.server import MCPServer

import mcpgrpc
from mcpgrpc.errors import McpGrpcError, ServiceError
from mcpgrpc_server import Server, ServerSettings
from tests.rights.app import TokenIsSubject

SECONDS = 20


class Gate:
    """A tool that waits, and who waits in it."""

    def __init__(self) -> None:
        self.open = asyncio.Event()
        self.waiting = asyncio.Semaphore(0)

    def app(self) -> MCPServer[Any]:
        app: MCPServer[Any] = MCPServer("app")

        @app.tool()
        async def wait() -> str:
            self.waiting.release()
            await self.open.wait()
            return "done"

        @app.tool()
        def now() -> str:
            return "now"

        return app


def server(gate: Gate, **settings: Any) -> Server:
    chosen = ServerSettings(listen=["127.0.0.1:0"], **settings)
    return Server(gate.app(), settings=chosen, interceptors=[TokenIsSubject()])


async def test_a_caller_runs_so_many_requests_over_all_of_its_streams() -> None:
    gate = Gate()
    async with (
        asyncio.timeout(SECONDS),
        server(gate, max_requests_per_caller=2) as serving,
        mcpgrpc.Client(serving.addresses[0], token="alice", mode="2026-07-28") as one,
        mcpgrpc.Client(serving.addresses[0], token="alice", rpc="call") as other,
        mcpgrpc.Client(serving.addresses[0], token="bob") as bob,
    ):
        running = [asyncio.create_task(each.call_tool("wait", {})) for each in (one, other)]
        for _ in running:
            await gate.waiting.acquire()
        for client in (one, other):
            with pytest.raises(ServiceError) as refused:
                await client.call_tool("now", {})
            assert (refused.value.code, refused.value.execution) == (8, "NOT_STARTED")
        assert (await bob.call_tool("now", {})).content[0].text == "now"
        async with one.listen(tools=True):
            pass
        gate.open.set()
        assert [(await each).content[0].text for each in running] == ["done", "done"]
        assert (await one.call_tool("now", {})).content[0].text == "now"


async def test_a_cancelled_request_gives_its_place_back() -> None:
    gate = Gate()
    async with (
        asyncio.timeout(SECONDS),
        server(gate, max_requests_per_caller=1) as serving,
        mcpgrpc.Client(serving.addresses[0], token="alice", mode="2026-07-28") as client,
    ):
        running = asyncio.create_task(client.call_tool("wait", {}))
        await gate.waiting.acquire()
        running.cancel()
        await asyncio.wait({running})

        async def let_in() -> None:
            while True:
                try:
                    await client.call_tool("now", {})
                    return
                except ServiceError:
                    continue

        await let_in()


async def test_connections_beyond_the_bound_are_not_served_and_harm_nobody() -> None:
    async with (
        asyncio.timeout(SECONDS),
        server(Gate(), max_connections=3) as serving,
        AsyncExitStack() as stack,
    ):
        address = serving.addresses[0]
        channels = [await stack.enter_async_context(own_connection(address)) for _ in range(3)]
        for channel in channels:
            await channel.channel_ready()
        with pytest.raises(McpGrpcError):
            async with mcpgrpc.Client(address, connect_timeout_seconds=0.5):
                pass
        for channel in channels:
            answer = await HealthStub(channel).Check(HealthCheckRequest(), timeout=SECONDS)
            assert answer.status == HealthCheckResponse.SERVING
        await channels[0].close()
        async with mcpgrpc.Client(address) as client:
            await client.call_tool("now", {})


def own_connection(address: str) -> grpc.aio.Channel:
    """A channel that shares its connection with no other of this process."""
    return grpc.aio.insecure_channel(address, options=[("grpc.use_local_subchannel_pool", 1)])
