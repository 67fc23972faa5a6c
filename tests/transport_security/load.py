"""Callers that never pause, while a test changes what they stand on: streams, Calls, connections.

It changes nothing itself.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from typing import Protocol

import mcpgrpc

SESSIONS = 16
CALLERS_BY_CALL = 4
NEW_CONNECTIONS = 4
SECONDS = 150


class Connect(Protocol):
    """Makes a client of the server under load, with whatever proves it at the time."""

    def __call__(self, rpc: str) -> mcpgrpc.Client: ...


class Load:
    """What the callers do.

    Attributes:
        failures: what any of them met; one that fails stops.
        rounds: how many calls each of them has made.
    """

    def __init__(self) -> None:
        self.failures: list[BaseException] = []
        self.rounds: list[int] = []
        self._turned = asyncio.Event()

    async def keep_calling(self, call: Callable[[], Awaitable[None]]) -> None:
        """Be one caller, until cancelled."""
        number = len(self.rounds)
        self.rounds.append(0)
        while True:
            try:
                await call()
            except Exception as failure:  # noqa: BLE001  # whatever it is, the test says so
                self.failures.append(failure)
                return
            finally:
                self.rounds[number] += 1
                self._turned.set()

    async def goes_on(self) -> None:
        """Wait until every caller has begun and ended a call from now on; none may fail."""
        due = [done + 2 for done in self.rounds]
        while not self.failures and any(
            done < end for done, end in zip(self.rounds, due, strict=True)
        ):
            self._turned.clear()
            await self._turned.wait()
        self.assert_well()

    def assert_well(self) -> None:
        """No call has failed."""
        assert self.failures == []


@asynccontextmanager
async def load(connect: Connect) -> AsyncIterator[Load]:
    """Callers on Sessions that stay open, callers by Call, and some with a new client each time."""
    put = Load()

    async def anew() -> None:
        async with connect("session") as client:
            await greet(client)

    async with asyncio.timeout(SECONDS), AsyncExitStack() as stack, asyncio.TaskGroup() as group:
        running = [group.create_task(put.keep_calling(anew)) for _ in range(NEW_CONNECTIONS)]
        for rpc, count in (("session", SESSIONS), ("call", CALLERS_BY_CALL)):
            for _ in range(count):
                client = await stack.enter_async_context(connect(rpc))
                running.append(group.create_task(put.keep_calling(partial(greet, client))))
        await asyncio.sleep(0)
        try:
            await put.goes_on()
            yield put
            await put.goes_on()
        finally:
            for task in running:
                task.cancel()
    put.assert_well()


async def greet(client: mcpgrpc.Client) -> None:
    """One call."""
    result = await client.call_tool("greet", {})
    assert result.content[0].text == "hello"
