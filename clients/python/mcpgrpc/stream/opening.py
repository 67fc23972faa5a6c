"""Opening one Session stream: with which credential, how many at once, and what a failure means.

It does not try again and does not choose where; its callers do.
"""

from __future__ import annotations

import asyncio
import weakref
from collections.abc import Awaitable, Callable
from typing import Final, TypeAlias

import grpc

from mcpgrpc.errors import ConnectError, McpGrpcError
from mcpgrpc.rpc_errors import open_error
from mcpgrpc.stream.session import BrokenStreamError, SessionStream

Metadata: TypeAlias = Callable[[], Awaitable[tuple[tuple[str, str], ...]]]
"""Gives the metadata of a new stream, with a credential that is fresh."""

PASSING: Final = (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.CANCELLED)
"""What opening may fail with and succeed a moment later; nothing ran, so the status decides."""

MAX_OPENINGS: Final = 64
"""Streams of a process that open at once to one target. A server holds few that it has not taken
up yet, and refuses the others: of 2,500 at once, 430 were."""


class OpeningError(Exception):
    """A stream did not open; nothing ran.

    Attributes:
        error: why, for whoever asked; None where the stream ended without a word.
        is_passing: another attempt may succeed.
    """

    def __init__(self, error: McpGrpcError | None, *, is_passing: bool) -> None:
        super().__init__(str(error))
        self.error = error
        self.is_passing = is_passing


class OpeningGate:
    """Lets so many streams open at once."""

    def __init__(self) -> None:
        self._places = asyncio.Semaphore(MAX_OPENINGS)

    async def open(
        self,
        stream: SessionStream,
        target: str,
        metadata: Metadata,
        *,
        wait_for_ready: bool = True,
    ) -> None:
        """Open a stream.

        Args:
            stream: the stream, not opened yet.
            target: the address, for messages.
            metadata: gives its metadata.
            wait_for_ready: wait for a connection, instead of failing where there is none.

        Raises:
            OpeningError: it was refused, or there is no server.
            McpGrpcError: there is no credential.
        """
        async with self._places:
            await _open(stream, target, metadata, wait_for_ready)


_gates: Final[
    weakref.WeakKeyDictionary[
        asyncio.AbstractEventLoop, weakref.WeakValueDictionary[str, OpeningGate]
    ]
] = weakref.WeakKeyDictionary()


def opening_gate(target: str) -> OpeningGate:
    """The gate that all streams of the running event loop to a target share; keep it."""
    of_loop = _gates.setdefault(asyncio.get_running_loop(), weakref.WeakValueDictionary())
    gate = of_loop.get(target)
    if gate is None:
        gate = of_loop[target] = OpeningGate()
    return gate


async def _open(
    stream: SessionStream, target: str, metadata: Metadata, wait_for_ready: bool
) -> None:
    sent = await metadata()
    try:
        await stream.open(sent, wait_for_ready=wait_for_ready)
    except grpc.aio.AioRpcError as error:
        is_passing = error.code() in PASSING
        if error.code() is grpc.StatusCode.UNAUTHENTICATED:
            # A credential can end on its way; there may be a fresh one by now.
            is_passing = await metadata() != sent
        raise OpeningError(open_error(error, target), is_passing=is_passing) from None
    except BrokenStreamError as broken:
        failure = ConnectError(f"cannot talk to {target}: {broken}")
        raise OpeningError(failure, is_passing=False) from None
    except ConnectionError:
        raise OpeningError(None, is_passing=True) from None
