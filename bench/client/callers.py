"""The two clients of this service, and the SDK's over its own HTTP, behind one small face.

A face adds no layer to a call: the timed path is the client's own method.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, Final

import mcp
from mcp.client import Transport
from mcp.client.streamable_http import streamable_http_client

import mcpgrpc
from mcpgrpc import ApiKeyFile, ChannelSecurity, TokenFile

CALL_SECONDS: Final = 120.0
"""No call waits longer, whatever the machine."""


class LeanCaller:
    """`mcpgrpc.Client`."""

    def __init__(self, client: mcpgrpc.Client) -> None:
        self._client = client
        self.call_tool: Callable[[str, dict[str, Any]], Awaitable[Any]] = client.call_tool

    def value(self, result: Any) -> Any:
        """The value that the SDK put into the structured content."""
        return result.structured_content["result"]

    def text(self, result: Any) -> str:
        """The first text."""
        text: str = result.content[0].text
        return text

    async def tool_names(self) -> list[str]:
        """Every tool."""
        return [tool.name for tool in await self._client.list_tools()]

    async def progress(self, steps: int) -> list[float]:
        """What was reported."""
        reported: list[float] = []

        def on_progress(done: float, total: float | None, message: str | None) -> None:
            del total, message
            reported.append(float(done))

        await self._client.call_tool("progress", {"steps": steps}, on_progress=on_progress)
        return reported


class SdkCaller:
    """The SDK's client, over whichever transport."""

    def __init__(self, client: mcp.Client) -> None:
        self._client = client
        self.call_tool: Callable[[str, dict[str, Any]], Awaitable[Any]] = client.call_tool

    def value(self, result: Any) -> Any:
        """The value in the structured content."""
        return result.structured_content["result"]

    def text(self, result: Any) -> str:
        """The first text."""
        text: str = result.content[0].text
        return text

    async def tool_names(self) -> list[str]:
        """One page, which holds all."""
        return [tool.name for tool in (await self._client.list_tools()).tools]

    async def progress(self, steps: int) -> list[float]:
        """What was reported."""
        reported: list[float] = []

        async def on_progress(progress: float, total: float | None, message: str | None) -> None:
            del total, message
            reported.append(float(progress))

        await self._client.call_tool("progress", {"steps": steps}, progress_callback=on_progress)
        return reported


def security_of(options: dict[str, Any]) -> ChannelSecurity | None:
    """TLS as the options of a client process say it."""
    if "tls_ca" not in options:
        return None
    return ChannelSecurity(
        tls=True,
        tls_ca=options["tls_ca"],
        tls_cert=options.get("tls_cert"),
        tls_key=options.get("tls_key"),
    )


def token_of(options: dict[str, Any]) -> ApiKeyFile | TokenFile | None:
    """The credential as the options of a client process say it."""
    if "api_key_file" in options:
        return ApiKeyFile(options["api_key_file"])
    if "token_file" in options:
        return TokenFile(options["token_file"])
    return None


def lean_client(target: str, options: dict[str, Any]) -> mcpgrpc.Client:
    """A lean client, not yet connected."""
    return mcpgrpc.Client(
        target,
        mode=options.get("mode", "auto"),
        rpc=options.get("rpc", "session"),
        security=security_of(options),
        token=token_of(options),
        timeout_seconds=CALL_SECONDS,
        streams=options.get("streams", 1),
    )


@asynccontextmanager
async def lean(target: str, options: dict[str, Any]) -> AsyncIterator[LeanCaller]:
    """The lean client, connected."""
    async with lean_client(target, options) as client:
        yield LeanCaller(client)


@asynccontextmanager
async def sdk_grpc(target: str, options: dict[str, Any]) -> AsyncIterator[SdkCaller]:
    """The SDK's client over this service's transport, or the one that goes straight."""
    transport = mcpgrpc.transport(target, security=security_of(options), token=token_of(options))
    made = mcpgrpc.SdkClient if options.get("straight") else mcp.Client
    async with _sdk(transport, options, made) as caller:
        yield caller


@asynccontextmanager
async def sdk_http(url: str, options: dict[str, Any]) -> AsyncIterator[SdkCaller]:
    """The SDK's client over Streamable HTTP, its own way; results may be as large as ours."""
    transport = streamable_http_client(url, max_sse_event_size=None)
    async with _sdk(transport, options) as caller:
        yield caller


@asynccontextmanager
async def _sdk(
    transport: Transport, options: dict[str, Any], made: type[mcp.Client] = mcp.Client
) -> AsyncIterator[SdkCaller]:
    # Without its cache, so that a list is asked of the server each time.
    client = made(
        transport,
        mode=options.get("mode", "auto"),
        read_timeout_seconds=CALL_SECONDS,
        cache=None,
    )
    async with client:
        yield SdkCaller(client)
