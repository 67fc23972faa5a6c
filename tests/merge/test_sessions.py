"""Legacy sessions over several members: who takes part, who joins, and what goes to whom."""

from __future__ import annotations

import asyncio
from typing import Any

import grpc
import mcp
import pytest
from mcp import types
from mcp.server.mcpserver import Context, MCPServer
from pydantic import BaseModel

import mcpgrpc
from mcpgrpc.errors import RemoteError, ServiceError
from mcpgrpc.testing import serving
from mcpgrpc.v1 import envelope_pb2, mcp_service_pb2, mcp_service_pb2_grpc, session_pb2
from mcpgrpc_server.merge.bounds import MergeBounds
from tests.merge.apps import app
from tests.merge.conftest import LEGACY_SESSION, merged
from tests.merge.members import (
    Fragile,
    Scripted,
    failing,
    initialized_as,
    never,
    result,
    tools,
)

pytestmark = pytest.mark.filterwarnings("ignore::mcp.MCPDeprecationWarning")


class Heard:
    """Notifications as they come, to be waited for."""

    def __init__(self) -> None:
        self.queue: asyncio.Queue[tuple[str, Any]] = asyncio.Queue()

    def __call__(self, method: str, params: Any) -> None:
        self.queue.put_nowait((method, params))

    async def next(self) -> tuple[str, Any]:
        return await asyncio.wait_for(self.queue.get(), 20)

    async def methods(self, count: int) -> set[str]:
        return {(await self.next())[0] for _ in range(count)}


LISTS_CHANGED = {
    "notifications/tools/list_changed",
    "notifications/prompts/list_changed",
    "notifications/resources/list_changed",
}


async def test_the_handshake_is_of_all_members_together() -> None:
    old = Scripted({"initialize": initialized_as("2025-03-26", logging={}, tools={})})
    async with LEGACY_SESSION.connect(merged(a=app("a"), b=old)) as client:
        assert client.protocol_version == "2025-03-26"
        assert client.server_info == {"name": "merged", "version": "7"}
        assert client.instructions == "# a\n\nThis is a."
        assert client.capabilities["tools"] == {"listChanged": True}
        assert client.capabilities.keys() >= {"logging", "prompts", "resources", "completions"}
    [initialize] = [call for call in old.asked if call.request.method == "initialize"]
    assert initialize.params is not None
    assert initialize.params["clientInfo"]["name"] == "mcpgrpc"
    assert [told.method for told in old.told] == ["notifications/initialized"]


async def test_the_official_client_speaks_with_all_members_in_both_eras() -> None:
    async with serving(merged(a=app("a", "x"), b=app("b", "x"))) as address:
        for mode in ("auto", "legacy"):
            async with mcp.Client(mcpgrpc.transport(address), mode=mode) as client:
                found = await client.call_tool("b_x")
                assert isinstance(found.content[0], types.TextContent)
                assert found.content[0].text == "b says x"


async def test_a_client_that_comes_in_an_outage_is_told_what_there_is_after_it() -> None:
    member = Scripted({"initialize": initialized_as("2025-11-25", prompts={}, completions={})})
    without = Scripted({"initialize": initialized_as("2025-11-25", tools={})})
    async with serving(merged(a=without, b=member)) as address:
        async with LEGACY_SESSION.client(address) as client:
            before = client.capabilities
        member.availability.set(serving=False)
        async with LEGACY_SESSION.client(address) as client:
            assert client.capabilities == before
    assert before.keys() == {"tools", "prompts", "completions"}


async def test_a_member_that_refuses_the_handshake_is_left_out_of_the_session() -> None:
    refusing = Scripted(
        {"initialize": failing(-32603, "no more sessions"), "tools/list": tools("x")}
    )
    async with LEGACY_SESSION.connect(merged(a=app("a"), b=refusing)) as client:
        assert [tool.name for tool in await client.list_tools()] == ["only_a", "link_a"]
    assert refusing.methods() == ["initialize"]


