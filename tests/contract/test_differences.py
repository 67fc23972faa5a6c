"""Each difference to the SDK's in-memory transport is there, and is the only one of its kind."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import pytest
from mcp import Client
from mcp.server import MCPServer, Server
from mcp.server.mcpserver import Context

import mcpgrpc
from mcpgrpc.testing import serving
from tests.contract.caller import Hooks, refusal
from tests.contract.differences import DIFFERENCES
from tests.contract.features import INTERNALS
from tests.contract.journal import Journal
from tests.contract.subjects import MODERN, Subject

Clients = Callable[[Any], AbstractAsyncContextManager[Callable[[], Client]]]


@asynccontextmanager
async def in_memory(app: Any) -> AsyncIterator[Callable[[], Client]]:
    yield lambda: Client(app)


@asynccontextmanager
async def over_grpc(app: Any) -> AsyncIterator[Callable[[], Client]]:
    async with serving(app) as address:
        yield lambda: Client(mcpgrpc.transport(address))


@pytest.mark.parametrize(("clients", "entered"), [(in_memory, 2), (over_grpc, 1)])
async def test_lifespan(clients: Clients, entered: int) -> None:
    assert "lifespan" in DIFFERENCES
    lifespans: list[Any] = []

    @asynccontextmanager
    async def lifespan(server: Server[Any]) -> AsyncIterator[None]:
        lifespans.append(server)
        yield

    async with clients(Server("app", lifespan=lifespan)) as client:
        async with client():
            pass
        async with client():
            pass
    assert len(lifespans) == entered


@pytest.mark.parametrize("clients", [in_memory, over_grpc])
async def test_headers(clients: Clients) -> None:
    assert "headers" in DIFFERENCES
    app = MCPServer("app")

    @app.tool()
    def version_header(ctx: Context) -> str:
        return "none" if ctx.headers is None else ctx.headers["mcp-protocol-version"]

    async with clients(app) as connect, connect() as client:
        result = await client.call_tool("version_header", {})
    assert result.structured_content == {"result": "none" if clients is in_memory else "2026-07-28"}


@pytest.mark.parametrize("wire", ["memory", "session"])
async def test_text_of_an_exception(wire: str) -> None:
    assert "text of an exception" in DIFFERENCES
    subject = Subject("sdk", wire, "legacy", "Server")
    async with subject.connect(Journal(), Hooks(), "legacy") as caller:
        error = await refusal(caller.read_resource("contract://broken"))
    expected = (0, INTERNALS) if wire == "memory" else (-32603, "Internal server error")
    assert (error.code, error.message) == expected


async def test_text_of_an_exception_of_an_upstream() -> None:
    assert "text of an exception of an upstream" in DIFFERENCES
    subject = Subject("sdk", "upstream-http", "legacy", "Server")
    async with subject.connect(Journal(), Hooks(), "legacy") as caller:
        error = await refusal(caller.read_resource("contract://broken"))
    assert (error.code, error.message) == (0, INTERNALS)


@pytest.mark.parametrize("wire", ["http", "upstream-http"])
async def test_a_name_that_is_no_text(wire: str) -> None:
    assert "a name that is no text" in DIFFERENCES
    subject = Subject("sdk", wire, "modern", "MCPServer")
    async with subject.connect(Journal(), Hooks(), MODERN) as caller:
        error = await refusal(caller.request("tools/call", {"name": 7}))
    assert error.code == -32020


async def test_a_large_result_in_an_event() -> None:
    assert "a large result in an event" in DIFFERENCES
    subject = Subject("sdk", "http", "legacy", "MCPServer")
    async with subject.connect(Journal(), Hooks(), "legacy") as caller:
        error = await refusal(caller.call_tool("large", {"megabytes": 2}))
        assert (await caller.call_tool("add", {"a": 1, "b": 1}))["structuredContent"]
    assert "exceeded the 1048576 byte limit" in error.message


def test_every_difference_has_its_test() -> None:
    elsewhere = {"loss of the connection": "test_cancellation.test_leaving_cancels_what_still_runs"}
    tested = {name.removeprefix("test_").replace("_", " ") for name in globals()}
    assert DIFFERENCES.keys() == (DIFFERENCES.keys() & tested) | elsewhere.keys()
