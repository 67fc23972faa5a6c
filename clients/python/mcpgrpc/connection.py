"""What `Client` and `transport` take in common, and the channel and carrier made of it.

It speaks no MCP.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Final

import grpc

from mcpgrpc.balancing.carrier import BalancedCarrier
from mcpgrpc.balancing.config import DEFAULT_BALANCING, BalancingConfig
from mcpgrpc.balancing.wiring import balanced_carrier
from mcpgrpc.binding.limits import Limits
from mcpgrpc.channel import (
    DOOR_BACKOFF_SECONDS,
    KEEPALIVE_SECONDS,
    MIN_KEEPALIVE_SECONDS,
    ChannelSecurity,
    open_channel,
)
from mcpgrpc.credentials import TokenSource, credential_metadata
from mcpgrpc.errors import UsageError
from mcpgrpc.shared_channels import lease_channel
from mcpgrpc.stream.call_carrier import CallCarrier
from mcpgrpc.stream.carrier import Carrier, Inbox
from mcpgrpc.stream.session_carrier import SessionCarrier
from mcpgrpc.targets import (
    DEFAULT_TARGET,
    ServiceName,
    grpc_target,
    is_local,
    listed_addresses,
    service_name,
)

DEFAULT_CONNECT_TIMEOUT_SECONDS: Final = 10.0
RPCS: Final = ("session", "call")
MAX_STREAMS: Final = 64
"""Streams of one client to one address at most."""

CREDENTIAL_KEYS: Final = frozenset({"authorization", "x-api-key"})


@dataclass(frozen=True, slots=True)
class Connection:
    """What carries a client's requests, and what it holds for that.

    Attributes:
        carrier: carries requests once it is open.
        release: lets go of the channel, once the carrier is closed.
    """

    carrier: Carrier
    release: Callable[[], Awaitable[object]]


@dataclass(frozen=True, slots=True)
class ConnectionOptions:
    """How to reach a server.

    Attributes:
        target: an ADDRESS: `host:port`, `dns:///name:port`, `unix:path`, or a list.
        rpc: "session" for one stream of many requests, "call" for an RPC for each request.
        security: TLS; plaintext when left out.
        token: what the caller proves itself with; fetched anew for every stream, never shown.
        metadata: further metadata for every RPC; not shown, since it may hold secrets as well.
            Credentials go to other machines over TLS alone, unless the security says `insecure`.
        connect_timeout_seconds: how long connecting may take.
        limits: what this end of a Session accepts.
        streams: Sessions at once at most to each address, each over a connection of its own, for
            requests without a state; the second and later ones open under load.
        balancing: how to spread over the addresses of a name, or of a list.
        keepalive_seconds: how long a connection may be silent before it is asked for a sign of
            life; at least 20, since servers take more for abuse.
    """

    target: str = DEFAULT_TARGET
    rpc: str = "session"
    security: ChannelSecurity | None = None
    token: TokenSource | None = field(default=None, repr=False)
    metadata: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    connect_timeout_seconds: float = DEFAULT_CONNECT_TIMEOUT_SECONDS
    limits: Limits = field(default_factory=Limits)
    streams: int = 1
    balancing: BalancingConfig = DEFAULT_BALANCING
    keepalive_seconds: float = KEEPALIVE_SECONDS

    def __post_init__(self) -> None:
        if self.rpc not in RPCS:
            raise UsageError(f"rpc must be one of {', '.join(RPCS)}, not {self.rpc!r}")
        if not 1 <= self.streams <= MAX_STREAMS:
            raise UsageError(f"streams must be from 1 to {MAX_STREAMS}, not {self.streams}")
        if self.streams > 1 and self.rpc != "session":
            raise UsageError(f'streams={self.streams} needs rpc="session": a Call is no stream')
        if self.keepalive_seconds < MIN_KEEPALIVE_SECONDS:
            raise UsageError(
                f"keepalive_seconds must be at least {MIN_KEEPALIVE_SECONDS}, not"
                f" {self.keepalive_seconds:g}: servers end connections that ask more often"
            )
        carried = {name.lower() for name, _ in self.metadata}
        if self.token is not None or not carried.isdisjoint(CREDENTIAL_KEYS):
            self.check_credentials_can_travel()

    def check_credentials_can_travel(self) -> None:
        """Nothing secret goes to another machine in plaintext unless that is said to be meant.

        Raises:
            UsageError: it would.
        """
        security = self.security if self.security is not None else ChannelSecurity()
        if not (security.tls or security.insecure or is_local(self.target)):
            raise UsageError(
                f"credentials would go to {self.target} in plaintext: use --tls (security="
                "ChannelSecurity(tls=True)), or say --insecure (insecure=True)"
            )

    async def rpc_metadata(self) -> tuple[tuple[str, str], ...]:
        """The metadata of a new RPC."""
        return self.metadata + await credential_metadata(self.token)

    def open_channel(self) -> grpc.aio.Channel:
        """The channel to the target. Raises UsageError when it cannot be one."""
        return open_channel(self.target, self.security, keepalive_seconds=self.keepalive_seconds)

    def open_door_channel(self) -> grpc.aio.Channel:
        """A channel with a connection of its own, which finds a lost server again soon.

        Raises as `open_channel` does.
        """
        return open_channel(
            self.target, self.security, max_backoff_seconds=DOOR_BACKOFF_SECONDS, is_shared=False
        )

    def connect(self, inbox: Inbox) -> Connection:
        """What a client of its own needs, in the running event loop; nothing is connected yet.

        Raises:
            UsageError: the address or the TLS files are not usable.
        """
        if self.rpc == "call":
            channel = self.open_channel()
            return Connection(self.carrier(channel, inbox), channel.close)
        name, listed = service_name(self.target), listed_addresses(self.target)
        if name is not None or listed or self.streams > 1:
            # Before anything is resolved: an address that is none is the caller's mistake.
            grpc_target(self.target)
            return Connection(self._balanced(name or listed or (self.target,), inbox), _nothing)
        lease = lease_channel(self.target, self.security, keepalive_seconds=self.keepalive_seconds)
        return Connection(self.carrier(lease.channel, inbox), lease.close)

    def carrier(self, channel: grpc.aio.Channel, inbox: Inbox) -> Carrier:
        """What carries requests over one channel, which is somebody else's to close."""
        if self.rpc == "call":
            return CallCarrier(
                channel, self.target, self.rpc_metadata, inbox, self.connect_timeout_seconds
            )
        return SessionCarrier(
            channel,
            self.target,
            self.rpc_metadata,
            inbox,
            self.limits,
            self.connect_timeout_seconds,
        )

    def _balanced(self, addresses: ServiceName | tuple[str, ...], inbox: Inbox) -> BalancedCarrier:
        return balanced_carrier(
            self.target,
            addresses,
            inbox,
            config=self.balancing,
            streams_per_address=self.streams,
            security=self.security,
            keepalive_seconds=self.keepalive_seconds,
            metadata=self.rpc_metadata,
            limits=self.limits,
            connect_timeout_seconds=self.connect_timeout_seconds,
        )


async def _nothing() -> None:
    """A balanced carrier has given its channels back when it is closed."""
