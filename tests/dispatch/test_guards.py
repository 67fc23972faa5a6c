"""What an app can change under a direct way: each is noticed, and the answer stays the SDK's.

Every test asks before the change and after it, so that a guard which looks once is found out.
"""

from __future__ import annotations

from typing import Any

import pytest
from mcp import types
from mcp.server import MCPServer, Server
from mcp.server._otel import OpenTelemetryMiddleware
from mcp.server.extension import Extension
from mcp.server.request_state import RequestStateBoundary
from mcp.shared.exceptions import MCPError
from mcp.types import CallToolResult, TextContent
from pydantic import model_serializer

from mcpgrpc_server.sdk import internals
from mcpgrpc_server.sdk.app import SdkApp
from tests.dispatch.app import FEW, SECURITY, app
from tests.dispatch.sides import LEGACY, MODERN, Both, Outcome, RecordingClient

pytestmark = pytest.mark.filterwarnings("ignore::mcp.MCPDeprecationWarning")

LISTS = ("tools/list", "prompts/list", "resources/list", "resources/templates/list")


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


class Veto(Extension):
    identifier = "com.example/veto"

    async def intercept_tool_call(self, params: Any, ctx: Any, call_next: Any) -> Any:
        raise MCPError(-32002, f"vetoed by an extension: {params.name}")


class Additive(Extension):
    identifier = "com.example/additive"


async def test_plain_requests_take_the_ways_that_they_should(revision: str) -> None:
    both = await both_of(app(FEW), revision)

    assert (await add(both)).ways == ["tool"]
    assert (await both.call("add_in_a_thread", a=1, b=2)).ways == ["tool"]
    assert (await both.call("value_error")).ways == ["tool"]
    assert (await both.call("look")).ways == ["handler"]
    assert (await both.call("resolved", count=2)).ways == ["handler"]
    assert (await both.call("unknown")).ways == ["handler"]
    for method in LISTS:
        assert (await both.ask(method)).ways == ["list"]
        assert (await both.ask(method)).ways == ["text"]


async def test_a_progress_token_does_not_lengthen_the_way(revision: str) -> None:
    both = await both_of(app(FEW), revision)
    call = {"name": "add", "arguments": {"a": 1, "b": 2}}
    for token in ("t", 5, "☃"):
        assert (await both.same("tools/call", both.params(call, progressToken=token))).ways == [
            "tool"
        ]


async def test_discovery_comes_from_text_until_something_is_registered() -> None:
    server = app(FEW)
    both = await both_of(server)
    assert (await both.ask("server/discover")).ways == ["list"]
    assert (await both.ask("server/discover")).ways == ["text"]

    before = await both.ask("server/discover")
    server._lowlevel_server.add_request_handler(
        "logging/setLevel", types.SetLevelRequestParams, lambda ctx, params: nothing()
    )
    after = await both.ask("server/discover")
    assert after.answer != before.answer

    server._lowlevel_server.instructions = "changed"
    assert "changed" in (await both.ask("server/discover")).answer
    server._lowlevel_server.extensions["com.example/late"] = {"a": 1}
    assert "com.example/late" in (await both.ask("server/discover")).answer
    server._lowlevel_server.extensions["com.example/late"]["a"] = True
    assert '"a": true' in (await both.ask("server/discover")).answer


async def nothing() -> types.EmptyResult:
    return types.EmptyResult()


async def test_middleware_given_at_first_is_run(revision: str) -> None:
    both = await both_of(app(FEW, middleware=[veto]), revision)
    found = await add(both)
    assert "vetoed by middleware" in found.answer
    assert found.ways == ["kernel"]


async def test_middleware_added_later_is_run(revision: str) -> None:
    server = app(FEW)
    both = await both_of(server, revision)
    assert "vetoed" not in (await add(both)).answer

    server.middleware.append(veto)
    assert "vetoed by middleware" in (await add(both)).answer

    server.middleware.remove(veto)
    assert (await add(both)).ways == ["tool"]


async def test_middleware_in_the_place_of_the_sdks_is_run(revision: str) -> None:
    server = app(FEW)
    both = await both_of(server, revision)
    await add(both)
    server.middleware[0] = veto
    assert "vetoed by middleware" in (await add(both)).answer


