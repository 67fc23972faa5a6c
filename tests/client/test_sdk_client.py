"""The SDK's client on the straight way: what it means is what it means over the SDK's own."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import mcp
import pytest
from mcp.client.session import ClientSession
from mcp.server import MCPServer
from mcp.server.mcpserver import Context
from mcp.shared.exceptions import MCPError
from mcp.shared.message import SessionMessage
from mcp.types import CONNECTION_CLOSED, REQUEST_TIMEOUT

import mcpgrpc
from mcpgrpc.connection import ConnectionOptions
from mcpgrpc.sdk import internals
from mcpgrpc.sdk.client import SdkClient
from mcpgrpc.sdk.dispatcher import GrpcDispatcher
from mcpgrpc.sdk.streams import IncomingMessages, OutgoingMessages
from mcpgrpc.sdk.transport import GrpcTransport
from mcpgrpc.testing import serving
from mcpgrpc_server import Server
from tests.client.app import Ledger, text_of
from tests.client.conftest import MODERN

MAX_SECONDS = 30
NOTICES = 50


@pytest.fixture
async def client(server: Server) -> AsyncIterator[SdkClient]:
    async with SdkClient(mcpgrpc.transport(server.addresses[0])) as client:
        yield client


@pytest.fixture
def as_messages(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The methods of what the SDK's client sends as messages from now on."""
    methods: list[str] = []
    send = OutgoingMessages.send

    async def noted(self: OutgoingMessages, item: Any) -> None:
        methods.append(item.message.method)
        await send(self, item)

    monkeypatch.setattr(OutgoingMessages, "send", noted)
    return methods


async def test_a_call_makes_no_message(client: SdkClient, as_messages: list[str]) -> None:
    async with asyncio.timeout(MAX_SECONDS):
        results = await asyncio.gather(
            *(client.call_tool("add", {"a": number, "b": 1}) for number in range(100))
        )
    assert [text_of(result) for result in results] == [str(number + 1) for number in range(100)]
    assert as_messages == []


@pytest.mark.parametrize("mode", ["auto", "legacy", MODERN])
async def test_it_answers_as_the_sdks_client_does_at_both_eras(server: Server, mode: str) -> None:
    answers = []
    for kind in (SdkClient, mcp.Client):
        async with kind(mcpgrpc.transport(server.addresses[0]), mode=mode) as client:
            result = await client.call_tool("add", {"a": 1, "b": 2})
            with pytest.raises(MCPError) as refused:
                await client.read_resource("file:///absent")
            listed = await client.list_tools()
            answers.append((result, refused.value.error, listed, client.protocol_version))
    assert answers[0] == answers[1]


