"""Everybody comes back at once: no open that a server could take is thrown away."""

from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import AsyncExitStack

import grpc
import pytest

from tests.wire.raw import LOCAL_CONNECTION, RawSession, Serve

OPENS = 2_500
CONNECTIONS = 10
SECONDS = 150.0


@pytest.mark.timeout(2 * SECONDS)
async def test_2500_sessions_that_open_at_once_are_all_served(serve: Serve) -> None:
    server = await serve()
    async with asyncio.timeout(SECONDS), AsyncExitStack() as stack:
        channels = [
            await stack.enter_async_context(
                grpc.aio.insecure_channel(server.addresses[0], options=LOCAL_CONNECTION)
            )
            for _ in range(CONNECTIONS)
        ]

        async def opened(number: int) -> grpc.StatusCode:
            session = RawSession(channels[number % CONNECTIONS])
            try:
                frame = await session.rpc.read()
                return grpc.StatusCode.ABORTED if frame is grpc.aio.EOF else grpc.StatusCode.OK
            except grpc.aio.AioRpcError as error:
                return error.code()
            finally:
                session.cancel()

        ends = Counter(await asyncio.gather(*map(opened, range(OPENS))))
    assert ends == {grpc.StatusCode.OK: OPENS}
