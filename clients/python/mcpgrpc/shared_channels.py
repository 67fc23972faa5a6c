"""The connections that the clients of a process share: one to a server, and more where it is full.

It opens no stream. Clients that reach the same server in the same way ride on the same connections,
each of which carries a bounded number of streams: what a server lets wait beyond its own bound,
it lets wait without a word.
"""

from __future__ import annotations

import asyncio
import weakref
from collections.abc import Collection
from functools import partial
from typing import Final, TypeAlias

import grpc

from mcpgrpc.channel import (
    CONNECT_ATTEMPT_SECONDS,
    DOOR_BACKOFF_SECONDS,
    KEEPALIVE_SECONDS,
    MAX_BACKOFF_SECONDS,
    ChannelSecurity,
    open_channel,
)
from mcpgrpc.channel_pool import ChannelPool, Lease
from mcpgrpc.file_versions import Version, version_at
from mcpgrpc.targets import ServiceName

STREAMS_PER_CONNECTION: Final = 100
"""What servers and proxies take by their defaults, or more."""

MAX_CONNECTIONS: Final = 1024
"""To one server from one process."""

PROBED_ATTEMPT_SECONDS: Final = 3.0
"""One attempt to connect where the client itself decides when to try again: a busy server with TLS
takes a while, and one that hangs is given up."""

_Key: TypeAlias = tuple[str, ChannelSecurity, ServiceName | None, float, bool, tuple[Version, ...]]
_Pools: TypeAlias = dict[_Key, ChannelPool]

_pools: Final[weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, _Pools]] = (
    weakref.WeakKeyDictionary()
)


class SharedLease:
    """A stream's place on a shared connection.

    Attributes:
        channel: where the stream may be opened; never closed by who leases it.
    """

    def __init__(self, lease: Lease, pool: ChannelPool, pools: _Pools, key: _Key) -> None:
        self.channel: grpc.aio.Channel = lease.channel
        self._lease = lease
        self._pool = pool
        self._pools = pools
        self._key = key

    async def close(self) -> None:
        """Give the place back; the last one to do so closes the connections."""
        self._lease.release()
        if self._pool.is_idle and self._pools.get(self._key) is self._pool:
            del self._pools[self._key]
            await self._pool.close()


def lease_channel(
    target: str,
    security: ChannelSecurity | None = None,
    *,
    service: ServiceName | None = None,
    keepalive_seconds: float = KEEPALIVE_SECONDS,
    is_probed: bool = False,
    beside: Collection[grpc.aio.Channel] = (),
) -> SharedLease:
    """A place for one stream, for the running event loop.

    Args:
        target: an ADDRESS.
        security: TLS; connections that began with other files are not shared.
        service: as for `open_channel`.
        keepalive_seconds: as for `open_channel`.
        is_probed: whoever leases it fails at once where there is no connection, and decides when
            to try again.
        beside: channels that are not wanted, since the stream shall have a connection of its own.

    Raises:
        UsageError: the address or the TLS files are not usable.
        PoolFullError: as many connections are open as may be.
    """
    security = security if security is not None else ChannelSecurity()
    files = (security.tls_ca, security.tls_cert, security.tls_key)
    versions = tuple(version_at(path) for path in files if path is not None)
    key = (target, security, service, keepalive_seconds, is_probed, versions)
    pools = _pools.setdefault(asyncio.get_running_loop(), {})
    pool = pools.get(key)
    if pool is None:
        opening = partial(
            open_channel,
            target,
            security,
            max_backoff_seconds=DOOR_BACKOFF_SECONDS if is_probed else MAX_BACKOFF_SECONDS,
            connect_attempt_seconds=(
                PROBED_ATTEMPT_SECONDS if is_probed else CONNECT_ATTEMPT_SECONDS
            ),
            is_shared=False,
            service=service,
            keepalive_seconds=keepalive_seconds,
        )
        pool = pools[key] = ChannelPool(
            opening, streams_per_channel=STREAMS_PER_CONNECTION, max_channels=MAX_CONNECTIONS
        )
    return SharedLease(pool.lease(beside), pool, pools, key)
