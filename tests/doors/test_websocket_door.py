"""MCP over a WebSocket, as the `websockets` library speaks it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from mcpgrpc.testing import serving
from tests.doors.conftest import ServerProcess
from tests.doors.door import (
    ANSWER_SECONDS,
    META,
    Door,
    initialize_request,
    open_door,
    tool_call,
)
from tests.doors.door_app import Watched


class Socket:
    """A client that sends and reads messages by hand."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection

    async def send(self, message: dict[str, Any]) -> None:
        await self.connection.send(json.dumps({"jsonrpc": "2.0", **message}))

    async def read(self) -> dict[str, Any]:
        async with asyncio.timeout(ANSWER_SECONDS):
            message: dict[str, Any] = json.loads(await self.connection.recv(decode=True))
        return message

    async def ask(self, message: dict[str, Any]) -> dict[str, Any]:
        await self.send(message)
        while (answer := await self.read()).get("id") != message["id"]:
            pass
        return answer

    async def initialize(self) -> None:
        assert "result" in await self.ask(initialize_request())
        await self.send({"method": "notifications/initialized"})


@asynccontextmanager
async def connected(door: Door, **options: Any) -> AsyncIterator[Socket]:
    async with connect(door.ws, proxy=None, **options) as connection:
        yield Socket(connection)


def modern(message: dict[str, Any]) -> dict[str, Any]:
    return message | {"params": message.get("params", {}) | {"_meta": META}}


async def test_both_eras_are_served_each_on_its_own_socket(door: Door) -> None:
    async with connected(door, subprotocols=["mcp"]) as legacy, connected(door) as newer:
        assert legacy.connection.subprotocol == "mcp"
        await legacy.initialize()
        for socket, call in (
            (legacy, tool_call("7", "add", a=1, b=2)),
            (newer, modern(tool_call(7, "add", a=1, b=2))),
        ):
            answer = await socket.ask(call)
            assert answer["id"] == call["id"]
            assert answer["result"]["structuredContent"] == {"result": 3}


async def test_the_server_can_ask_on_a_socket(door: Door) -> None:
    async with connected(door) as socket:
        request = initialize_request()
        request["params"]["capabilities"] = {"elicitation": {}}
        await socket.ask(request)
        await socket.send({"method": "notifications/initialized"})
        await socket.send(tool_call(1, "book", city="Oslo"))
        while (asked := await socket.read()).get("method") != "elicitation/create":
            pass
        form = {"action": "accept", "content": {"seats": 1}}
        await socket.send({"id": asked["id"], "result": form})
        booked = await socket.read()
        assert booked["id"] == 1
        assert "Booked 1 seats" in booked["result"]["structuredContent"]["result"]


@pytest.mark.parametrize(
    ("text", "code"), [("rubbish", -32700), ("[]", -32600), ('{"jsonrpc":"2.0","id":1}', -32600)]
)
async def test_a_text_frame_that_is_no_message_is_answered_and_the_socket_goes_on(
    door: Door, text: str, code: int
) -> None:
    async with connected(door) as socket:
        await socket.initialize()
        await socket.connection.send(text)
        assert (await socket.read())["error"]["code"] == code
        assert "result" in await socket.ask({"id": 5, "method": "ping"})


async def test_a_binary_frame_closes_the_socket_with_1003(door: Door) -> None:
    async with connected(door) as socket:
        await socket.connection.send(b"\x00")
        with pytest.raises(ConnectionClosed) as closed:
            await socket.read()
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1003


async def test_a_message_beyond_the_limit_closes_the_socket_with_1009(watched: Watched) -> None:
    async with (
        serving(watched.app) as address,
        open_door(address, max_body_bytes=1000) as door,
        connected(door) as socket,
    ):
        await socket.connection.send("x" * 2000)
        with pytest.raises(ConnectionClosed) as closed:
            await socket.read()
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1009


async def test_closing_the_socket_cancels_what_runs(watched_door: Door, watched: Watched) -> None:
    async with connected(watched_door) as socket:
        await socket.initialize()
        await socket.send(tool_call(1, "hold"))
        async with asyncio.timeout(ANSWER_SECONDS):
            await watched.started.wait()
    async with asyncio.timeout(ANSWER_SECONDS):
        await watched.cancelled.wait()


async def test_a_socket_beyond_the_bound_is_closed_with_a_reason(watched: Watched) -> None:
    async with (
        serving(watched.app) as address,
        open_door(address, max_sessions=1) as door,
        connected(door) as first,
        connected(door) as second,
    ):
        with pytest.raises(ConnectionClosed) as closed:
            await second.read()
        await first.initialize()
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1013


async def test_a_socket_outlives_a_restart_of_the_server(everything: ServerProcess) -> None:
    async with open_door(everything.address) as door, connected(door) as socket:
        await socket.initialize()
        await socket.send(tool_call("lost", "slow", seconds=30))
        await socket.ask({"id": "under way", "method": "ping"})
        await everything.kill()
        lost = await socket.read()
        assert lost["id"] == "lost"
        assert lost["error"]["data"] == {"reason": "CONNECTION_LOST", "execution": "MAYBE"}
        await everything.start()
        answer = await socket.ask(tool_call(2, "add", a=1, b=2))
        assert answer["result"]["structuredContent"] == {"result": 3}
