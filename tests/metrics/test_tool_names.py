"""Which names become labels: those that the backend lists, up to a bound, and no invention."""

from __future__ import annotations

import asyncio

import pytest
from mcp import types
from mcp.server import Server as LowLevelServer
from mcp.server import ServerRequestContext
from mcp.server.mcpserver import MCPServer

from mcpgrpc_server.metrics.tool_names import OTHER, ToolNames, listed_tools
from mcpgrpc_server.sdk.app import SdkApp


class Backend:
    """Lists what it is told to, and counts how often it was asked."""

    def __init__(self, *names: str) -> None:
        self.names = list(names)
        self.asked = 0

    async def list_tools(self, max_tools: int) -> list[str]:
        self.asked += 1
        return self.names[:max_tools]


async def known(backend: Backend, max_tools: int = 10) -> ToolNames:
    names = ToolNames(backend.list_tools, max_tools)
    names.ask()
    await names.settled()
    return names


async def test_a_tool_has_its_name_and_an_invention_has_none() -> None:
    names = await known(Backend("add", "take"))
    assert [names.label(each) for each in ("add", "take", "give", "", None)] == [
        *("add", "take", OTHER, OTHER, "")
    ]


async def test_further_tools_share_a_label() -> None:
    names = await known(Backend("a", "b", "c"), max_tools=2)
    assert [names.label(each) for each in "abc"] == ["a", "b", OTHER]


async def test_a_thousand_inventions_ask_the_backend_once() -> None:
    backend = Backend("add")
    names = ToolNames(backend.list_tools, 10)
    for number in range(1_000):
        assert names.label(f"invented {number}") == OTHER
    await names.settled()
    for number in range(1_000):
        assert names.label(f"invented {number}") == OTHER
    assert backend.asked == 1


async def test_a_new_tool_gets_its_label_once_the_backend_was_asked_again() -> None:
    backend = Backend("add")
    names = await known(backend)
    backend.names.append("take")
    names.ask()
    await names.settled()
    assert names.label("take") == "take"


async def test_a_backend_that_fails_leaves_what_was_known() -> None:
    backend = Backend("add")
    names = await known(backend)

    async def fail(max_tools: int) -> list[str]:
        raise RuntimeError("down")

    backend.list_tools = fail  # type: ignore[method-assign]
    names.ask()
    await names.settled()
    assert names.label("add") == "add"


async def test_a_stop_gives_up_asking() -> None:
    async def wait(max_tools: int) -> list[str]:
        await asyncio.Event().wait()
        return []

    names = ToolNames(wait, 10)
    names.ask()
    names.stop()
    async with asyncio.timeout(10):
        await names.settled()


async def test_the_tools_of_an_app_are_listed_with_all_their_pages() -> None:
    async def list_tools(
        ctx: ServerRequestContext, params: types.PaginatedRequestParams | None
    ) -> types.ListToolsResult:
        at = int((params and params.cursor) or 0)
        tools = [
            types.Tool(name=f"tool_{at + each}", input_schema={"type": "object"})
            for each in range(2)
        ]
        return types.ListToolsResult(tools=tools, next_cursor=str(at + 2))

    backend = SdkApp(LowLevelServer("endless", on_list_tools=list_tools))
    async with backend.lifespan():
        found = await listed_tools(backend, 5)
        assert found == [f"tool_{at}" for at in range(5)]
        # Cursors that never end are not followed for ever.
        assert len(await listed_tools(backend, 1_000_000)) == 200


@pytest.mark.parametrize("app", [MCPServer("none"), LowLevelServer("none")], ids=["high", "low"])
async def test_an_app_without_tools_has_no_names(app: object) -> None:
    backend = SdkApp(app)
    async with backend.lifespan():
        assert await listed_tools(backend, 10) == []
