"""The server is killed under a hundred calls of clients behind a door that lasts.

Half of the clients' calls are answered before, half are under way; all clients use the same ids.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any, Protocol

import pytest
from websockets.asyncio.client import connect

from mcpgrpc.connection import ConnectionOptions
from tests.contract.line_transports import piped_door
from tests.doors.conftest import ServerProcess
from tests.doors.door import ANSWER_SECONDS, initialize_request, open_door, tool_call

CLIENTS = 4
CALLS_EACH = 25


class Texts(Protocol):
    """A client's end of a door that takes texts."""

    async def send(self, text: str) -> None: ...
    async def receive(self) -> str | bytes: ...


@dataclass
class Socket:
    connection: Any

    async def send(self, text: str) -> None:
        await self.connection.send(text)

    async def receive(self) -> str | bytes:
        received: str | bytes = await self.connection.recv()
        return received


@dataclass
class Pipes:
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def send(self, text: str) -> None:
        self.writer.write(text.encode() + b"\n")
        await self.writer.drain()

    async def receive(self) -> str | bytes:
        return await self.reader.readline()


@asynccontextmanager
async def sockets(address: str) -> AsyncIterator[list[Texts]]:
    async with open_door(address) as door, AsyncExitStack() as stack:
        yield [
            Socket(await stack.enter_async_context(connect(door.ws, proxy=None)))
            for _ in range(CLIENTS)
        ]


@asynccontextmanager
async def pipes(address: str) -> AsyncIterator[list[Texts]]:
    async with AsyncExitStack() as stack:
        doors = [
            await stack.enter_async_context(piped_door(ConnectionOptions(target=address)))
            for _ in range(CLIENTS)
        ]
        yield [Pipes(*ends) for ends in doors]


Opening = Callable[[str], AbstractAsyncContextManager[list[Texts]]]


class Client:
    """Knows which of its calls must have which answer."""

    def __init__(self, number: int, texts: Texts) -> None:
        self._number = number
        self._texts = texts

    async def send(self, message: dict[str, Any]) -> None:
        await self._texts.send(json.dumps({"jsonrpc": "2.0", **message}))

    async def answer(self) -> dict[str, Any]:
        """The next response."""
        while "method" in (message := json.loads(await self._texts.receive())):
            pass
        answer: dict[str, Any] = message
        return answer

    async def call(self, request_id: int, name: str, **arguments: Any) -> None:
        await self.send(tool_call(request_id, name, **arguments))

    async def begin(self) -> None:
        """Half of the calls are answered; the other half is sent."""
        await self.send(initialize_request())
        assert "result" in await self.answer()
        await self.send({"method": "notifications/initialized"})
        for request_id in range(1, CALLS_EACH + 1):
            if request_id % 2:
                await self.call(request_id, "slow", seconds=30)
            else:
                await self.call(request_id, "add", a=1000 * self._number, b=request_id)
        for _ in range(CALLS_EACH // 2):
            self.check_sum(await self.answer())

    def check_sum(self, answer: dict[str, Any]) -> None:
        assert answer["result"]["structuredContent"] == {
            "result": 1000 * self._number + answer["id"]
        }

    async def lose(self) -> None:
        """Every call that was under way is told what happened to it, once."""
        lost = [await self.answer() for _ in range(CALLS_EACH - CALLS_EACH // 2)]
        assert {answer["id"] for answer in lost} == set(range(1, CALLS_EACH + 1, 2))
        for answer in lost:
            assert answer["error"]["data"] == {"reason": "CONNECTION_LOST", "execution": "MAYBE"}

    async def go_on(self) -> None:
        """The next call finds the server again."""
        await self.call(7, "add", a=1000 * self._number, b=7)
        self.check_sum(await self.answer())


@pytest.mark.parametrize("opened", [sockets, pipes])
async def test_every_call_has_its_own_answer_or_a_clear_error_and_the_next_one_works(
    everything: ServerProcess, opened: Opening
) -> None:
    async with opened(everything.address) as ends, asyncio.timeout(2 * ANSWER_SECONDS):
        clients = [Client(number, texts) for number, texts in enumerate(ends)]
        await asyncio.gather(*(client.begin() for client in clients))
        await everything.kill()
        await asyncio.gather(*(client.lose() for client in clients))
        await everything.start()
        await asyncio.gather(*(client.go_on() for client in clients))
