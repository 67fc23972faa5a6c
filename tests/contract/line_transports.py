"""Transports for the SDK's client to the doors that take JSON-RPC as lines or frames of text.

The SDK has none for a WebSocket, and its own for stdio starts a process.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, Final

import anyio
from mcp.shared.message import SessionMessage
from mcp.types import jsonrpc_message_adapter
from websockets.asyncio.client import connect

from mcpgrpc.connection import ConnectionOptions
from mcpgrpc.relay import stdio

MAX_LINE_BYTES: Final = 64 * 1024 * 1024
Lines = AsyncIterator[str | bytes]
Send = Callable[[str], Awaitable[None]]


@asynccontextmanager
async def websocket_transport(url: str) -> AsyncIterator[Any]:
    """One WebSocket, a message a text frame."""
    async with (
        connect(url, proxy=None, max_size=MAX_LINE_BYTES) as socket,
        _streams(aiter(socket), socket.send) as streams,
    ):
        yield streams


@asynccontextmanager
async def stdio_transport(options: ConnectionOptions) -> AsyncIterator[Any]:
    """The stdio door in this process, between two pipes."""
    async with piped_door(options) as (reader, writer):

        async def send(text: str) -> None:
            writer.write(text.encode() + b"\n")
            await writer.drain()

        async with _streams(aiter(reader), send) as streams:
            yield streams


@asynccontextmanager
async def piped_door(
    options: ConnectionOptions,
) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """The stdio door in this process; gives the host's ends of its output and its input.

    Leaving is what a host does that will not wait: it closes its ends and ends the door.
    """
    door_reads, host_writes = os.pipe()
    host_reads, door_writes = os.pipe()
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader(limit=MAX_LINE_BYTES)
    reading, _ = await loop.connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(host_reads, "rb")
    )
    writing, protocol = await loop.connect_write_pipe(
        asyncio.streams.FlowControlMixin, os.fdopen(host_writes, "wb")
    )
    source, sink = os.fdopen(door_reads, "rb"), os.fdopen(door_writes, "wb")
    door = asyncio.create_task(stdio.bridge(options, source, sink), name="stdio door")
    try:
        yield reader, asyncio.StreamWriter(writing, protocol, None, loop)
    finally:
        writing.close()
        reading.close()
        door.cancel()
        await asyncio.wait({door})
        # What it could not write any more goes with it.
        with contextlib.suppress(BrokenPipeError):
            sink.close()
        source.close()


@asynccontextmanager
async def _streams(lines: Lines, send: Send) -> AsyncIterator[Any]:
    """The pair of streams that the SDK's client reads from and writes to."""
    to_client, incoming = anyio.create_memory_object_stream[SessionMessage | Exception](1024)
    outgoing, from_client = anyio.create_memory_object_stream[SessionMessage](0)

    async def receive() -> None:
        async with to_client:
            async for line in lines:
                message = jsonrpc_message_adapter.validate_json(line, by_name=False)
                await to_client.send(SessionMessage(message))

    async def deliver() -> None:
        async with from_client:
            async for message in from_client:
                await send(message.message.model_dump_json(by_alias=True, exclude_unset=True))

    tasks = [asyncio.create_task(receive()), asyncio.create_task(deliver())]
    try:
        async with incoming, outgoing:
            yield incoming, outgoing
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