async def test_middleware_of_a_class_derived_from_the_sdks_is_run(revision: str) -> None:
    class Counting(OpenTelemetryMiddleware):
        async def __call__(self, ctx: Any, call_next: Any) -> Any:
            return await veto(ctx, call_next)

    class Sealing(RequestStateBoundary):
        async def __call__(self, ctx: Any, call_next: Any) -> Any:
            return await veto(ctx, call_next)

    for number, own in enumerate((Counting(), Sealing(SECURITY, default_audience="x"))):
        server = app(FEW)
        both = await both_of(server, revision)
        await add(both)
        server.middleware[number] = own
        assert "vetoed by middleware" in (await add(both)).answer


async def test_a_state_is_sealed_once_for_each_boundary() -> None:
    server = app(FEW)
    both = await both_of(server)
    assert "sealed" in (await both.call("asks_by_hand")).answer
    server.middleware.append(RequestStateBoundary(SECURITY, default_audience="x"))
    assert (await both.call("asks_by_hand")).answer.count("sealed") == 2
    del server.middleware[1:]
    assert "sealed" not in (await both.call("asks_by_hand")).answer


async def test_an_app_without_middleware_takes_the_direct_way(revision: str) -> None:
    server = app(FEW)
    server.middleware.clear()
    assert (await add(await both_of(server, revision))).ways == ["tool"]


async def test_an_extension_that_intercepts_is_asked(revision: str) -> None:
    both = await both_of(app(FEW, extensions=[Veto()]), revision)
    found = await add(both)
    assert "vetoed by an extension" in found.answer
    assert found.ways == ["handler"]


async def test_an_extension_that_only_adds_costs_nothing(revision: str) -> None:
    both = await both_of(app(FEW, extensions=[Additive()]), revision)
    assert (await add(both)).ways == ["tool"]


async def test_a_handler_put_in_place_later_is_run(revision: str) -> None:
    server = app(FEW)
    both = await both_of(server, revision)
    await add(both)

    async def handler(ctx: Any, params: Any) -> CallToolResult:
        return said(f"replaced {params.name} {ctx.request_id}")

    server._lowlevel_server.add_request_handler("tools/call", types.CallToolRequestParams, handler)
    assert "replaced add" in (await add(both)).answer


@pytest.mark.parametrize("method", LISTS)
async def test_a_list_handler_put_in_place_later_is_run(method: str, revision: str) -> None:
    server = app(FEW)
    both = await both_of(server, revision)
    before = await both.ask(method)
    server._lowlevel_server.add_request_handler(
        method, types.PaginatedRequestParams, lambda ctx, params: empty(method)
    )
    after = await both.ask(method)
    assert after.answer != before.answer
    assert after.ways == ["handler"]


async def empty(method: str) -> Any:
    return {
        "tools/list": types.ListToolsResult(tools=[]),
        "prompts/list": types.ListPromptsResult(prompts=[]),
        "resources/list": types.ListResourcesResult(resources=[]),
        "resources/templates/list": types.ListResourceTemplatesResult(resource_templates=[]),
    }[method]


async def test_a_handler_with_params_of_its_own_gets_them(revision: str) -> None:
    class OwnParams(types.CallToolRequestParams):
        more: int = 5

    async def handler(ctx: Any, params: OwnParams) -> CallToolResult:
        return said(f"{type(params).__name__} {params.more} {params.meta == ctx.meta}")

    server = app(FEW)
    server._lowlevel_server.add_request_handler("tools/call", OwnParams, handler)
    found = await add(await both_of(server, revision))
    assert "OwnParams 5 True" in found.answer
    assert found.ways == ["handler"]


@pytest.mark.parametrize("method", ["tools/call", "server/discover", *LISTS])
async def test_the_sdks_handler_with_stricter_params_refuses(method: str, revision: str) -> None:
    class Strict(types.CallToolRequestParams):
        name: str = ""
        needed: int

    server = app(FEW)
    both = await both_of(server, revision)
    params = both.params(
        {"name": "text", "arguments": {"value": "x"}} if "call" in method else None
    )
    await both.same(method, params)
    entry = server._lowlevel_server.get_request_handler(method)
    assert entry is not None
    server._lowlevel_server.add_request_handler(method, Strict, entry.handler)
    found = await both.same(method, params)
    assert "-326" in found.answer


