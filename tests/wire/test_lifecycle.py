"""A server's life inside of a process: lifespans, ports, starts and stops."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import grpc
import pytest
from mcp.server import MCPServer
from mcp.server.lowlevel import Server as LowlevelServer
from mcp.types import ListToolsResult, PaginatedRequestParams

from mcpgrpc_server import Server, ServerSettings
from mcpgrpc_server.listeners import ListenError
from tests.wire.app import Probe, build
from tests.wire.raw import OpenSession, RawCalls, RawSession, modern, request, tool, within


class Life:
    """Counts how often a lifespan came up and went down, and can fail at both."""

    def __init__(self, fails: str = "") -> None:
        self.up = 0
        self.down = 0
        self.states: list[Any] = []
        self.entered = asyncio.Event()
        self._fails = fails

    def app(self) -> LowlevelServer[Any]:
        async def list_tools(ctx: Any, params: PaginatedRequestParams | None) -> ListToolsResult:
            self.states.append(ctx.lifespan_context)
            return ListToolsResult(tools=[])

        return LowlevelServer("life", lifespan=self._lifespan, on_list_tools=list_tools)

    @asynccontextmanager
    async def _lifespan(self, _: LowlevelServer[Any]) -> AsyncIterator[object]:
        self.entered.set()
        if self._fails == "start":
            raise OSError("no database")
        if self._fails == "never up":
            await asyncio.Event().wait()
        self.up += 1
        yield self
        self.down += 1
        if self._fails == "stop":
            raise OSError("database lost")


def new_server(app: object, address: str = "127.0.0.1:0") -> Server:
    return Server(app, listen=[address], settings=ServerSettings())


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def assert_free(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(("127.0.0.1", port))


async def test_the_lifespan_runs_once_and_never_per_stream(
    opened: OpenSession, calls: RawCalls
) -> None:
    life = Life()
    async with new_server(life.app()) as server:
        for _ in range(3):
            session = await opened(server)
            await session.ask(1, "tools/list", modern())
            await session.half_close()
            await session.ending()
        await calls.run(server, request(1, "tools/list", modern()))
        assert (life.up, life.down) == (1, 0)
        assert all(state is life for state in life.states)
    assert (life.up, life.down) == (1, 1)


async def test_a_lifespan_that_raises_fails_the_start_and_leaves_nothing_behind() -> None:
    port = free_port()
    server = new_server(Life("start").app(), f"127.0.0.1:{port}")
    with pytest.raises(OSError, match="no database"):
        await asyncio.wait_for(server.start(), 10)
    assert_free(port)
    await asyncio.wait_for(server.wait_closed(), 10)
    await asyncio.wait_for(server.stop(), 10)


async def test_a_start_that_is_cancelled_leaves_nothing_behind() -> None:
    port, life = free_port(), Life("never up")
    server = new_server(life.app(), f"127.0.0.1:{port}")
    starting = asyncio.create_task(server.start())
    await asyncio.wait_for(life.entered.wait(), 10)
    starting.cancel()
    await asyncio.wait({starting}, timeout=10)
    assert starting.cancelled()
    assert_free(port)


async def test_a_lifespan_that_raises_at_the_end_is_told_and_the_server_is_down() -> None:
    life = Life("stop")
    server = new_server(life.app())
    await server.start()
    with pytest.raises(OSError, match="database lost"):
        await asyncio.wait_for(server.drain(grace_seconds=0), 10)
    await asyncio.wait_for(server.wait_closed(), 10)


async def test_trap_08_a_port_that_is_taken_is_refused_and_never_replaced() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        life = Life()
        server = new_server(life.app(), f"127.0.0.1:{port}")
        with pytest.raises(ListenError, match=f"127.0.0.1:{port}: address already in use"):
            await server.start()
    assert life.up == 0


async def test_a_port_of_another_server_is_taken_too(server: Server) -> None:
    second = new_server(Life().app(), server.addresses[0])
    with pytest.raises(ListenError, match="in use"):
        await second.start()


async def test_when_one_of_two_addresses_is_taken_neither_is_left_bound(server: Server) -> None:
    port = free_port()
    second = Server(
        Life().app(),
        listen=[f"127.0.0.1:{port}", server.addresses[0]],
        settings=ServerSettings(),
    )
    with pytest.raises(ListenError):
        await second.start()
    assert_free(port)


async def test_one_app_is_served_twice_in_one_process_and_many_side_by_side(
    probe: Probe, opened: OpenSession
) -> None:
    app = build(probe)
    for _ in range(2):
        async with new_server(app) as first, new_server(app) as second:
            for server in (first, second):
                session = await opened(server)
                response = await session.call(1, "echo", {"value": server.addresses[0]})
                assert server.addresses[0] in response.result_json
    assert len({first.addresses[0], second.addresses[0]}) == 2


async def test_a_unix_socket_is_served(probe: Probe, opened: OpenSession, tmp_path: Path) -> None:
    async with new_server(build(probe), f"unix:{tmp_path}/s") as server:
        session = await opened(server)
        assert (await session.call(1, "echo", {"value": 1})).HasField("result_json")


async def test_stopping_twice_and_at_once_is_harmless(server: Server, session: RawSession) -> None:
    await session.call(1, "echo", {"value": 1})
    async with asyncio.timeout(10):
        await asyncio.gather(server.stop(), server.stop())
        await server.stop()
        await server.wait_closed()


async def test_leaving_the_context_ends_what_runs_at_once(
    probe: Probe, opened: OpenSession
) -> None:
    async with new_server(build(probe)) as server:
        session = await opened(server)
        await session.send(tool(1, "hold", {"key": "a"}))
        await asyncio.wait_for(probe.began["a"].wait(), 10)
    assert probe.cancelled["a"].is_set()
    assert (await session.ending()).code is not grpc.StatusCode.OK


async def test_an_apps_lifespan_ends_after_its_handlers(opened: OpenSession) -> None:
    order: list[str] = []

    @asynccontextmanager
    async def lifespan(_: MCPServer) -> AsyncIterator[None]:
        yield
        order.append("the lifespan")

    app = MCPServer("order", lifespan=lifespan)
    held = asyncio.Event()

    @app.tool()
    async def hold() -> None:
        held.set()
        try:
            await asyncio.Event().wait()
        finally:
            order.append("a handler")

    async with new_server(app) as server:
        session = await opened(server)
        await session.send(tool(1, "hold", {}))
        await within(held.wait())
    assert order == ["a handler", "the lifespan"]
