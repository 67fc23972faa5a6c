"""Steps of the SDK replaced under a direct way: by a subclass, in place, or for every app.

Every test asks before the change and after it, so that a guard which looks once is found out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from mcp import types
from mcp.server import MCPServer, Server
from mcp.server._otel import OpenTelemetryMiddleware
from mcp.server.mcpserver import Context
from mcp.server.mcpserver.tools import Tool, ToolManager
from mcp.server.request_state import RequestStateBoundary
from mcp.server.runner import ServerRunner
from mcp.shared.exceptions import MCPError
from mcp.types import CallToolResult, TextContent

from tests.dispatch.app import FEW, app
from tests.dispatch.sides import LEGACY, MODERN, Both, Outcome

pytestmark = pytest.mark.filterwarnings("ignore::mcp.MCPDeprecationWarning")


@pytest.fixture(params=[MODERN, LEGACY])
def revision(request: pytest.FixtureRequest) -> str:
    return str(request.param)


async def both_of(server: Any, revision: str = MODERN) -> Both:
    both = Both(server, revision)
    await both.start()
    return both


async def add(both: Both) -> Outcome:
    return await both.call("add", a=1, b=2)


def said(text: str) -> CallToolResult:
    return CallToolResult(content=[TextContent(type="text", text=text)])


async def veto(ctx: Any, call_next: Any) -> Any:
    if ctx.method == "tools/call":
        raise MCPError(-32001, "vetoed by middleware")
    return await call_next(ctx)


async def test_a_subclass_that_calls_tools_in_its_own_way_is_heard(revision: str) -> None:
    class Own(MCPServer):
        async def call_tool(self, name: str, arguments: Any, context: Any = None) -> Any:
            return said(f"overridden {name} {context.request_id}")

    own = Own("own")
    own.add_tool(lambda a, b: "not overridden", name="add")
    found = await add(await both_of(own, revision))
    assert "overridden add" in found.answer
    assert found.ways == ["handler"]


async def test_a_subclass_that_lists_in_its_own_way_is_heard(revision: str) -> None:
    class Own(MCPServer):
        async def list_tools(self) -> list[types.Tool]:
            return [types.Tool(name="own", input_schema={"type": "object"})]

    found = await (await both_of(Own("own"), revision)).ask("tools/list")
    assert '"own"' in found.answer
    assert found.ways == ["handler"]


async def test_a_method_replaced_on_the_app_is_heard(revision: str) -> None:
    server = app(FEW)
    both = await both_of(server, revision)
    await add(both)
    await both.ask("tools/list")

    async def call_tool(name: str, arguments: Any, context: Any = None) -> Any:
        return said("patched")

    async def list_tools() -> list[types.Tool]:
        return []

    server.call_tool = call_tool  # type: ignore[method-assign]  # what is tested
    server.list_tools = list_tools  # type: ignore[method-assign]  # what is tested
    assert "patched" in (await add(both)).answer
    assert '"tools": []' in (await both.ask("tools/list")).answer


async def test_a_subclass_with_a_stamp_of_its_own_is_heard() -> None:
    class Own(Server[Any]):
        @property
        def server_info_stamp(self) -> dict[str, Any]:
            return {"name": "stamped", "version": "0"}

    async def handler(ctx: Any, params: Any) -> CallToolResult:
        return said("x")

    assert "stamped" in (await add(await both_of(Own("own", on_call_tool=handler)))).answer


@contextmanager
def patched(owner: Any, name: str, value: Any) -> Iterator[None]:
    before = vars(owner)[name]
    setattr(owner, name, value)
    try:
        yield
    finally:
        setattr(owner, name, before)


def told(result: Any) -> Callable[..., Any]:
    async def replacement(*_: Any, **__: Any) -> Any:
        return result

    return replacement


async def with_the_context(*given: Any, **_: Any) -> CallToolResult:
    """A step that needs the context which the SDK's own handler gives it."""
    context = next(each for each in given if isinstance(each, Context))
    return said(f"patched {context.request_id}")


@pytest.mark.parametrize(
    ("owner", "name"),
    [(MCPServer, "call_tool"), (ToolManager, "call_tool"), (Tool, "run")],
    ids=lambda each: getattr(each, "__name__", each),
)
async def test_a_step_of_the_sdk_replaced_for_every_app_is_heard(
    owner: type[Any], name: str, revision: str
) -> None:
    both = await both_of(app(FEW), revision)
    await add(both)
    with patched(owner, name, with_the_context):
        assert "patched 7" in (await add(both)).answer
    assert (await add(both)).ways == ["tool"]


async def test_a_lookup_replaced_for_every_app_is_heard(revision: str) -> None:
    both = await both_of(app(FEW), revision)
    await add(both)
    with patched(ToolManager, "get_tool", lambda self, name: None):
        assert "Unknown tool" in (await add(both)).answer