async def test_a_member_that_does_not_answer_the_handshake_delays_it_within_a_bound() -> None:
    bounds = MergeBounds(initialize_timeout_seconds=0.2)
    backend = merged(a=app("a"), b=Scripted({"initialize": never}), bounds=bounds)
    async with LEGACY_SESSION.connect(backend) as client:
        assert [tool.name for tool in await client.list_tools()] == ["only_a", "link_a"]


async def test_a_member_that_was_late_is_asked_again_and_then_takes_part() -> None:
    late = Scripted({"initialize": never, "tools/list": tools("x")})
    bounds = MergeBounds(initialize_timeout_seconds=0.2, initialize_retry_seconds=0)
    heard = Heard()
    backend = merged(a=app("a"), b=late, bounds=bounds)
    async with LEGACY_SESSION.connect(backend, on_notification=heard) as client:
        late.answers["initialize"] = initialized_as("2025-11-25")
        await client.list_tools()
        assert await heard.methods(3) == LISTS_CHANGED
        assert "x" in [tool.name for tool in await client.list_tools()]


async def test_the_first_refusal_is_the_answer_when_nobody_takes_part() -> None:
    backend = merged(
        a=Scripted({"initialize": failing(-32602, "too old")}),
        b=Scripted({"initialize": failing(-32603, "broken")}),
    )
    async with serving(backend) as address:
        with pytest.raises(RemoteError, match="too old"):
            async with LEGACY_SESSION.client(address):
                pass


async def test_without_any_member_up_the_handshake_is_unavailable() -> None:
    backend = merged(a=Fragile(app("a"), serving=False))
    async with serving(backend) as address:
        with pytest.raises(ServiceError) as caught:
            async with LEGACY_SESSION.client(address):
                pass
    assert caught.value.reason == "UPSTREAM_UNAVAILABLE"


async def test_a_member_that_comes_later_is_told_what_the_client_said_at_the_beginning() -> None:
    late = Scripted(
        {
            "initialize": initialized_as("2025-06-18"),
            "logging/setLevel": "{}",
            "tools/list": tools("x"),
            "tools/call": '{"content":[]}',
        }
    )
    late.availability.set(serving=False)
    first = Scripted(
        {"initialize": initialized_as("2025-06-18", logging={}, tools={}), "logging/setLevel": "{}"}
    )
    heard = Heard()
    async with LEGACY_SESSION.connect(merged(a=first, b=late), on_notification=heard) as client:
        await client.request("logging/setLevel", {"level": "warning"})
        late.availability.set(serving=True)
        # Only what the client knows of: nobody said that there are prompts or resources.
        assert await heard.methods(1) == {"notifications/tools/list_changed"}
        await client.call_tool("x")
    assert late.methods() == ["initialize", "logging/setLevel", "tools/list", "tools/call"]
    initialize, level = late.asked[:2]
    assert initialize.params is not None
    assert initialize.params["protocolVersion"] == "2025-06-18"
    assert initialize.params["clientInfo"]["name"] == "mcpgrpc"
    assert '"protocolVersion":"2025-06-18"' in (initialize.params_json or "")
    assert level.params == {"level": "warning"}
    assert [told.method for told in late.told] == ["notifications/initialized"]


async def test_the_client_is_told_when_a_member_comes_and_when_it_goes() -> None:
    fragile = Fragile(app("b"))
    heard = Heard()
    backend = merged(a=app("a"), b=fragile)
    async with LEGACY_SESSION.connect(backend, on_notification=heard) as client:
        # Behind the end of the handshake: before it a client has no lists.
        await client.request("ping")
        fragile.go()
        assert await heard.methods(3) == LISTS_CHANGED
        fragile.come()
        assert await heard.methods(3) == LISTS_CHANGED
    # It found its session again by itself: it was initialised once.
    assert fragile.connections == 1


