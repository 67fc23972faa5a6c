"""Merged lists: names told apart, pages of all members, cursors, text that stays text."""

from __future__ import annotations

import json
from typing import Any

import pytest
from mcp.server.mcpserver import MCPServer

import mcpgrpc
from mcpgrpc import Client
from mcpgrpc.errors import RemoteError
from mcpgrpc.testing import serving
from mcpgrpc_server.backend import ServerCall
from mcpgrpc_server.caller import Caller
from mcpgrpc_server.merge.answers import own_call
from mcpgrpc_server.merge.bounds import MergeBounds
from mcpgrpc_server.one_way_client import OneWayClient
from tests.merge.apps import add_tool, app, paginated
from tests.merge.conftest import MODERN_SESSION, Wire, merged
from tests.merge.members import (
    Response,
    Scripted,
    failing,
    initialized_as,
    never,
    result,
    tools,
)


async def names(client: Client) -> list[str]:
    return [tool.name for tool in await client.list_tools()]


async def test_names_are_prefixed_only_where_they_collide(wire: Wire) -> None:
    backend = merged(a=app("a", "search", "fetch"), b=app("b", "search"))
    async with wire.connect(backend) as client:
        assert await names(client) == [
            *("a_search", "fetch", "only_a", "link_a"),
            *("b_search", "only_b", "link_b"),
        ]
        prompts = [prompt.name for prompt in await client.list_prompts()]
    assert prompts == ["a_plan", "only_a", "b_plan", "only_b"]


async def test_a_member_can_always_carry_its_prefix(wire: Wire) -> None:
    backend = merged("b", a=app("a", "search"), b=app("b", "search", "fetch"))
    async with wire.connect(backend) as client:
        assert await names(client) == [
            *("search", "only_a", "link_a"),
            *("b_search", "b_fetch", "b_only_b", "b_link_b"),
        ]


async def test_uris_are_prefixed_only_where_they_collide_and_keep_their_names(wire: Wire) -> None:
    async with wire.connect(merged("b", a=app("a"), b=app("b"))) as client:
        resources = await client.list_resources()
        templates = await client.list_resource_templates()
    assert [resource.uri for resource in resources] == [
        *("a+notes://today", "a://own"),
        *("b+notes://today", "b://own"),
    ]
    assert {resource.name for resource in resources} == {"read"}
    assert [template.uri_template for template in templates] == [
        *("a+city://{city}", "a://of/{city}"),
        *("b+city://{city}", "b://of/{city}"),
    ]


async def test_members_without_pages_stand_on_one_page(wire: Wire) -> None:
    async with wire.connect(merged(a=app("a"), b=app("b"), c=app("c"))) as client:
        page = await client.request("tools/list")
    assert len(page["tools"]) == 6
    assert "nextCursor" not in page


async def test_a_member_paginates_and_the_others_follow_in_order(wire: Wire) -> None:
    backend = merged(
        a=app("a"), b=paginated("b", "b1", "b2", "b3", "b4", "b5"), c=paginated("c", "c1", "c2")
    )
    pages: list[list[str]] = []
    async with wire.connect(backend) as client:
        page = await client.request("tools/list")
        pages.append([tool["name"] for tool in page["tools"]])
        while "nextCursor" in page:
            page = await client.request("tools/list", {"cursor": page["nextCursor"]})
            pages.append([tool["name"] for tool in page["tools"]])
        assert (await client.call_tool("b5")).content[0].text == "b says b5"
    assert pages == [["only_a", "link_a", "b1", "b2"], ["b3", "b4"], ["b5", "c1", "c2"]]


async def test_names_collide_across_pages_that_a_client_has_not_seen(wire: Wire) -> None:
    backend = merged(a=paginated("a", "x", "y", "z"), b=paginated("b", "p", "q", "z"))
    async with wire.connect(backend) as client:
        assert await names(client) == ["x", "y", "a_z", "p", "q", "b_z"]


async def test_the_official_client_reads_every_page(wire: Wire) -> None:
    import mcp

    backend = merged(a=paginated("a", "x", "y", "z"), b=app("b", "z"))
    found: list[str] = []
    async with serving(backend) as address:
        transport = mcpgrpc.transport(address, rpc=wire.rpc)
        async with mcp.Client(transport, mode=wire.mode) as client:
            page = await client.list_tools()
            found += [tool.name for tool in page.tools]
            while page.next_cursor is not None:
                page = await client.list_tools(cursor=page.next_cursor)
                found += [tool.name for tool in page.tools]
    assert found == ["x", "y", "a_z", "b_z", "only_b", "link_b"]


@pytest.mark.parametrize("cursor", ["", "invented", "WyJ0b29scyIsImdvbmUiLCIxIl0="])
async def test_a_cursor_that_was_not_given_is_refused(wire: Wire, cursor: str) -> None:
    async with wire.connect(merged(a=paginated("a", "x", "y", "z"), b=app("b"))) as client:
        with pytest.raises(RemoteError) as caught:
            await client.request("tools/list", {"cursor": cursor})
    assert caught.value.code == -32602