async def test_a_lookup_replaced_for_every_app_is_asked_once(revision: str) -> None:
    both = await both_of(app(FEW), revision)
    before = ToolManager.get_tool
    asked: list[str] = []

    def get_tool(self: ToolManager, name: str) -> Tool | None:
        asked.append(name)
        return before(self, name)

    with patched(ToolManager, "get_tool", get_tool):
        await both.call("look")
    assert asked == ["look", "look"]


async def test_the_kernel_replaced_is_heard(revision: str) -> None:
    server = app(FEW)
    both = await both_of(server, revision)
    await add(both)
    with patched(ServerRunner, "_on_request", told({"content": [], "patched": True})):
        fresh = Both(server, revision)
        assert '"patched"' in (await add(fresh)).answer
    with patched(ServerRunner, "_stamp_server_info", lambda self, v, r: {**r, "stamped": True}):
        assert '"stamped"' in (await add(both)).answer
    with patched(ServerRunner, "_serialize", lambda self, m, v, r: {"shaped": True}):
        assert '"shaped"' in (await add(both)).answer
    assert (await add(both)).ways == ["tool"]


@pytest.mark.parametrize("kind", [OpenTelemetryMiddleware, RequestStateBoundary])
async def test_the_sdks_middleware_replaced_is_heard(kind: type[Any], revision: str) -> None:
    both = await both_of(app(FEW), revision)
    await add(both)

    async def replacement(self: Any, ctx: Any, call_next: Any) -> Any:
        return await veto(ctx, call_next)

    with patched(kind, "__call__", replacement):
        assert "vetoed by middleware" in (await add(both)).answer


@pytest.mark.parametrize(
    ("name", "method"),
    [
        ("list_tools", "tools/list"),
        ("list_prompts", "prompts/list"),
        ("list_resources", "resources/list"),
        ("list_resource_templates", "resources/templates/list"),
    ],
)
async def test_a_list_replaced_for_every_app_is_heard(
    name: str, method: str, revision: str
) -> None:
    both = await both_of(app(FEW), revision)
    before = await both.ask(method)
    with patched(MCPServer, name, told([])):
        assert (await both.ask(method)).answer != before.answer


async def test_a_manager_of_another_class_is_heard(revision: str) -> None:
    class Own(ToolManager):
        async def call_tool(self, *_: Any, **__: Any) -> Any:
            return said("own manager")

        def list_tools(self) -> list[Tool]:
            return super().list_tools()[:1]

    server = app(FEW)
    both = await both_of(server, revision)
    await add(both)
    before = await both.ask("tools/list")
    manager = Own()
    manager._tools = server._tool_manager._tools
    server._tool_manager = manager
    assert "own manager" in (await add(both)).answer
    after = await both.ask("tools/list")
    assert after.answer != before.answer
    assert after.ways == ["handler"]


async def test_a_manager_patched_in_place_is_heard(revision: str) -> None:
    server = app(FEW)
    both = await both_of(server, revision)
    await add(both)
    before = await both.ask("tools/list")
    manager: Any = server._tool_manager
    manager.call_tool = told(said("patched"))
    assert "patched" in (await add(both)).answer
    manager.list_tools = list
    assert (await both.ask("tools/list")).answer != before.answer
    del manager.call_tool
    manager.get_tool = lambda name: None
    assert "Unknown tool" in (await add(both)).answer


async def test_a_tool_patched_in_place_is_heard(revision: str) -> None:
    server = app(FEW)
    both = await both_of(server, revision)
    await add(both)
    tool = server._tool_manager._tools["add"]
    object.__setattr__(tool, "run", with_the_context)
    assert "patched 7" in (await add(both)).answer


async def test_a_tool_of_another_class_is_heard(revision: str) -> None:
    class Own(Tool):
        async def run(self, arguments: Any, context: Any, convert_result: bool = False) -> Any:
            return said(f"own tool {context.request_id}")

    server = app(FEW)
    both = await both_of(server, revision)
    await add(both)
    own = Own(**dict(server._tool_manager._tools["add"]))
    server._tool_manager._tools["add"] = own
    found = await add(both)
    assert "own tool" in found.answer
    assert found.ways == ["handler"]


async def test_a_tool_that_is_told_to_take_a_context_gets_one(revision: str) -> None:
    server = app(FEW)
    both = await both_of(server, revision)
    await both.call("anything", value=1)
    tool = server._tool_manager._tools["anything"]

    async def with_context(value: Any, ctx: Any) -> str:
        return f"{value} {ctx.request_id}"

    tool.fn = with_context
    tool.context_kwarg = "ctx"
    tool.fn_metadata = tool.fn_metadata.model_copy(
        update={"output_schema": None, "output_model": None}
    )
    assert "1 7" in (await both.call("anything", value=1)).answer


async def test_a_tool_that_is_told_to_resolve_does(revision: str) -> None:
    server = app(FEW)
    both = await both_of(server, revision)
    await add(both)
    resolving = server._tool_manager._tools["resolved"]
    server._tool_manager._tools["add"] = resolving
    assert (await both.call("add", count=4)).ways == ["handler"]