async def test_a_call_waits_for_a_member_that_is_just_joining() -> None:
    answered = asyncio.Event()

    async def slowly(call: Any, client: Any) -> Any:
        await answered.wait()
        return result({"protocolVersion": "2025-11-25", "capabilities": {}, "serverInfo": {}})

    member = Scripted(
        {
            "initialize": initialized_as("2025-11-25"),
            "tools/list": tools("x"),
            "tools/call": '{"content":[]}',
        }
    )
    async with serving(merged(a=app("a"), b=member)) as address:
        async with LEGACY_SESSION.client(address) as client:
            await client.list_tools()
        member.availability.set(serving=False)
        async with LEGACY_SESSION.client(address) as client:
            member.answers["initialize"] = slowly
            member.availability.set(serving=True)
            waiting = asyncio.create_task(client.call_tool("x"))
            await client.call_tool("only_a")
            assert not waiting.done()
            answered.set()
            await waiting


async def test_a_changed_list_of_one_member_reaches_the_client_and_is_seen() -> None:
    changing = MCPServer("a")

    @changing.tool()
    async def add(ctx: Context) -> str:
        def added() -> str:
            return "added"

        changing.add_tool(added, name="only_b")
        await ctx.session.send_tool_list_changed()
        return "changed"

    heard = Heard()
    async with LEGACY_SESSION.connect(
        merged(a=changing, b=app("b")), on_notification=heard
    ) as client:
        await client.list_tools()
        await client.call_tool("add")
        assert (await heard.next())[0] == "notifications/tools/list_changed"
        assert {"a_only_b", "b_only_b"} < {tool.name for tool in await client.list_tools()}


async def test_the_level_goes_to_all_and_is_well_set_where_one_has_levels() -> None:
    first = Scripted({"initialize": initialized_as("2025-11-25"), "logging/setLevel": "{}"})
    second = Scripted({"initialize": initialized_as("2025-11-25"), "logging/setLevel": "{}"})
    backend = merged(without=app("without"), a=first, b=second)
    async with LEGACY_SESSION.connect(backend) as client:
        await client.request("logging/setLevel", {"level": "error"})
    for member in (first, second):
        assert [c.params for c in member.asked if c.request.method == "logging/setLevel"] == [
            {"level": "error"}
        ]


async def test_where_nobody_has_levels_there_is_no_such_method() -> None:
    async with LEGACY_SESSION.connect(merged(a=app("a"), b=app("b"))) as client:
        with pytest.raises(RemoteError) as caught:
            await client.request("logging/setLevel", {"level": "error"})
    assert caught.value.code == -32601


async def test_notifications_of_the_client_go_to_everyone() -> None:
    members = [Scripted({"initialize": initialized_as("2025-11-25"), "done": "{}"}) for _ in "ab"]
    async with LEGACY_SESSION.connect(merged(a=members[0], b=members[1])) as client:
        await client.notify("notifications/roots/list_changed", {"_meta": {"n": 1}})
        await client.request("ping")
    for member in members:
        assert [told.method for told in member.told] == [
            "notifications/initialized",
            "notifications/roots/list_changed",
        ]
        assert member.told[1].params == {"_meta": {"n": 1}}


class Seats(BaseModel):
    seats: int


def booking(name: str) -> MCPServer:
    server = MCPServer(name)

    @server.tool()
    async def book(ctx: Context) -> str:
        answer = await ctx.elicit(f"{name} asks", Seats)
        assert answer.action == "accept"
        return f"{name} books {answer.data.seats}"

    return server


async def test_each_member_asks_the_client_and_gets_its_own_answer() -> None:
    async def answer(method: str, params: Any) -> Any:
        assert method == "elicitation/create"
        seats = {"a asks": 1, "b asks": 2}[params["message"]]
        return {"action": "accept", "content": {"seats": seats}}

    async with LEGACY_SESSION.connect(
        merged(a=booking("a"), b=booking("b")),
        capabilities={"elicitation": {"form": {}}},
        on_request=answer,
    ) as client:
        calls = [client.call_tool(name) for name in ("a_book", "b_book") * 5]
        texts = [found.content[0].text for found in await asyncio.gather(*calls)]
    assert texts == ["a books 1", "b books 2"] * 5


