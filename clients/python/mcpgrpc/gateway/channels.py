"""The door's connections to the server: a pool for its callers' streams, and one for its probes.

It opens no stream. A probe has a connection of its own: a full one would say nothing of the server.
"""

from __future__ import annotations

import asyncio
import logging
from functools import partial
from typing import Final

import grpc

from mcpgrpc.channel_pool import ChannelPool, Lease, PoolFullError
from mcpgrpc.connection import ConnectionOptions
from mcpgrpc.gateway.metrics.rpcs import RpcEnded, told
from mcpgrpc.gateway.param_headers import MAX_CALLERS
from mcpgrpc.gateway.replies import SERVICE_UNAVAILABLE, HttpRefusalError
from mcpgrpc.gateway.settings import GatewaySettings

logger = logging.getLogger(__name__)

_OWN_CALLS: Final = MAX_CALLERS
"""Tool lists that the door asks for itself."""


class DoorChannels:
    """Every connection of one door.

    Args:
        options: how to reach the server.
        settings: the door's bounds.
        probe: how to reach the server for the question whether it serves.
        ended: hears how Sessions and that question end; nobody does when left out.

    Raises:
        UsageError: the address or the TLS files are not usable, or callers' credentials would
            travel in plaintext.
    """

    def __init__(
        self,
        options: ConnectionOptions,
        settings: GatewaySettings,
        probe: ConnectionOptions,
        ended: RpcEnded | None = None,
    ) -> None:
        options.check_credentials_can_travel()
        streams = settings.max_sessions + settings.max_calls + _OWN_CALLS
        self._pool = ChannelPool(
            partial(_opened, options, ended),
            streams_per_channel=settings.streams_per_connection,
            max_channels=streams // settings.streams_per_connection + 1,
        )
        self.probe = _opened(probe, ended)

    def __len__(self) -> int:
        """How many connections callers have."""
        return len(self._pool)

    def lease(self) -> Lease:
        """A place for one stream.

        Raises:
            HttpRefusalError: 503, there is none.
        """
        try:
            return self._pool.lease()
        except PoolFullError as full:
            logger.warning("refused a stream: %s", full)
            raise HttpRefusalError(SERVICE_UNAVAILABLE, str(full)) from None

    async def close(self) -> None:
        """Close every connection."""
        await asyncio.gather(self._pool.close(), self.probe.close())


def _opened(options: ConnectionOptions, ended: RpcEnded | None) -> grpc.aio.Channel:
    channel = options.open_door_channel()
    return channel if ended is None else told(channel, ended)
