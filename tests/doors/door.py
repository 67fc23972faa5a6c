"""The HTTP door in front of a real server, both in the test's own event loop."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx2

from mcpgrpc.connection import ConnectionOptions
from mcpgrpc.gateway.observing import DoorListener
from mcpgrpc.gateway.serving import RunningDoor, running_door
from mcpgrpc.gateway.settings import GatewaySettings

ANSWER_SECONDS = 20
MODERN = "2026-07-28"
LEGACY = "2025-11-25"
JSON_AND_SSE = "application/json, text/event-stream"
BOTH = {"content-type": "application/json", "accept": JSON_AND_SSE}
CLIENT_INFO = {"name": "host", "version": "1"}
META = {
    "io.modelcontextprotocol/protocolVersion": MODERN,
    "io.modelcontextprotocol/clientInfo": CLIENT_INFO,
    "io.modelcontextprotocol/clientCapabilities": {},
}


@dataclass(frozen=True)
class Door:
    """A door that listens, and an HTTP client for it."""

    running: RunningDoor
    http: httpx2.AsyncClient

    @property
    def url(self) -> str:
        return self.running.url

    @property
    def mcp(self) -> str:
        return f"{self.url}/mcp"

    @property
    def ws(self) -> str:
        return f"{self.url.replace('http', 'ws', 1)}/ws"

    async def modern(
        self, method: str, params: dict[str, Any] | None = None, /, **headers: str
    ) -> httpx2.Response:
        """POST a modern request, with the headers that belong to it and some more."""
        content, fields = modern_request(method, params)
        fields |= {name.replace("_", "-"): value for name, value in headers.items()}
        return await self.http.post(self.mcp, content=content, headers=fields)

    async def legacy(
        self, message: dict[str, Any], session: str | None = None, /, **headers: str
    ) -> httpx2.Response:
        """POST a message of the legacy era."""
        fields = legacy_headers(session) | headers
        content = json.dumps({"jsonrpc": "2.0", **message})
        return await self.http.post(self.mcp, content=content, headers=fields)

    async def initialize(self, **headers: str) -> str:
        """Open a legacy session; gives its id."""
        answer = await self.legacy(initialize_request(), **headers)
        assert answer.status_code == 200, answer.text
        session: str = answer.headers["mcp-session-id"]
        initialized = {"method": "notifications/initialized"}
        assert (await self.legacy(initialized, session, **headers)).status_code == 202
        return session


def initialize_request(version: str = LEGACY) -> dict[str, Any]:
    params = {"protocolVersion": version, "capabilities": {}, "clientInfo": CLIENT_INFO}
    return {"id": 0, "method": "initialize", "params": params}


def tool_call(request_id: Any, name: str, **arguments: Any) -> dict[str, Any]:
    return {
        "id": request_id,
        "method": "tools/call",
        "params": {"name": name, "arguments": arguments},
    }


def modern_request(
    method: str, params: dict[str, Any] | None = None, request_id: Any = 1
) -> tuple[str, dict[str, str]]:
    """The body and the headers of a modern request."""
    meta = META | (params or {}).get("_meta", {})
    message = {
        "jsonrpc": "2.0",
        "id": request_id,
        "method": method,
        "params": {**(params or {}), "_meta": meta},
    }
    fields = BOTH | {"mcp-protocol-version": MODERN, "mcp-method": method}
    name = (params or {}).get("uri" if method == "resources/read" else "name")
    if name is not None:
        fields["mcp-name"] = name
    return json.dumps(message), fields


def legacy_headers(session: str | None = None) -> dict[str, str]:
    fields = dict(BOTH)
    if session is not None:
        fields |= {"mcp-session-id": session, "mcp-protocol-version": LEGACY}
    return fields


def messages_of(answer: httpx2.Response) -> list[dict[str, Any]]:
    """The JSON-RPC messages of a whole response, JSON or SSE."""
    if answer.headers["content-type"].startswith("application/json"):
        return [answer.json()]
    lines = (line.removeprefix("data:").strip() for line in answer.text.split("\r\n"))
    return [json.loads(line) for line in lines if line.startswith("{")]


async def next_message(lines: AsyncIterator[str]) -> dict[str, Any]:
    """The next message of an SSE response that is under way."""
    async for line in lines:
        if line.startswith("data: {"):
            message: dict[str, Any] = json.loads(line.removeprefix("data: "))
            return message
    raise AssertionError("the response ended")


@asynccontextmanager
async def open_door(
    address: str,
    *,
    connect_timeout_seconds: float = ANSWER_SECONDS,
    listener: DoorListener | None = None,
    **settings: Any,
) -> AsyncIterator[Door]:
    """A door in front of a server, on a free port."""
    options = ConnectionOptions(target=address, connect_timeout_seconds=connect_timeout_seconds)
    async with (
        running_door(
            options, GatewaySettings(**settings), "127.0.0.1:0", listener=listener
        ) as running,
        http_client() as http,
    ):
        yield Door(running, http)


def http_client() -> httpx2.AsyncClient:
    return httpx2.AsyncClient(timeout=2 * ANSWER_SECONDS, trust_env=False)
