"""Every method of the protocol, answered alike by every pair of client and server."""

from __future__ import annotations

import base64

import pytest

from tests.contract.caller import Json, refusal
from tests.contract.conftest import Connect
from tests.contract.features import EVERY_BYTE
from tests.contract.journal import Journal


@pytest.mark.eras("legacy")
async def test_initialize_gives_name_version_and_capabilities(connect: Connect) -> None:
    async with connect() as caller:
        assert caller.protocol_version == "2025-11-25"
        assert caller.server_info["name"] == "contract"
        assert caller.server_info["version"] == "1.2.3"
        assert {"tools", "resources", "prompts", "completions"} <= caller.capabilities.keys()


@pytest.mark.eras("modern")
async def test_discover_gives_versions_capabilities_and_instructions(connect: Connect) -> None:
    async with connect() as caller:
        found = await caller.request("server/discover")
    assert found["supportedVersions"] == ["2026-07-28"]
    assert found["instructions"] == "Call anything."
    assert {"tools", "resources", "prompts", "completions"} <= found["capabilities"].keys()


@pytest.mark.eras("modern")
async def test_auto_mode_settles_on_the_newest_revision(connect: Connect) -> None:
    async with connect(mode="auto") as caller:
        assert caller.protocol_version == "2026-07-28"
        assert caller.server_info["name"] == "contract"
        assert (await caller.call_tool("add", {"a": 1, "b": 2}))["structuredContent"] == {
            "result": 3
        }


@pytest.mark.eras("legacy")
async def test_ping_is_answered_with_an_empty_result(connect: Connect) -> None:
    async with connect() as caller:
        assert await caller.request("ping") == {}


@pytest.mark.eras("modern")
async def test_the_newest_revision_knows_no_ping_and_no_log_level(connect: Connect) -> None:
    async with connect() as caller:
        for method, params in (("ping", None), ("logging/setLevel", {"level": "info"})):
            assert (await refusal(caller.request(method, params))).code == -32601


@pytest.mark.apps("Server")
@pytest.mark.eras("legacy")
async def test_the_log_level_reaches_the_app(connect: Connect, journal: Journal) -> None:
    async with connect() as caller:
        assert await caller.request("logging/setLevel", {"level": "warning"}) == {}
    assert journal.seen == [("level", "warning")]


@pytest.mark.apps("Server")
@pytest.mark.eras("legacy")
async def test_subscribing_and_unsubscribing_reach_the_app(
    connect: Connect, journal: Journal
) -> None:
    uri = {"uri": "contract://notes"}
    async with connect() as caller:
        assert await caller.request("resources/subscribe", uri) == {}
        assert await caller.request("resources/unsubscribe", uri) == {}
    assert journal.seen == [
        ("subscribed", "contract://notes"),
        ("unsubscribed", "contract://notes"),
    ]


async def test_a_listed_tool_keeps_every_member_it_was_given(connect: Connect) -> None:
    async with connect() as caller:
        page = await caller.page("tools/list")
    [add] = [tool for tool in page["tools"] if tool["name"] == "add"]
    assert add["title"] == "Add"
    assert add["description"] == "Add two numbers."
    assert add["annotations"] == {"readOnlyHint": True}
    assert add["inputSchema"]["required"] == ["a", "b"]
    assert add["outputSchema"]["properties"]["result"]["type"] == "integer"


async def test_resources_and_their_templates_are_listed(connect: Connect) -> None:
    async with connect() as caller:
        resources = await caller.page("resources/list")
        templates = await caller.page("resources/templates/list")
    assert {item["uri"] for item in resources["resources"]} == {
        f"contract://{name}" for name in ("text", "bytes", "notes", "broken")
    }
    [template] = templates["resourceTemplates"]
    assert template["uriTemplate"] == "contract://city/{name}"


async def test_text_binary_and_templated_resources_are_read(connect: Connect) -> None:
    async with connect() as caller:
        text = contents_of(await caller.read_resource("contract://text"))
        blob = contents_of(await caller.read_resource("contract://bytes"))
        city = contents_of(await caller.read_resource("contract://city/Oslo"))
    assert (text["text"], text["uri"]) == ("A line.\n", "contract://text")
    assert base64.b64decode(blob["blob"]) == EVERY_BYTE
    assert city["text"] == "The city of Oslo."


async def test_prompts_are_listed_with_their_arguments_and_filled_in(connect: Connect) -> None:
    async with connect() as caller:
        [plan] = (await caller.page("prompts/list"))["prompts"]
        filled = await caller.get_prompt("plan", {"city": "Oslo", "hours": "3"})
        defaulted = await caller.get_prompt("plan", {"city": "Quito"})
    assert (plan["name"], plan["title"], plan["description"]) == ("plan", "Plan", "Plan a day.")
    assert [(item["name"], item["required"]) for item in plan["arguments"]] == [
        ("city", True),
        ("hours", False),
    ]
    assert filled["messages"] == [
        {"role": "user", "content": {"type": "text", "text": "Plan 3 hours in Oslo."}}
    ]
    assert defaulted["messages"][0]["content"]["text"] == "Plan 8 hours in Quito."


async def test_completions_come_for_prompts_and_templates_with_their_context(
    connect: Connect, journal: Journal
) -> None:
    template = {"type": "ref/resource", "uri": "contract://city/{name}"}
    async with connect() as caller:
        prompt = await caller.complete({"type": "ref/prompt", "name": "plan"}, "city", "Os")
        resource = await caller.complete(template, "name", "Ott", {"country": "Canada"})
    assert prompt["completion"] == {"values": ["Oslo", "Osaka"], "total": 2, "hasMore": False}
    assert resource["completion"]["values"] == ["Ottawa"]
    assert journal.seen == [("ref/prompt", None), ("ref/resource", {"country": "Canada"})]


@pytest.mark.apps("Server")
async def test_following_the_cursors_gives_every_tool_once(connect: Connect) -> None:
    names: list[str] = []
    cursor = None
    async with connect() as caller:
        for _ in range(10):
            page = await caller.page("tools/list", cursor)
            names += [tool["name"] for tool in page["tools"]]
            cursor = page.get("nextCursor")
            if cursor is None:
                break
    assert cursor is None
    assert len(names) == len(set(names)) == 19


@pytest.mark.apps("Server")
async def test_a_cursor_that_nobody_issued_is_refused(connect: Connect) -> None:
    async with connect() as caller:
        error = await refusal(caller.page("tools/list", "invented"))
    assert (error.code, error.message) == (-32602, "Unknown cursor: 'invented'")


def contents_of(result: Json) -> Json:
    [contents] = result["contents"]
    assert isinstance(contents, dict)
    return contents
