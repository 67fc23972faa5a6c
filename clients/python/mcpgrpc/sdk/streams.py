"""The pair of streams that the SDK's client reads from and writes to.

They hold messages between the SDK and the carrier and know neither gRPC nor MCP's methods.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Final, Self

import anyio
from mcp.shared.message import SessionMessage

MAX_UNREAD_MESSAGES: Final = 1024
"""Messages that may wait for the SDK before the server is slowed down."""


class IncomingMessages:
    """What the server sent: filled without waiting, read by the SDK."""

    def __init__(self) -> None:
        self._messages: deque[SessionMessage | Exception] = deque()
        self._wake = asyncio.Event()
        self._read = asyncio.Event()
        self._ended = False
        self._closed = False
        self.arrived = 0
        """Messages that were put so far."""

    def put(self, message: SessionMessage | Exception) -> None:
        """Hand a message to the SDK; one that nobody will read any more is dropped."""
        if not self._ended and not self._closed:
            self._messages.append(message)
            self.arrived += 1
            self._wake.set()

    def end(self) -> None:
        """Nothing more will come; what is there is still read."""
        self._ended = True
        self._wake.set()
        self._read.set()

    async def caught_up(self) -> None:
        """Wait until the SDK has read enough to take more."""
        while len(self._messages) >= MAX_UNREAD_MESSAGES and not self._closed:
            self._read.clear()
            await self._read.wait()

    async def dispatched(self) -> None:
        """Wait until the SDK has read what is here, and the callbacks that it started run."""
        while self._messages and not self._closed:
            self._read.clear()
            await self._read.wait()
        await asyncio.sleep(0)

    async def receive(self) -> SessionMessage | Exception:
        """The next message.

        Raises:
            anyio.EndOfStream: nothing more will come.
            anyio.ClosedResourceError: this end was closed.
        """
        while not self._messages:
            if self._closed:
                raise anyio.ClosedResourceError
            if self._ended:
                raise anyio.EndOfStream
            self._wake.clear()
            await self._wake.wait()
        self._read.set()
        return self._messages.popleft()

    async def aclose(self) -> None:
        """The SDK reads no more."""
        self._closed = True
        self._messages.clear()
        self._wake.set()
        self._read.set()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> SessionMessage | Exception:
        try:
            return await self.receive()
        except anyio.EndOfStream:
            raise StopAsyncIteration from None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.aclose()


class OutgoingMessages:
    """What the SDK sends: handed on at once.

    Args:
        send: takes a message.
    """

    def __init__(self, send: Callable[[SessionMessage], Awaitable[None]]) -> None:
        self._send = send
        self._closed = False

    async def send(self, item: SessionMessage, /) -> None:
        """Send a message.

        Raises:
            anyio.ClosedResourceError: this end was closed.
        """
        if self._closed:
            raise anyio.ClosedResourceError
        await self._send(item)

    async def aclose(self) -> None:
        """The SDK sends no more."""
        self._closed = True

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.aclose()
