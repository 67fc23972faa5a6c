"""Clients of gRPC by itself: bytes out, and the same bytes back.

They are as lean as gRPC in Python allows when several callers share a stream: a future for each
call and one reader.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

import grpc

from bench.client.works import Work, WrongAnswerError
from bench.servers.echo_server import STREAM, UNARY

MESSAGE: Final = b'%012d{"name":"add","arguments":{"a":%012d,"b":%012d},"_meta":{"padding":"' + (
    b"." * 64 + b'"}}'
)
"""About as many bytes as a small `tools/call`."""

NUMBER_BYTES: Final = 12


class EchoCaller:
    """One stream of bytes that come back."""

    def __init__(self, call: Any) -> None:
        self._call = call
        self._waiting: dict[bytes, asyncio.Future[bytes]] = {}
        # gRPC takes one write of a stream at a time.
        self._writing = asyncio.Lock()

    def work(self) -> Work:
        """A message out and the same back."""
        waiting, writing, write = self._waiting, self._writing, self._call.write
        new_future = asyncio.get_running_loop().create_future

        async def work(number: int) -> None:
            message = MESSAGE % (number, number, number)
            future = waiting[message[:NUMBER_BYTES]] = new_future()
            async with writing:
                await write(message)
            if await future != message:
                raise WrongAnswerError(f"message {number} came back as another")

        return work

    async def read(self) -> None:
        """Hand each message to its caller, until the stream ends."""
        read, waiting = self._call.read, self._waiting
        while (message := await read()) is not grpc.aio.EOF:
            waiting.pop(message[:NUMBER_BYTES]).set_result(message)


@asynccontextmanager
async def echo(target: str, options: dict[str, Any]) -> AsyncIterator[EchoCaller]:
    """A stream of the echo, open."""
    del options
    async with grpc.aio.insecure_channel(target) as channel:
        call: Any = channel.stream_stream(STREAM)()
        caller = EchoCaller(call)
        reading = asyncio.create_task(caller.read())
        try:
            yield caller
        finally:
            reading.cancel()
            call.cancel()


class UnaryCaller:
    """An RPC for each message."""

    def __init__(self, rpc: Any) -> None:
        self._rpc = rpc

    def work(self) -> Work:
        """A request and the same back."""
        rpc = self._rpc

        async def work(number: int) -> None:
            message = MESSAGE % (number, number, number)
            if await rpc(message) != message:
                raise WrongAnswerError(f"message {number} came back as another")

        return work


@asynccontextmanager
async def unary(target: str, options: dict[str, Any]) -> AsyncIterator[UnaryCaller]:
    """A channel to the echo."""
    del options
    async with grpc.aio.insecure_channel(target) as channel:
        yield UnaryCaller(channel.unary_unary(UNARY))