def asking(token: Any) -> Scripted:
    """Asks the client under a progress token, and answers its call when it has heard progress."""

    async def call_tool(call: Any, client: Any) -> Any:
        meta = {"_meta": {"progressToken": token}}
        text = result({"messages": [], "maxTokens": 1, **meta}).result_json
        request_id = client.next_request_id()
        await client.request(request_id, "sampling/createMessage", text, call.request.id, None)
        return result({"content": []})

    return Scripted(
        {
            "initialize": initialized_as("2025-11-25"),
            "tools/list": tools("ask"),
            "tools/call": call_tool,
        }
    )


async def test_progress_of_the_client_goes_to_the_member_that_asked_under_its_own_token() -> None:
    members: dict[str, Any] = {"a": asking(1), "b": asking(1), "c": asking("1")}
    asked: asyncio.Queue[Any] = asyncio.Queue()
    answered = asyncio.Event()

    async def answer(method: str, params: Any) -> Any:
        asked.put_nowait(params["_meta"]["progressToken"])
        await answered.wait()
        return {"role": "assistant", "content": {"type": "text", "text": ""}, "model": "m"}

    async with LEGACY_SESSION.connect(merged(**members), on_request=answer) as client:
        calls = []
        tokens = []
        for name in members:
            calls.append(asyncio.create_task(client.call_tool(f"{name}_ask")))
            tokens.append(await asyncio.wait_for(asked.get(), 20))
        assert len(set(tokens)) == 3
        for progress, token in enumerate(tokens):
            params = {"progressToken": token, "progress": progress}
            await client.notify("notifications/progress", params)
        await client.notify("notifications/progress", {"progressToken": "nobody's", "progress": 9})
        await client.request("ping")
        answered.set()
        await asyncio.gather(*calls)
    for progress, (member, own) in enumerate(zip(members.values(), [1, 1, "1"], strict=True)):
        [told] = [told for told in member.told if told.method == "notifications/progress"]
        assert told.params == {"progressToken": own, "progress": progress}
        assert told.params_json is not None
        assert result(told.params).result_json == told.params_json.replace(" ", "")


async def test_what_belongs_to_a_list_that_the_client_did_not_ask_for_is_not_sent_to_it() -> None:
    async def chatty(call: Any, client: Any) -> Any:
        log = '{"level":"info","data":"listing"}'
        await client.notify("notifications/message", log, call.request.id)
        return result({"tools": [{"name": "x", "inputSchema": {}}]})

    member = Scripted(
        {
            "initialize": initialized_as("2025-11-25"),
            "tools/list": chatty,
            "tools/call": '{"content":[]}',
        }
    )
    heard = Heard()
    async with LEGACY_SESSION.connect(
        merged(a=member, b=app("b")), on_notification=heard
    ) as client:
        await client.call_tool("x")
        assert heard.queue.empty()
        await client.list_tools()
        assert (await heard.next())[0] == "notifications/message"


async def test_requests_before_the_handshake_are_refused_as_a_member_alone_refuses_them() -> None:
    async with (
        serving(merged(a=app("a"), b=app("b"))) as address,
        grpc.aio.insecure_channel(address) as channel,
    ):
        stream = mcp_service_pb2_grpc.McpServiceStub(channel).Session()
        request = envelope_pb2.JsonRpcRequest(
            id=envelope_pb2.RequestId(integer=1),
            method="tools/call",
            params_json='{"name":"x"}',
        )
        item = session_pb2.ClientItem(envelope=envelope_pb2.Envelope(request=request))
        await stream.write(mcp_service_pb2.SessionRequest(items=[item]))
        await stream.done_writing()
        items = [item async for frame in stream for item in frame.items]
    [response] = [item.envelope.response for item in items if item.HasField("envelope")]
    assert response.error.code == -32602
