"""The lean client answers a legacy server's requests, by the callback or by refusing."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from mcp.server import MCPServer
from mcp.server.mcpserver import Context
from mcp.types import SamplingMessage, TextContent

from mcpgrpc.errors import RemoteError
from mcpgrpc.testing import connected
from tests.client.app import text_of

MAX_SECONDS = 10

pytestmark = pytest.mark.filterwarnings("ignore::mcp.MCPDeprecationWarning")
ANSWER = {"role": "assistant", "content": {"type": "text", "text": "a line"}, "model": "m"}


@pytest.fixture
def app() -> MCPServer:
    app = MCPServer("asks")

    @app.tool()
    async def ask(ctx: Context) -> str:
        message = SamplingMessage(role="user", content=TextContent(text="?"))
        result = await ctx.session.create_message([message], max_tokens=5)
        assert isinstance(result.content, TextContent)
        return result.content.text

    @app.tool()
    async def ping(ctx: Context) -> str:
        await ctx.session.send_ping()
        return "pong"

    return app


async def test_the_callback_answers_and_is_given_method_and_params(app: MCPServer) -> None:
    asked: list[Any] = []

    async def answer(method: str, params: dict[str, Any] | None) -> dict[str, Any]:
        asked.append((method, params and params["maxTokens"]))
        return ANSWER

    async with connected(
        app, mode="legacy", on_request=answer, capabilities={"sampling": {}}
    ) as client:
        assert text_of(await client.call_tool("ask")) == "a line"
        assert text_of(await client.call_tool("ping")) == "pong"
    assert asked == [("sampling/createMessage", 5)]


async def test_a_callback_that_calls_back_is_not_blocked(app: MCPServer) -> None:
    clients: list[Any] = []

    async def answer(method: str, params: dict[str, Any] | None) -> dict[str, Any]:
        assert text_of(await clients[0].call_tool("ping")) == "pong"
        return ANSWER

    async with (
        asyncio.timeout(MAX_SECONDS),
        connected(app, mode="legacy", on_request=answer, capabilities={"sampling": {}}) as client,
    ):
        clients.append(client)
        assert text_of(await client.call_tool("ask")) == "a line"


async def test_an_error_of_the_callback_reaches_the_server_as_one(
    app: MCPServer, caplog: pytest.LogCaptureFixture
) -> None:
    async def refuse(method: str, params: dict[str, Any] | None) -> dict[str, Any]:
        raise RemoteError(-1, "the user said no")

    async def broken(method: str, params: dict[str, Any] | None) -> dict[str, Any]:
        raise ValueError("secret-of-the-client")

    options: dict[str, Any] = {"mode": "legacy", "capabilities": {"sampling": {}}}
    async with connected(app, on_request=refuse, **options) as client:
        with pytest.raises(RemoteError, match="the user said no"):
            await client.call_tool("ask")
    async with connected(app, on_request=broken, **options) as client:
        with pytest.raises(RemoteError) as refused:
            await client.call_tool("ask")
    assert "secret-of-the-client" not in str(refused.value)
    assert "secret-of-the-client" in caplog.text


async def test_without_a_callback_requests_are_refused_and_ping_is_answered(app: MCPServer) -> None:
    async with connected(app, mode="legacy", capabilities={"sampling": {}}) as client:
        with pytest.raises(RemoteError) as refused:
            await client.call_tool("ask")
        assert text_of(await client.call_tool("ping")) == "pong"
    assert refused.value.code == -32601
