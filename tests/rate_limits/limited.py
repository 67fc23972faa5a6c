"""A server with rate limits, whose callers are who their token says, and clients of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from mcp.server import MCPServer

import mcpgrpc
from mcpgrpc.errors import ServiceError
from mcpgrpc_server import Server, ServerSettings
from tests.rights.app import TokenIsSubject

SECONDS = 30


def app(called: list[str]) -> MCPServer[Any]:
    served: MCPServer[Any] = MCPServer("app")

    @served.tool()
    def search() -> str:
        called.append("search")
        return "found"

    @served.tool()
    def echo() -> str:
        called.append("echo")
        return "echo"

    return served


@asynccontextmanager
async def limited(called: list[str], **settings: Any) -> AsyncIterator[str]:
    """Serves; gives the address."""
    chosen = ServerSettings(listen=["127.0.0.1:0"], **settings)
    server = Server(app(called), settings=chosen, interceptors=[TokenIsSubject()])
    async with asyncio.timeout(SECONDS), server:
        yield server.addresses[0]


async def calls_until_refused(
    client: mcpgrpc.Client, tool: str = "echo", *, most: int = 50
) -> tuple[int, ServiceError]:
    """How many calls of a tool were let through, and how the next was refused."""
    for number in range(most):
        try:
            await client.call_tool(tool, {})
        except ServiceError as refused:
            return number, refused
    raise AssertionError(f"none of {most} calls was refused")