async def test_a_handler_that_was_taken_away_is_missed(revision: str) -> None:
    server = app(FEW)
    both = await both_of(server, revision)
    await add(both)
    for method in ("tools/call", *LISTS):
        del server._lowlevel_server._request_handlers[method]
        found = await both.same(method, both.params({"name": "add"} if "call" in method else None))
        assert "Method not found" in found.answer


@pytest.mark.parametrize(
    "returned",
    [
        None,
        {"content": []},
        {"content": [], "isError": True, "more": 1},
        {"content": [], "resultType": "com.example/own", "own": 1},
        {"content": 7},
        types.ErrorData(code=-32050, message="returned", data=[1]),
        types.EmptyResult(),
        types.InputRequiredResult(request_state="plain"),
        {"resultType": "input_required", "requestState": "plain"},
        {"resultType": "input_required", "requestState": 5},
        7,
        CallToolResult(content=[], structured_content={"a": 1}, _meta={"b": 2}),
    ],
    ids=repr,
)
async def test_whatever_a_handler_returns_is_shaped_as_the_sdk_does(
    returned: Any, revision: str
) -> None:
    async def handler(ctx: Any, params: Any) -> Any:
        return returned

    server = app(FEW)
    server._lowlevel_server.add_request_handler("tools/call", types.CallToolRequestParams, handler)
    found = await add(await both_of(server, revision))
    assert found.ways == ["handler"]


async def test_a_text_of_ones_own_class_is_written_as_the_sdk_writes_it(revision: str) -> None:
    class Loud(TextContent):
        @model_serializer
        def write(self) -> dict[str, str]:
            return {"type": "text", "text": self.text.upper()}

    server = MCPServer("loud")

    @server.tool()
    async def speak() -> CallToolResult:
        return CallToolResult(content=[Loud(type="text", text="loud")])

    await (await both_of(server, revision)).call("speak")


async def test_a_tools_result_is_none_of_another_method(revision: str) -> None:
    async def handler(ctx: Any, params: Any) -> CallToolResult:
        return said("x")

    server = app(FEW)
    server._lowlevel_server.add_request_handler(
        "prompts/get", types.GetPromptRequestParams, handler
    )
    both = await both_of(server, revision)
    found = await both.same("prompts/get", both.params({"name": "greet"}))
    assert '"text": "x"' not in found.answer


async def test_a_client_before_its_handshake_is_refused() -> None:
    both = Both(app(FEW), LEGACY)
    assert "Invalid request parameters" in (await add(both)).answer
    await both.start()
    assert (await add(both)).ways == ["tool"]


async def test_a_low_level_server_is_served_by_its_handlers(revision: str) -> None:
    async def call(ctx: Any, params: Any) -> CallToolResult:
        return said(f"{params.name} {ctx.meta} {ctx.request.peer}")

    async def listed(ctx: Any, params: Any) -> types.ListToolsResult:
        return types.ListToolsResult(tools=[], next_cursor=params.cursor)

    both = await both_of(Server("low", on_call_tool=call, on_list_tools=listed), revision)
    assert (await add(both)).ways == ["handler"]
    assert (await both.ask("tools/list")).ways == ["handler"]
    page = await both.same("tools/list", both.params({"cursor": "next"}))
    assert "next" in page.answer


async def test_what_a_handler_leaves_on_the_exit_stack_is_run() -> None:
    ended: list[str] = []

    async def call(ctx: Any, params: Any) -> CallToolResult:
        ctx.session._connection.exit_stack.callback(ended.append, params.name)
        return said("x")

    both = await both_of(Server("low", on_call_tool=call))
    assert (await add(both)).ways == ["handler"]
    assert ended == ["add", "add"]


async def test_what_a_tool_changes_in_its_arguments_stays_its_own() -> None:
    server = MCPServer("changing")

    @server.tool()
    async def change(value: dict[str, Any]) -> dict[str, Any]:
        return {**value, "seen": value.pop("once", None)}

    both = await both_of(server)
    assert '"once"' in (await both.call("change", value={"once": 1})).answer


async def test_the_direct_ways_can_be_switched_off() -> None:
    connection = SdkApp(app(FEW), direct_dispatch=False).connect(RecordingClient())
    assert connection._ways is None


async def test_a_release_of_the_sdk_that_was_not_verified_takes_the_kernel(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(internals, "VERIFIED_RELEASE", "9.9")
    connection = SdkApp(app(FEW)).connect(RecordingClient())
    assert connection._ways is None
