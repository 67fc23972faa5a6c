"""The lean client's methods against a real server, over both RPCs."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import pytest
from mcp.server import MCPServer
from mcp.server import Server as SdkServer
from mcp.types import ListToolsResult, Tool

from mcpgrpc import Client
from mcpgrpc.client import client as client_module
from mcpgrpc.client import pages
from mcpgrpc.errors import ConnectionLost, McpGrpcError, RemoteError, RequestTimeout, UsageError
from mcpgrpc.testing import connected, serving
from mcpgrpc_server import Server
from tests.client.app import Ledger, text_of
from tests.client.conftest import MODERN, Connect

MAX_SECONDS = 10


async def test_the_testing_pair_serves_an_app_and_connects_a_client() -> None:
    app = MCPServer("mine")

    @app.tool()
    def add(a: int, b: int) -> int:
        return a + b

    async with connected(app) as client:
        assert (await client.call_tool("add", {"a": 1, "b": 2})).structured_content == {"result": 3}
    async with serving(app) as address, Client(address, mode="legacy") as client:
        assert client.server_info is not None
        assert client.server_info["name"] == "mine"


async def test_auto_mode_discovers_and_legacy_mode_initialises(
    server: Server, connect: Connect, rpc: str
) -> None:
    client = await connect(server.addresses[0], rpc=rpc)
    assert client.protocol_version == MODERN
    assert client.server_info == {"name": "client-tests", "version": "1.0"}
    assert "tools" in client.capabilities
    assert (await client.discover())["supportedVersions"] == [MODERN]
    legacy = await connect(server.addresses[0], mode="legacy")
    assert legacy.protocol_version == "2025-11-25"


async def test_a_pinned_revision_needs_no_handshake(
    server: Server, connect: Connect, rpc: str
) -> None:
    client = await connect(server.addresses[0], mode=MODERN, rpc=rpc)
    assert (client.protocol_version, client.server_info, client.capabilities) == (MODERN, None, {})
    assert text_of(await client.call_tool("add", {"a": 2, "b": 3})) == "5"


async def test_every_named_method_gives_its_type_and_the_raw_object(
    server: Server, connect: Connect, rpc: str
) -> None:
    client = await connect(server.addresses[0], rpc=rpc)
    tools = {tool.name: tool for tool in await client.list_tools()}
    assert tools["add"].input_schema["required"] == ["a", "b"]
    assert [item.uri for item in await client.list_resources()] == ["file:///example.txt"]
    [template] = await client.list_resource_templates()
    assert template.uri_template == "note:///{name}"
    [prompt] = await client.list_prompts()
    assert [(item.name, item.required) for item in prompt.arguments] == [
        ("code", True),
        ("style", False),
    ]
    [contents] = (await client.read_resource("note:///a")).contents
    assert (contents.text, contents.data) == ("note a", b"note a")
    filled = await client.get_prompt("review", {"code": "x"})
    assert filled.messages[0].content.text == "Please be kind: x"
    raw = await client.request("tools/list")
    assert raw["tools"][0]["name"] in tools


async def test_lists_follow_pages_and_give_up_on_one_that_never_ends(
    connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str | None] = []

    async def list_tools(ctx: Any, params: Any) -> ListToolsResult:
        asked.append(params.cursor)
        tool = Tool(name=f"tool-{len(asked)}", input_schema={"type": "object"})
        return ListToolsResult(tools=[tool], next_cursor=f"page-{len(asked)}")

    monkeypatch.setattr(pages, "MAX_PAGES", 5)
    async with connected(SdkServer("endless", on_list_tools=list_tools)) as client:
        with pytest.raises(McpGrpcError, match=r"tools/list did not end within 5 pages"):
            await client.list_tools()
    assert asked == [None, "page-1", "page-2", "page-3", "page-4"]


async def test_an_error_of_the_application_keeps_code_message_and_data(
    server: Server, connect: Connect, rpc: str
) -> None:
    client = await connect(server.addresses[0], rpc=rpc)
    with pytest.raises(RemoteError) as refused:
        await client.read_resource("nope:///")
    assert refused.value.code == -32602
    assert refused.value.data == {"uri": "nope:///"}


async def test_a_timeout_says_what_was_not_answered_and_stops_the_handler(
    server: Server, connect: Connect, ledger: Ledger, rpc: str
) -> None:
    client = await connect(server.addresses[0], rpc=rpc)
    with pytest.raises(RequestTimeout, match=r"tools/call was not answered within 0\.1 s"):
        await client.call_tool("wait", timeout=0.1)
    async with asyncio.timeout(MAX_SECONDS):
        await ledger.cancelled.wait()


async def test_whichever_end_notices_a_timeout_first_it_is_a_timeout(
    server: Server, connect: Connect, rpc: str
) -> None:
    """The deadline is kept by this end, by gRPC and by the server; they fire within moments."""
    client = await connect(server.addresses[0], rpc=rpc)

    async def time_out(timeout: float) -> None:
        with pytest.raises(RequestTimeout):
            await client.call_tool("wait", timeout=timeout)

    async with asyncio.timeout(MAX_SECONDS):
        await asyncio.gather(*(time_out(0.05 + number / 1000) for number in range(50)))


async def test_there_is_always_a_deadline(server: Server, connect: Connect, rpc: str) -> None:
    client = await connect(server.addresses[0], rpc=rpc, timeout_seconds=0.1)
    with pytest.raises(RequestTimeout, match=r"within 0\.1 s"):
        await client.call_tool("wait")
    assert client_module.DEFAULT_TIMEOUT_SECONDS == 60


async def test_cancelling_the_task_stops_the_handler(
    server: Server, connect: Connect, ledger: Ledger, rpc: str
) -> None:
    client = await connect(server.addresses[0], rpc=rpc)
    async with asyncio.timeout(MAX_SECONDS):
        call = asyncio.create_task(client.call_tool("wait"))
        await ledger.started.wait()
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        await ledger.cancelled.wait()


async def test_leaving_ends_waiting_calls_and_does_not_claim_that_nothing_ran(
    server: Server, ledger: Ledger, rpc: str
) -> None:
    async with asyncio.timeout(MAX_SECONDS):
        async with Client(server.addresses[0], rpc=rpc) as client:
            call = asyncio.create_task(client.call_tool("wait"))
            await ledger.started.wait()
        with pytest.raises(ConnectionLost, match="closed") as lost:
            await call
    assert lost.value.execution == "MAYBE"


async def test_progress_is_heard_and_a_callback_that_raises_harms_nothing(
    server: Server, connect: Connect, rpc: str, caplog: pytest.LogCaptureFixture
) -> None:
    client = await connect(server.addresses[0], rpc=rpc)
    heard: list[Any] = []
    await client.call_tool("steps", {"total": 3}, on_progress=lambda *report: heard.append(report))
    assert heard == [(step, 3, f"step {step}") for step in (1, 2, 3)]

    def broken(progress: float, total: float | None, message: str | None) -> None:
        raise ValueError("not my day")

    with caplog.at_level(logging.ERROR):
        result = await client.call_tool("steps", {"total": 2}, on_progress=broken)
    assert text_of(result) == "done"
    assert "the progress callback raised" in caplog.text


async def test_a_subscription_that_is_not_acknowledged_in_time_is_a_timeout(
    connect: Connect, rpc: str
) -> None:
    async def listen(ctx: Any, params: Any) -> Any:
        await asyncio.Event().wait()

    app = SdkServer("deaf", on_subscriptions_listen=listen)
    async with serving(app) as address:
        client = await connect(address, rpc=rpc)
        with pytest.raises(RequestTimeout, match="subscriptions/listen"):
            async with client.listen(tools=True, timeout=0.1):
                pytest.fail("it was not acknowledged")


async def test_a_client_is_used_inside_of_async_with_and_only_once(server: Server) -> None:
    client = Client(server.addresses[0])
    with pytest.raises(UsageError, match="async with"):
        await client.call_tool("add")
    with pytest.raises(UsageError, match="async with"):
        _ = client.protocol_version
    async with client:
        pass
    with pytest.raises(UsageError, match="make another"):
        await client.__aenter__()


@pytest.mark.parametrize(
    ("options", "what"),
    [
        ({"mode": "ancient"}, "mode must be one of"),
        ({"mode": "legacy", "rpc": "call"}, "the legacy era needs a stream"),
        ({"rpc": "carrier pigeon"}, "rpc must be one of"),
    ],
)
def test_wrong_options_are_refused_before_anything_is_sent(
    options: dict[str, Any], what: str
) -> None:
    with pytest.raises(UsageError, match=what):
        Client("127.0.0.1:1", **options)
