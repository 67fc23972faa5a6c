"""What `Client` and `transport` take in common, and the channel and carrier made of it.

It speaks no MCP.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

import grpc

from mcpgrpc.binding.limits import Limits
from mcpgrpc.channel import DOOR_BACKOFF_SECONDS, ChannelSecurity, open_channel
from mcpgrpc.credentials import TokenSource, credential_metadata
from mcpgrpc.errors import UsageError
from mcpgrpc.stream.call_carrier import CallCarrier
from mcpgrpc.stream.carrier import Carrier, Inbox
from mcpgrpc.stream.session_carrier import SessionCarrier
from mcpgrpc.stream.spread_carrier import MAX_STREAMS, Lane, SpreadCarrier
from mcpgrpc.targets import DEFAULT_TARGET, is_local

DEFAULT_CONNECT_TIMEOUT_SECONDS: Final = 10.0
RPCS: Final = ("session", "call")
CREDENTIAL_KEYS: Final = frozenset({"authorization", "x-api-key"})


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
        streams: Sessions at once at most, each over a connection of its own, for requests without
            a state; the second and later ones open under load.
    """

    target: str = DEFAULT_TARGET
    rpc: str = "session"
    security: ChannelSecurity | None = None
    token: TokenSource | None = field(default=None, repr=False)
    metadata: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    connect_timeout_seconds: float = DEFAULT_CONNECT_TIMEOUT_SECONDS
    limits: Limits = field(default_factory=Limits)
    streams: int = 1

    def __post_init__(self) -> None:
        if self.rpc not in RPCS:
            raise UsageError(f"rpc must be one of {', '.join(RPCS)}, not {self.rpc!r}")
        if not 1 <= self.streams <= MAX_STREAMS:
            raise UsageError(f"streams must be from 1 to {MAX_STREAMS}, not {self.streams}")
        if self.streams > 1 and self.rpc != "session":
            raise UsageError(f'streams={self.streams} needs rpc="session": a Call is no stream')
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
        return open_channel(self.target, self.security)

    def open_door_channel(self) -> grpc.aio.Channel:
        """A channel with a connection of its own, which finds a lost server again soon.

        Raises as `open_channel` does.
        """
        return open_channel(
            self.target, self.security, max_backoff_seconds=DOOR_BACKOFF_SECONDS, is_shared=False
        )

    def carrier(self, channel: grpc.aio.Channel, inbox: Inbox) -> Carrier:
        """What carries requests over the channel."""
        if self.rpc == "call":
            return CallCarrier(
                channel, self.target, self.rpc_metadata, inbox, self.connect_timeout_seconds
            )
        first = self._session_carrier(channel, inbox)
        if self.streams == 1:
            return first
        return SpreadCarrier(first, lambda: self._lane(inbox), self.streams)

    def _lane(self, inbox: Inbox) -> Lane:
        channel = open_channel(self.target, self.security, is_shared=False)
        return Lane(self._session_carrier(channel, inbox), channel)

    def _session_carrier(self, channel: grpc.aio.Channel, inbox: Inbox) -> SessionCarrier:
        return SessionCarrier(
            channel,
            self.target,
            self.rpc_metadata,
            inbox,
            self.limits,
            self.connect_timeout_seconds,
        )
