"""More clients of the HTTP door than one connection to the server carries."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import pytest
from websockets.asyncio.client import connect

from mcpgrpc_server import Server, ServerSettings
from tests.doors.door import (
    ANSWER_SECONDS,
    Door,
    initialize_request,
    messages_of,
    open_door,
    tool_call,
)
from tests.doors.door_app import Watched

OF_A_CONNECTION = 3
SESSIONS = 7


@asynccontextmanager
async def narrow_door(watched: Watched, **settings: Any) -> AsyncIterator[Door]:
    """A door in front of a server that takes few streams on a connection."""
    narrow = ServerSettings(max_concurrent_streams=OF_A_CONNECTION)
    async with (
        Server(watched.app, ["127.0.0.1:0"], settings=narrow) as server,
        open_door(server.addresses[0], **settings) as door,
    ):
        yield door


async def echoed(door: Door, session: str, text: str) -> str:
    answer = messages_of(await door.legacy(tool_call(1, "echo", text=text), session))[-1]
    said: str = answer["result"]["structuredContent"]["result"]
    return said


async def test_more_clients_than_a_connection_carries_get_another_connection(
    watched: Watched,
) -> None:
    async with (
        narrow_door(watched, streams_per_connection=OF_A_CONNECTION) as door,
        AsyncExitStack() as sockets,
        asyncio.timeout(ANSWER_SECONDS),
    ):
        sessions = [await door.initialize() for _ in range(SESSIONS)]
        for _ in range(SESSIONS):
            socket = await sockets.enter_async_context(connect(door.ws, proxy=None))
            await socket.send('{"jsonrpc":"2.0","id":1,"method":"server/discover"}')
            await socket.recv()
        modern = [
            asyncio.create_task(door.modern("tools/call", {"name": "gated"}))
            for _ in range(SESSIONS)
        ]
        texts = [f"text {number}" for number in range(SESSIONS)]
        said = await asyncio.gather(*map(echoed, [door] * SESSIONS, sessions, texts))
        assert said == texts
        watched.go_on.set()
        for answer in await asyncio.gather(*modern):
            assert answer.json()["result"]["structuredContent"] == {"result": "let go"}
        assert (await door.http.get(f"{door.url}/ready")).status_code == 200
        connections = len(door.running.gateway.channels)
        assert connections == -(-3 * SESSIONS // OF_A_CONNECTION)


@pytest.mark.parametrize("era", ["legacy", "socket"])
async def test_a_stream_that_the_server_does_not_take_is_refused_in_time_and_clearly(
    watched: Watched, era: str
) -> None:
    async with (
        narrow_door(watched, streams_per_connection=1000, connect_timeout_seconds=0.5) as door,
        asyncio.timeout(ANSWER_SECONDS),
    ):
        for _ in range(OF_A_CONNECTION):
            await door.initialize()
        if era == "legacy":
            answer = await door.legacy(initialize_request())
            assert answer.status_code == 503
            error = answer.json()["error"]
        else:
            async with connect(door.ws, proxy=None) as socket:
                await socket.send('{"jsonrpc":"2.0","id":1,"method":"server/discover"}')
                error = _error(await socket.recv())
        assert "within 0.5 s: what is there takes connections" in error["message"]
        assert error["data"]["execution"] == "NOT_STARTED"


def _error(text: str | bytes) -> dict[str, Any]:
    error: dict[str, Any] = json.loads(text)["error"]
    return error


async def test_a_client_that_leaves_makes_room_for_another(watched: Watched) -> None:
    async with (
        narrow_door(watched, streams_per_connection=OF_A_CONNECTION) as door,
        asyncio.timeout(ANSWER_SECONDS),
    ):
        for _ in range(2 * OF_A_CONNECTION):
            session = await door.initialize()
            headers = {"mcp-session-id": session}
            assert (await door.http.delete(door.mcp, headers=headers)).is_success
        assert len(door.running.gateway.channels) <= 2
