"""Requests that name one thing: they reach the member that has it, and nobody else."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from mcp import types
from mcp.server import Server, ServerRequestContext
from mcp.server.mcpserver import Context, MCPServer

from mcpgrpc.errors import RemoteError
from mcpgrpc.testing import serving
from mcpgrpc_server.merge.bounds import MergeBounds
from tests.merge.apps import Gate, app
from tests.merge.conftest import LEGACY_SESSION, MODERN_SESSION, Wire, merged
from tests.merge.members import Scripted, initialized_as, never, result, tools

CALLED = '{"content":[{"type":"text","text":"done"}]}'


async def test_a_tool_is_called_where_it_is(wire: Wire) -> None:
    backend = merged(a=app("a", "search"), b=app("b", "search", "fetch"))
    async with wire.connect(backend) as client:
        for name, says in {
            "a_search": "a says search",
            "b_search": "b says search",
            "fetch": "b says fetch",
            "only_a": "a says only_a",
        }.items():
            assert (await client.call_tool(name)).content[0].text == says


async def test_a_prompt_is_asked_for_where_it_is(wire: Wire) -> None:
    async with wire.connect(merged(a=app("a"), b=app("b"))) as client:
        for name, says in {"b_plan": "b plans Oslo", "only_a": "a plans Oslo"}.items():
            found = await client.get_prompt(name, {"city": "Oslo"})
            assert found.messages[0].content.text == says


async def test_arguments_are_completed_where_the_prompt_or_template_is(wire: Wire) -> None:
    async with wire.connect(merged(a=app("a"), b=app("b"))) as client:
        for ref, says in [
            ({"type": "ref/prompt", "name": "b_plan"}, "b completes ref/prompt O"),
            ({"type": "ref/prompt", "name": "only_a"}, "a completes ref/prompt O"),
            ({"type": "ref/resource", "uri": "b+city://{city}"}, "b completes ref/resource O"),
            ({"type": "ref/resource", "uri": "a://of/{city}"}, "a completes ref/resource O"),
        ]:
            assert (await client.complete(ref, "city", "O")).values == [says]


@pytest.mark.parametrize(
    ("method", "params", "message"),
    [
        ("tools/call", {"name": "search"}, "Unknown tool: search"),
        ("tools/call", {"name": "a_only_b"}, "Unknown tool: a_only_b"),
        ("prompts/get", {"name": "plan"}, "Unknown prompt: plan"),
        (
            "completion/complete",
            {"ref": {"type": "ref/prompt", "name": "no"}, "argument": {"name": "x", "value": ""}},
            "Unknown prompt: no",
        ),
        (
            "completion/complete",
            {"ref": {"type": "ref/resource", "uri": "no:"}, "argument": {"name": "x", "value": ""}},
            "Unknown resource template: no:",
        ),
    ],
)
async def test_a_name_that_nobody_offers_is_refused_by_name(
    wire: Wire, method: str, params: dict[str, Any], message: str
) -> None:
    backend = merged(a=app("a", "search"), b=app("b", "search"))
    async with wire.connect(backend) as client:
        with pytest.raises(RemoteError) as caught:
            await client.request(method, params)
    assert caught.value.message == message
    is_uri_of_legacy = wire.is_legacy and "template" in message
    assert caught.value.code == (-32002 if is_uri_of_legacy else -32602)


@pytest.mark.parametrize(
    ("method", "params"),
    [
        ("tools/call", {}),
        ("tools/call", {"name": 7}),
        ("prompts/get", {"name": None}),
        ("completion/complete", {"ref": "plan"}),
        ("completion/complete", {"ref": {"type": "ref/prompt"}}),
        ("resources/read", {"uri": ["x"]}),
        ("resources/subscribe", {}),
    ],
)
async def test_params_that_name_nothing_are_invalid(
    wire: Wire, method: str, params: dict[str, Any]
) -> None:
    async with wire.connect(merged(a=app("a"), b=app("b"))) as client:
        with pytest.raises(RemoteError) as caught:
            await client.request(method, params)
    assert caught.value.code == -32602


async def test_a_flood_of_unknown_names_makes_no_flood_of_lists() -> None:
    member = Scripted({"tools/list": tools("x")})
    bounds = MergeBounds(renewal_burst=3, renewals_per_second=0)
    async with MODERN_SESSION.connect(merged(a=member, b=app("b"), bounds=bounds)) as client:
        for number in range(50):
            with pytest.raises(RemoteError, match="Unknown tool"):
                await client.call_tool(f"no{number}")
    # The first reads the list, and three more are allowed at once.
    assert member.methods() == ["tools/list"] * 4


async def test_a_name_that_is_known_waits_for_no_list() -> None:
    member = Scripted({"tools/list": tools("x"), "tools/call": CALLED})
    # Beyond what a client waits for a call.
    bounds = MergeBounds(catalogue_seconds=0, list_timeout_seconds=600)
    async with MODERN_SESSION.connect(merged(a=member, b=app("b"), bounds=bounds)) as client:
        await client.call_tool("x")
        # From now on its lists do not come; what is known of it is long stale.
        member.answers["tools/list"] = never
        assert (await client.call_tool("x")).content[0].text == "done"
        assert (await client.call_tool("only_b")).content[0].text == "b says only_b"


async def test_params_and_results_pass_as_the_text_that_they_are() -> None:
    returned = '{"content":[],\n "structuredContent":{"n":1.10,"big":123456789012345678901}}'
    member = Scripted({"tools/list": tools("x", "y"), "tools/call": returned})
    other = Scripted({"tools/list": tools("y")})
    async with MODERN_SESSION.connect(merged(a=member, b=other)) as client:
        for name in ("x", "a_y"):
            found = await client.call_tool(name, {"n": 12345678901234567890123})
            assert found.structured_content == {"n": 1.1, "big": 123456789012345678901}
    plain, renamed = [call for call in member.asked if call.request.method == "tools/call"]
    assert plain.params == json.loads(plain.params_json or "")
    assert renamed.params == json.loads(renamed.params_json or "")
    assert (renamed.params_json or "").replace('"name":"y"', '"name":"x"') == plain.params_json
    assert "12345678901234567890123" in (renamed.params_json or "")


async def test_progress_comes_from_the_member_to_its_call(wire: Wire) -> None:
    reporting = MCPServer("a")

    @reporting.tool()
    async def steps(total: int, ctx: Context) -> str:
        for step in range(1, total + 1):
            await ctx.report_progress(step, total, f"step {step}")
        return "done"

    heard: list[Any] = []
    async with wire.connect(merged(a=reporting, b=app("b", "steps"))) as client:
        await client.call_tool(
            "a_steps", {"total": 3}, on_progress=lambda *args: heard.append(args)
        )
    assert heard == [(1, 3, "step 1"), (2, 3, "step 2"), (3, 3, "step 3")]


async def test_cancelling_a_call_cancels_it_at_the_member_and_no_other(wire: Wire) -> None:
    cancelled, left_alone = Gate(), Gate()
    backend = merged(a=app("a", gate=cancelled), b=app("b", gate=left_alone))
    async with wire.connect(backend) as client:
        first = asyncio.create_task(client.call_tool("wait_a"))
        second = asyncio.create_task(client.call_tool("wait_b"))
        await cancelled.entered.wait()
        await left_alone.entered.wait()
        first.cancel()
        await cancelled.cancelled.wait()
        left_alone.open.set()
        await second
    assert not left_alone.cancelled.is_set()


async def test_a_slow_member_delays_no_call_of_another(wire: Wire) -> None:
    slow = Gate()
    async with wire.connect(merged(a=app("a", gate=slow), b=app("b"))) as client:
        waiting = asyncio.create_task(client.call_tool("wait_a"))
        await slow.entered.wait()
        assert (await client.call_tool("only_b")).content[0].text == "b says only_b"
        assert not waiting.done()
        slow.open.set()
        await waiting


async def test_input_that_a_tool_requires_goes_back_to_its_member(modern_wire: Wire) -> None:
    schema = {"type": "object", "properties": {"n": {"type": "integer"}}}
    form = types.ElicitRequestFormParams(message="How many?", requested_schema=schema)

    def asking(name: str) -> Server[Any]:
        async def list_tools(ctx: ServerRequestContext[Any], params: Any) -> types.ListToolsResult:
            tool = types.Tool(name="book", input_schema={"type": "object"})
            return types.ListToolsResult(tools=[tool])

        async def call_tool(
            ctx: ServerRequestContext[Any], params: types.CallToolRequestParams
        ) -> types.CallToolResult | types.InputRequiredResult:
            answers = params.input_responses or {}
            answer = answers.get("seats")
            if not isinstance(answer, types.ElicitResult):
                asked: dict[str, Any] = {"seats": types.ElicitRequest(params=form)}
                return types.InputRequiredResult(input_requests=asked, request_state=f"of {name}")
            assert params.name == "book"
            text = f"{name} heard {answer.content} with state {params.request_state}"
            return types.CallToolResult(content=[types.TextContent(text=text)])

        return Server(name, on_list_tools=list_tools, on_call_tool=call_tool)

    backend = merged(a=asking("a"), b=asking("b"))
    able: dict[str, Any] = {"elicitation": {"form": {}}}
    async with modern_wire.connect(backend, capabilities=able) as client:
        first = await client.call_tool("b_book")
        assert first.result_type == "input_required"
        assert first.request_state == "of b"
        answer = {"seats": {"action": "accept", "content": {"n": 2}}}
        second = await client.call_tool(
            "b_book", input_responses=answer, request_state=first.request_state
        )
    assert second.content[0].text == "b heard {'n': 2} with state of b"


async def test_a_method_of_an_extension_goes_to_the_first_member_that_knows_it(wire: Wire) -> None:
    knows = Scripted(
        {"initialize": initialized_as("2025-11-25"), "com.example/run": '{"ran":"here"}'}
    )
    backend = merged(a=app("a"), b=knows, c=Scripted({"com.example/run": '{"ran":"there"}'}))
    async with wire.connect(backend) as client:
        assert (await client.request("com.example/run"))["ran"] == "here"


async def test_a_method_that_nobody_knows_is_unknown(wire: Wire) -> None:
    async with wire.connect(merged(a=app("a"), b=app("b"))) as client:
        with pytest.raises(RemoteError) as caught:
            await client.request("com.example/run")
    assert caught.value.code == -32601


async def test_ping_is_answered_for_the_members() -> None:
    member = Scripted({"initialize": initialized_as("2025-11-25")})
    async with LEGACY_SESSION.connect(merged(a=member, b=app("b"))) as client:
        assert await client.request("ping") == {}
    assert "ping" not in member.methods()


async def test_the_newer_era_has_no_ping() -> None:
    async with MODERN_SESSION.connect(merged(a=app("a"), b=app("b"))) as client:
        with pytest.raises(RemoteError) as caught:
            await client.request("ping")
    assert caught.value.code == -32601


async def test_a_member_that_raises_fails_its_own_call_and_no_other(wire: Wire) -> None:
    async def burst(call: Any, client: Any) -> Any:
        raise RuntimeError("password=hunter2")

    member = Scripted(
        {
            "initialize": initialized_as("2025-11-25"),
            "tools/list": tools("burst"),
            "tools/call": burst,
        }
    )
    async with wire.connect(merged(a=member, b=app("b"))) as client:
        with pytest.raises(RemoteError) as caught:
            await client.call_tool("burst")
        assert (await client.call_tool("only_b")).content[0].text == "b says only_b"
    assert (caught.value.code, "hunter2" in caught.value.message) == (-32603, False)


async def test_names_are_kept_apart_by_what_a_client_declares() -> None:
    async def by_capability(call: Any, client: Any) -> Any:
        declared = call.params["_meta"]["io.modelcontextprotocol/clientCapabilities"]
        names = ["x", "panel"] if "extensions" in declared else ["x"]
        return result({"tools": [{"name": name, "inputSchema": {}} for name in names]})

    member = Scripted({"tools/list": by_capability, "tools/call": CALLED})
    async with serving(merged(a=member, b=app("b"))) as address:
        async with MODERN_SESSION.client(address) as plain:
            await plain.call_tool("x")
        declared: dict[str, Any] = {"extensions": {"com.example/panels": {}}}
        async with MODERN_SESSION.client(address, capabilities=declared) as able:
            assert (await able.call_tool("panel")).content[0].text == "done"
