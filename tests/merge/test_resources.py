"""Resources of several members: found by URI, by template or by asking, and named back."""

from __future__ import annotations

from typing import Any

import pytest
from mcp.server.mcpserver import MCPServer

from mcpgrpc import Client
from mcpgrpc.errors import RemoteError
from tests.merge.apps import SHARED_URI, app
from tests.merge.conftest import LEGACY_SESSION, MODERN_SESSION, Wire, merged
from tests.merge.members import Scripted, failing, initialized_as, result


async def text_of(client: Client, uri: str) -> tuple[str, str | None]:
    [contents] = (await client.read_resource(uri)).contents
    return contents.uri, contents.text


@pytest.mark.parametrize(
    ("uri", "text"),
    [
        ("a+notes://today", "a reads"),
        ("b+notes://today", "b reads"),
        ("b://own", "b reads"),
        ("a://of/Oslo", "a reads of Oslo"),
        ("b+city://Oslo", "b reads of Oslo"),
    ],
)
async def test_a_resource_is_read_where_it_is_and_keeps_the_uri_it_was_asked_by(
    wire: Wire, uri: str, text: str
) -> None:
    async with wire.connect(merged(a=app("a"), b=app("b"))) as client:
        assert await text_of(client, uri) == (uri, text)


async def test_it_is_found_without_any_list_having_been_asked_for(wire: Wire) -> None:
    async with wire.connect(merged(a=app("a"), b=app("b"))) as client:
        assert await text_of(client, "b+notes://today") == ("b+notes://today", "b reads")


async def test_a_uri_in_content_is_the_one_that_can_be_read(wire: Wire) -> None:
    async with wire.connect(merged(a=app("a"), b=app("b"))) as client:
        content = (await client.call_tool("link_b")).content
        uris = [block.uri for block in content[:3]]
        assert uris == ["b+notes://today", "b://own", "b+city://Oslo"]
        assert content[3].resource is not None
        assert content[3].resource.uri == "b+notes://today"
        for uri in uris:
            assert uri is not None
            await client.read_resource(uri)


async def test_a_uri_in_a_prompt_is_the_one_that_can_be_read(wire: Wire) -> None:
    def embedding(name: str) -> Scripted:
        resource = {"uri": SHARED_URI, "text": name}
        message = {"role": "user", "content": {"type": "resource", "resource": resource}}
        return Scripted(
            {
                "initialize": initialized_as("2025-11-25"),
                "prompts/list": '{"prompts":[{"name":"p"}]}',
                "prompts/get": result({"messages": [message]}).result_json,
                "resources/list": result(
                    {"resources": [{"uri": SHARED_URI, "name": "n"}]}
                ).result_json,
            }
        )

    async with wire.connect(merged(a=embedding("a"), b=embedding("b"))) as client:
        found = await client.get_prompt("b_p")
    resource = found.messages[0].content.resource
    assert resource is not None
    assert (resource.uri, resource.text) == ("b+notes://today", "b")


async def test_a_uri_that_looks_like_a_prefixed_one_is_its_owners(wire: Wire) -> None:
    repository = MCPServer("repository")
    for uri in ("git+https://host/repo", "https://host/repo"):

        @repository.resource(uri)
        def read() -> str:
            return "the repository's own"

    backend = merged(git=app("git"), other=repository)
    async with wire.connect(backend) as client:
        assert await text_of(client, "git+https://host/repo") == (
            "git+https://host/repo",
            "the repository's own",
        )


async def test_a_prefixed_uri_that_is_anothers_own_is_prefixed_in_turn(wire: Wire) -> None:
    listed = {"a": ["x:1"], "b": ["x:1"], "c": ["a+x:1"]}

    def member(name: str) -> Scripted:
        async def read(call: Any, client: Any) -> Any:
            uri = call.params["uri"]
            return result({"contents": [{"uri": uri, "text": f"{name} reads {uri}"}]})

        resources = [{"uri": uri, "name": "n"} for uri in listed[name]]
        return Scripted(
            {
                "initialize": initialized_as("2025-11-25"),
                "resources/list": result({"resources": resources}).result_json,
                "resources/read": read,
            }
        )

    members: dict[str, Any] = {name: member(name) for name in listed}
    async with wire.connect(merged(**members)) as client:
        assert [each.uri for each in await client.list_resources()] == [
            *("a+x:1", "b+x:1", "c+a+x:1")
        ]
        assert await text_of(client, "a+x:1") == ("a+x:1", "a reads x:1")
        assert await text_of(client, "c+a+x:1") == ("c+a+x:1", "c reads a+x:1")
        # Members' names in schemes are not told apart by case, as schemes are not.
        assert (await text_of(client, "B+x:1"))[1] == "b reads x:1"


