"""One stream to one address, with its place on a connection, from its opening to its end.

It does not choose the address and does not open again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection
from dataclasses import dataclass, field

import grpc

from mcpgrpc.binding.limits import Limits
from mcpgrpc.channel import unanswered
from mcpgrpc.errors import ConnectError
from mcpgrpc.shared_channels import SharedLease
from mcpgrpc.stream.listener import SessionListener
from mcpgrpc.stream.opening import Metadata, OpeningError, opening_gate
from mcpgrpc.stream.session import SessionStream


@dataclass(slots=True, eq=False)
class Lane:
    """An open stream.

    Attributes:
        address: where it leads to.
        stream: itself.
        lease: its place.
        opened_at: when, by the event loop's clock.
    """

    address: str
    stream: SessionStream
    lease: SharedLease
    opened_at: float = field(default_factory=lambda: asyncio.get_running_loop().time())

    @property
    def load(self) -> int:
        """Requests in flight on it."""
        return self.stream.load

    async def close(self) -> None:
        """End the stream and what runs on it."""
        await self.stream.close()
        await self.lease.close()


@dataclass(frozen=True, slots=True)
class LaneOpener:
    """Opens lanes of one client.

    Attributes:
        lease: a place at an address, on another connection than these.
        metadata: gives the metadata of a new stream, with fresh credentials.
        listener: who hears what the streams bring.
        limits: what this end accepts.
        timeout_seconds: how long one opening may take.
    """

    lease: Callable[[str, Collection[grpc.aio.Channel]], SharedLease]
    metadata: Metadata
    listener: SessionListener
    limits: Limits
    timeout_seconds: float

    async def open(self, address: str, beside: Collection[grpc.aio.Channel]) -> Lane:
        """Open a stream to an address.

        Raises:
            OpeningError: it did not open; nothing ran.
            McpGrpcError: there is no credential, or no place for it.
        """
        lease = self.lease(address, beside)
        try:
            stream = SessionStream(lease.channel, self.listener, self.limits)
            await self._opened(stream, address, lease.channel)
        except BaseException:
            await lease.close()
            raise
        return Lane(address, stream, lease)

    async def _opened(self, stream: SessionStream, address: str, channel: grpc.aio.Channel) -> None:
        try:
            async with asyncio.timeout(self.timeout_seconds):
                gate = opening_gate(address)
                await gate.open(stream, address, self.metadata, wait_for_ready=False)
        except TimeoutError:
            late = unanswered(channel, address, self.timeout_seconds)
            raise OpeningError(late, is_passing=True) from None
        if not stream.accepts_requests:
            await stream.close()
            why = stream.drained_because or "it ended the stream"
            raise OpeningError(ConnectError(f"{address} takes no requests: {why}"), is_passing=True)