async def test_a_span_of_opentelemetry_takes_the_sdks_way(
    client: SdkClient, as_messages: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mcpgrpc.sdk.internals.records_no_spans", lambda: False)
    await client.call_tool("add", {"a": 1, "b": 2})
    assert "tools/call" in as_messages


async def test_progress_is_reported_before_the_result(client: SdkClient) -> None:
    reported: list[float] = []

    async def on_progress(progress: float, total: float | None, message: str | None) -> None:
        del total, message
        reported.append(progress)

    await client.call_tool("steps", {"total": NOTICES}, progress_callback=on_progress)
    assert reported == list(range(1, NOTICES + 1))


async def test_what_the_server_says_before_a_result_is_heard_before_it() -> None:
    app = MCPServer("notices")

    @app.tool()
    async def say(times: int, ctx: Context) -> str:
        for _ in range(times):
            await ctx.session.send_resource_list_changed()
        return "said"

    heard: list[Any] = []

    async def on_message(message: Any) -> None:
        heard.append(message.method)

    async with (
        serving(app) as address,
        SdkClient(mcpgrpc.transport(address), mode="legacy", message_handler=on_message) as client,
        asyncio.timeout(MAX_SECONDS),
    ):
        # The SDK's client lists tools after the first call, which would hide what comes too late.
        await client.call_tool("say", {"times": 0})
        await client.call_tool("say", {"times": NOTICES})
        assert heard == ["notifications/resources/list_changed"] * NOTICES


async def test_a_timeout_is_the_sdks_and_stops_the_server(
    client: SdkClient, ledger: Ledger
) -> None:
    with pytest.raises(MCPError, match="'tools/call' timed out") as timed_out:
        await client.call_tool("wait", read_timeout_seconds=0.05)
    assert timed_out.value.code == REQUEST_TIMEOUT
    async with asyncio.timeout(MAX_SECONDS):
        if ledger.started.is_set():
            await ledger.cancelled.wait()
        assert text_of(await client.call_tool("add", {"a": 1, "b": 2})) == "3"


async def test_a_cancelled_call_is_cancelled_at_the_server(
    client: SdkClient, ledger: Ledger
) -> None:
    waiting = asyncio.create_task(client.call_tool("wait"))
    async with asyncio.timeout(MAX_SECONDS):
        await ledger.started.wait()
        waiting.cancel()
        await ledger.cancelled.wait()
        with pytest.raises(asyncio.CancelledError):
            await waiting


async def test_a_call_cancelled_before_it_began_is_not_sent(
    client: SdkClient, ledger: Ledger
) -> None:
    calling = asyncio.create_task(client.call_tool("count", {"number": 1}))
    calling.cancel()
    with pytest.raises(asyncio.CancelledError):
        await calling
    await client.call_tool("count", {"number": 2})
    assert ledger.executed == {2: 1}


async def test_the_end_of_the_session_wakes_whoever_waits(server: Server, ledger: Ledger) -> None:
    transport = GrpcTransport(ConnectionOptions(server.addresses[0]))
    async with transport, asyncio.timeout(MAX_SECONDS):
        async with ClientSession(dispatcher=transport.dispatcher()) as session:
            await session.initialize()
            waiting = asyncio.create_task(session.call_tool("wait"))
            await ledger.started.wait()
        with pytest.raises(MCPError) as closed:
            await waiting
        assert closed.value.code == CONNECTION_CLOSED
        with pytest.raises(MCPError, match="Connection closed"):
            await session.call_tool("add", {"a": 1, "b": 2})


async def test_a_lost_connection_says_whether_the_call_may_have_run(
    server: Server, ledger: Ledger
) -> None:
    transport = mcpgrpc.transport(server.addresses[0])
    async with SdkClient(transport, mode=MODERN) as client, asyncio.timeout(MAX_SECONDS):
        waiting = asyncio.create_task(client.call_tool("wait"))
        await ledger.started.wait()
        await server.stop()
        with pytest.raises(MCPError) as lost:
            await waiting
        assert lost.value.code == CONNECTION_CLOSED
        assert lost.value.error.data == {"reason": "CONNECTION_LOST", "execution": "MAYBE"}


async def test_a_request_that_the_application_cancels_by_hand_is_answered_no_more(
    server: Server, ledger: Ledger
) -> None:
    transport = GrpcTransport(ConnectionOptions(server.addresses[0]))
    async with transport, asyncio.timeout(MAX_SECONDS):
        dispatcher = transport.dispatcher()
        async with ClientSession(dispatcher=dispatcher) as session:
            await session.initialize()
            waiting = asyncio.create_task(session.call_tool("wait"))
            await ledger.started.wait()
            [request_id] = transport._link._straight
            await dispatcher.notify("notifications/cancelled", {"requestId": request_id})
            await ledger.cancelled.wait()
            await session.send_ping()
            assert not waiting.done()
        with pytest.raises(MCPError, match="Connection closed"):
            await waiting


async def test_over_another_transport_it_is_the_sdks_client() -> None:
    app = MCPServer("in-memory")
    async with SdkClient(app) as client:
        assert (await client.list_tools()).tools == []
        assert not isinstance(client.session._dispatcher, GrpcDispatcher)


async def test_where_the_sdk_connects_in_another_way_it_sends_messages(
    server: Server, as_messages: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mcpgrpc.sdk.client.CLIENT_ATTRIBUTES", ("_gone",))
    async with SdkClient(mcpgrpc.transport(server.addresses[0])) as client:
        await client.call_tool("add", {"a": 1, "b": 2})
    assert "tools/call" in as_messages


def test_the_sdk_has_the_names_that_the_straight_way_uses() -> None:
    dispatcher = internals.JSONRPCDispatcher(IncomingMessages(), OutgoingMessages(_nobody))
    missing = [name for name in internals.DISPATCHER_ATTRIBUTES if not hasattr(dispatcher, name)]
    assert missing == [], f"JSONRPCDispatcher has moved {missing}"
    client = mcp.Client(MCPServer("any"))
    gone = [name for name in internals.CLIENT_ATTRIBUTES if not hasattr(client, name)]
    assert gone == [], f"mcp.Client has moved {gone}"


async def _nobody(message: SessionMessage) -> None:
    raise AssertionError(f"nobody sends {message}")
