"""A balanced carrier put together: its table, its streams, and who follows its addresses.

It decides nothing; `config` and the arguments do.
"""

from __future__ import annotations

from collections.abc import Collection

import grpc

from mcpgrpc.balancing.carrier import BalancedCarrier
from mcpgrpc.balancing.config import BalancingConfig
from mcpgrpc.balancing.lanes import LaneOpener
from mcpgrpc.balancing.resolving import Following
from mcpgrpc.balancing.table import AddressTable
from mcpgrpc.binding.limits import Limits
from mcpgrpc.channel import ChannelSecurity
from mcpgrpc.shared_channels import SharedLease, lease_channel
from mcpgrpc.stream.carrier import Inbox
from mcpgrpc.stream.opening import Metadata
from mcpgrpc.targets import ServiceName


def balanced_carrier(
    target: str,
    addresses: ServiceName | Collection[str],
    inbox: Inbox,
    *,
    config: BalancingConfig,
    streams_per_address: int,
    security: ChannelSecurity | None,
    keepalive_seconds: float,
    metadata: Metadata,
    limits: Limits,
    connect_timeout_seconds: float,
) -> BalancedCarrier:
    """A carrier over the addresses of a name, which is followed, or over those that are given.

    Args:
        target: the ADDRESS, for messages.
        addresses: the name, or the addresses.
        inbox: who hears what comes unasked.
        config: how to spread.
        streams_per_address: streams to one address at most; the second and later open under load.
        security: TLS, which verifies the name where there is one; plaintext when left out.
        keepalive_seconds: as for `open_channel`.
        metadata: gives the metadata of a new stream, with fresh credentials.
        limits: what this end accepts.
        connect_timeout_seconds: how long a request waits for a stream, and one opening takes.
    """
    name = addresses if isinstance(addresses, ServiceName) else None
    table = AddressTable(config.max_streams, config.max_probe_interval_seconds, streams_per_address)
    carrier = BalancedCarrier(target, inbox, table, connect_timeout_seconds)

    def lease(address: str, beside: Collection[grpc.aio.Channel]) -> SharedLease:
        return lease_channel(
            address,
            security,
            service=name,
            keepalive_seconds=keepalive_seconds,
            is_probed=True,
            beside=beside,
        )

    following = None
    if isinstance(addresses, ServiceName):
        interval = config.resolve_interval_seconds
        following = Following(addresses, config.resolver, interval, carrier.pool.resolved)
    else:
        table.update(addresses)
    opener = LaneOpener(lease, metadata, carrier, limits, connect_timeout_seconds)
    carrier.pool.wire(opener, following)
    return carrier