async def test_a_members_own_refusal_of_its_cursor_is_the_answer(wire: Wire) -> None:
    first = '{"tools":[],"nextCursor":"7"}'
    pages = Scripted({"initialize": initialized_as("2025-11-25"), "tools/list": first})
    async with wire.connect(merged(a=pages, b=app("b"))) as client:
        page = await client.request("tools/list")
        pages.answers["tools/list"] = failing(-32602, "that page is gone")
        with pytest.raises(RemoteError, match="that page is gone"):
            await client.request("tools/list", {"cursor": page["nextCursor"]})


async def test_a_list_that_no_member_has_is_an_unknown_method(wire: Wire) -> None:
    async with wire.connect(merged(a=paginated("a"), b=paginated("b"))) as client:
        with pytest.raises(RemoteError) as caught:
            await client.request("prompts/list")
    assert caught.value.code == -32601


async def test_a_list_that_one_member_has_is_the_list(wire: Wire) -> None:
    async with wire.connect(merged(a=paginated("a"), b=app("b"))) as client:
        assert [prompt.name for prompt in await client.list_prompts()] == ["plan", "only_b"]


async def test_what_members_list_stays_the_text_that_it_is() -> None:
    schema = '{"max": 1e400,\n "n":1.10, "big":123456789012345678901234567890}'
    listed = f'{{"tools":[{{"name":"x","inputSchema":{schema}}}],"com.example/more":[1.0]}}'
    members: dict[str, Any] = {
        "a": Scripted({"tools/list": listed}),
        "b": Scripted({"tools/list": tools("x")}),
    }
    connection = merged(**members).connect(OneWayClient(Caller("test")))
    response = await connection.handle_request(own_call("tools/list", {"_meta": {}}, modern=True))
    await connection.aclose()
    assert f'{{"name":"a_x","inputSchema":{schema}}}' in response.result_json
    assert '"com.example/more":[1.0]' in response.result_json


async def test_a_merged_page_says_how_long_it_holds_and_whose_it_is() -> None:
    fast = Scripted({"tools/list": '{"tools":[],"ttlMs":500,"cacheScope":"public"}'})
    slow = Scripted({"tools/list": '{"tools":[],"ttlMs":900,"cacheScope":"public"}'})
    async with MODERN_SESSION.connect(merged(a=fast, b=slow)) as client:
        page = await client.request("tools/list")
    assert page == {
        "tools": [],
        "resultType": "complete",
        "ttlMs": 500,
        "cacheScope": "public",
        "_meta": {"io.modelcontextprotocol/serverInfo": {"name": "merged", "version": "7"}},
    }


async def test_a_tool_that_was_just_added_is_listed_and_can_be_called(wire: Wire) -> None:
    first: MCPServer = app("a", "search")
    async with wire.connect(merged(a=first, b=app("b", "fetch"))) as client:
        await client.list_tools()
        add_tool(first, "fetch", "a")
        assert {"a_fetch", "b_fetch"} < set(await names(client))
        assert (await client.call_tool("a_fetch")).content[0].text == "a says fetch"


async def test_a_member_that_does_not_list_in_time_is_left_out() -> None:
    slow = Scripted({"tools/list": never})
    bounds = MergeBounds(list_timeout_seconds=1.0)
    async with MODERN_SESSION.connect(merged(a=slow, b=app("b"), bounds=bounds)) as client:
        page = await client.request("tools/list")
    assert [tool["name"] for tool in page["tools"]] == ["only_b", "link_b"]
    assert page["ttlMs"] == 0


@pytest.mark.parametrize("answer", ["[]", '{"tools":7}', '{"tools":[7,{"name":8},null]}', "{}"])
async def test_a_member_that_answers_nonsense_hurts_nobody_else(answer: str) -> None:
    async with MODERN_SESSION.connect(
        merged(a=Scripted({"tools/list": answer}), b=app("b"))
    ) as client:
        page = await client.request("tools/list")
    assert [tool["name"] for tool in page["tools"] if isinstance(tool, dict)][-2:] == [
        "only_b",
        "link_b",
    ]


async def test_an_error_that_all_members_answer_is_the_answer() -> None:
    async with MODERN_SESSION.connect(merged(a=app("a"), b=app("b"))) as client:
        with pytest.raises(RemoteError) as caught:
            await client.request(
                "tools/list", {"_meta": {"io.modelcontextprotocol/protocolVersion": "1999-01-01"}}
            )
    assert caught.value.code == -32022
    assert caught.value.data["supported"] == ["2026-07-28"]


async def test_a_list_that_never_ends_is_read_within_its_bounds() -> None:
    asked = 0

    async def endless(call: ServerCall, client: Any) -> Response:
        nonlocal asked
        asked += 1
        tool = {"name": f"t{asked}", "inputSchema": {}}
        return result({"tools": [tool], "nextCursor": str(asked)})

    bounds = MergeBounds(max_pages=5)
    member = Scripted({"tools/list": endless, "tools/call": '{"content":[]}'})
    async with MODERN_SESSION.connect(merged(a=member, b=app("b"), bounds=bounds)) as client:
        # Beyond the bound nobody knows the tool; it can only be in the list that was not read out.
        await client.call_tool("t1000")
    assert asked == 5
    assert json.loads(member.asked[-1].params_json or "")["name"] == "t1000"
