"""Each revision with a handshake is negotiated when a client asks for it, and no other."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from mcp.shared.message import SessionMessage
from mcp.types import JSONRPCError, JSONRPCNotification, JSONRPCRequest, JSONRPCResponse

from tests.contract.journal import Journal
from tests.contract.routes import ROUTES
from tests.contract.subjects import APP_OF_ERA, APPS

LEGACY = ("2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25")
WIRES = (
    *(("session", app) for app in APPS),
    ("websocket", APP_OF_ERA["legacy"]),
    ("stdio", APP_OF_ERA["legacy"]),
)
"""HTTP has its own rules for a request without a session; the door's tests have them."""


class Wire:
    """JSON-RPC messages over the transport, without a client's opinions."""

    def __init__(self, streams: Any) -> None:
        self._incoming, self._outgoing = streams

    async def request(self, request_id: int, method: str, params: Any) -> Any:
        message = JSONRPCRequest(jsonrpc="2.0", id=request_id, method=method, params=params)
        await self._outgoing.send(SessionMessage(message))
        async with asyncio.timeout(10):
            received = await self._incoming.receive()
        answer = received.message
        assert isinstance(answer, JSONRPCResponse | JSONRPCError)
        assert answer.id == request_id
        return answer.result if isinstance(answer, JSONRPCResponse) else answer.error

    async def notify(self, method: str) -> None:
        message = JSONRPCNotification(jsonrpc="2.0", method=method)
        await self._outgoing.send(SessionMessage(message))

    async def initialize(self, version: str) -> Any:
        info = {"name": "contract", "version": "1"}
        params = {"protocolVersion": version, "capabilities": {}, "clientInfo": info}
        return await self.request(1, "initialize", params)


@pytest.fixture(params=WIRES, ids="-".join)
async def wire(request: pytest.FixtureRequest) -> AsyncIterator[Wire]:
    @asynccontextmanager
    async def opened() -> AsyncIterator[Wire]:
        route, app = request.param
        async with ROUTES[route](APPS[app](Journal())) as transport, transport as streams:
            yield Wire(streams)

    async with opened() as opened_wire:
        yield opened_wire


@pytest.mark.parametrize("version", LEGACY)
async def test_initialize_negotiates_the_revision_that_the_client_asks_for(
    wire: Wire, version: str
) -> None:
    agreed = await wire.initialize(version)
    assert agreed["protocolVersion"] == version
    assert agreed["serverInfo"]["name"] == "contract"
    await wire.notify("notifications/initialized")
    arguments = {"name": "add", "arguments": {"a": 1, "b": 2}}
    result = await wire.request(2, "tools/call", arguments)
    assert result["content"] == [{"type": "text", "text": "3"}]


@pytest.mark.parametrize("version", ["1999-01-01", "2099-12-31", "", "2026-07-28"])
async def test_initialize_for_any_other_revision_is_answered_with_the_newest_of_its_era(
    wire: Wire, version: str
) -> None:
    agreed = await wire.initialize(version)
    assert agreed["protocolVersion"] == LEGACY[-1]


async def test_requests_before_initialize_are_refused(wire: Wire) -> None:
    error = await wire.request(1, "tools/list", {})
    assert error.code == -32602
    assert (await wire.initialize(LEGACY[0]))["protocolVersion"] == LEGACY[0]