async def test_a_uri_can_name_its_member_where_nothing_collides(wire: Wire) -> None:
    async with wire.connect(merged(a=app("a"), c=Scripted({}))) as client:
        assert await text_of(client, "a+notes://today") == ("a+notes://today", "a reads")


class Hidden(Scripted):
    """Has resources that it does not list."""

    def __init__(self, *uris: str) -> None:
        async def read(call: Any, client: Any) -> Any:
            if call.params["uri"] in uris:
                return result({"contents": [{"uri": call.params["uri"], "text": "found"}]})
            return await failing(-32602, "no such resource here")(call, client)

        super().__init__(
            {
                "initialize": initialized_as("2025-11-25"),
                "resources/list": '{"resources":[]}',
                "resources/read": read,
            }
        )


async def test_a_uri_that_nobody_lists_is_read_by_asking_in_turn(wire: Wire) -> None:
    first, second, third = Hidden(), Hidden("h:1"), Hidden("h:1")
    without = Scripted({"initialize": initialized_as("2025-11-25")})
    backend = merged(without=without, a=first, b=second, c=third)
    async with wire.connect(backend) as client:
        assert await text_of(client, "h:1") == ("h:1", "found")
    assert "resources/read" in first.methods()
    assert "resources/read" not in third.methods()
    assert "resources/read" not in without.methods()


async def test_a_uri_that_nobody_has_gets_the_first_members_answer(wire: Wire) -> None:
    async with wire.connect(merged(a=Hidden(), b=Hidden())) as client:
        with pytest.raises(RemoteError, match="no such resource here") as caught:
            await client.read_resource("h:2")
    assert caught.value.code == -32602


async def test_an_error_that_says_more_than_not_found_is_the_answer(wire: Wire) -> None:
    broken = Hidden()
    broken.answers["resources/read"] = failing(-32603, "the disk is on fire")
    async with wire.connect(merged(a=Hidden(), b=broken, c=Hidden())) as client:
        with pytest.raises(RemoteError, match="the disk is on fire"):
            await client.read_resource("h:2")


async def test_without_resources_anywhere_a_uri_is_not_found_as_the_revision_says() -> None:
    for wire, code in ((LEGACY_SESSION, -32002), (MODERN_SESSION, -32602)):
        without = Scripted({"initialize": initialized_as("2025-11-25")})
        async with wire.connect(merged(a=without, b=without)) as client:
            with pytest.raises(RemoteError) as caught:
                await client.read_resource("h:2")
        assert (caught.value.code, caught.value.data) == (code, {"uri": "h:2"})


def watched(name: str, *uris: str) -> Scripted:
    """Tells of every resource as soon as it is subscribed to."""

    async def subscribe(call: Any, client: Any) -> Any:
        text = result({"uri": call.params["uri"], "by": name}).result_json
        await client.notify("notifications/resources/updated", text, None)
        return result({})

    resources = [{"uri": uri, "name": "n"} for uri in uris]
    templates = [{"uriTemplate": "t:{x}", "name": "n"}]
    return Scripted(
        {
            "initialize": initialized_as("2025-11-25", resources={"subscribe": True}),
            "resources/list": result({"resources": resources}).result_json,
            "resources/templates/list": result({"resourceTemplates": templates}).result_json,
            "resources/subscribe": subscribe,
            "resources/unsubscribe": "{}",
        }
    )


@pytest.mark.parametrize("uri", ["b+x:1", "y:1", "b+t:9", "b+unlisted:1"])
async def test_updates_name_the_uri_that_was_subscribed_to(uri: str) -> None:
    heard: list[Any] = []
    first, second = watched("a", "x:1"), watched("b", "x:1", "y:1")
    async with LEGACY_SESSION.connect(
        merged(a=first, b=second), on_notification=lambda *told: heard.append(told)
    ) as client:
        await client.request("resources/subscribe", {"uri": uri})
        await client.request("resources/unsubscribe", {"uri": uri})
    assert heard == [("notifications/resources/updated", {"uri": uri, "by": "b"})]
    assert "resources/subscribe" not in first.methods()
    own = uri.removeprefix("b+")
    assert [call.params for call in second.asked[-2:]] == [{"uri": own}, {"uri": own}]


async def test_a_resource_that_nobody_offers_cannot_be_subscribed_to() -> None:
    member = watched("a", "x:1")
    async with LEGACY_SESSION.connect(merged(a=member, b=app("b"))) as client:
        with pytest.raises(RemoteError) as caught:
            await client.request("resources/subscribe", {"uri": "z:1"})
    assert caught.value.code == -32002
    assert "resources/subscribe" not in member.methods()
