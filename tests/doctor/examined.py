"""An examination of a real server, whole, by the name of what was looked at."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from mcp.server import MCPServer

from mcpgrpc.doctor import Finding, Level, examine
from mcpgrpc_server import Server, ServerSettings

CHECKS = (
    *("resolve", "connect", "tls", "health", "reflection"),
    *("authentication", "versions", "round trip", "limits", "clock"),
)


async def examined(address: str, **how: Any) -> dict[str, Finding]:
    """Every finding; in the order in which they came."""
    found = [each async for each in examine(address, **{"timeout_seconds": 5.0} | how)]
    assert [each.check for each in found] == [
        name for name in CHECKS if name in {each.check for each in found}
    ]
    return {each.check: each for each in found}


def levels(found: dict[str, Finding], level: Level) -> set[str]:
    """What is at a level."""
    return {name for name, each in found.items() if each.level is level}


@asynccontextmanager
async def serving(**settings: Any) -> AsyncIterator[Server]:
    """A server of a small app."""
    app = MCPServer("adder", version="1.2")

    @app.tool()
    async def add(a: int, b: int) -> int:
        return a + b

    listen = {"listen": ["127.0.0.1:0"]}
    async with Server(app, settings=ServerSettings(**listen | settings)) as server:
        yield server
