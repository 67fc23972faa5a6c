"""Opening a gRPC channel: target, TLS, message limits, bounded connecting.

It opens no RPC.
"""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import grpc

from mcpgrpc.binding.limits import MIB
from mcpgrpc.errors import ConnectError, UsageError
from mcpgrpc.targets import ServiceName, grpc_target

MAX_MESSAGE_BYTES: Final = 16 * MIB
"""What the client takes in one gRPC message, as the server's default."""

KEEPALIVE_SECONDS: Final = 60
"""HTTP/2 PINGs on a channel with streams: a peer that vanished without a word is noticed."""

MIN_KEEPALIVE_SECONDS: Final = 20
"""A server takes PINGs that come more often for abuse, and ends the connection."""

KEEPALIVE_TIMEOUT_SECONDS: Final = 10
"""How long the answer to a PING may take, before the connection counts as lost."""

SERVICE_CONFIG: Final = '{"loadBalancingConfig":[{"round_robin":{}}]}'
"""Every server of a list or a name in turn: a stream that one refuses opens at the next. gRPC's own
default stays with the first that accepts connections, as one that drains still does."""

MAX_BACKOFF_SECONDS: Final = 5.0
"""gRPC's own pause between two attempts to connect grows up to this."""

CONNECT_ATTEMPT_SECONDS: Final = 0.1
"""How long one attempt to connect may take at least; it grows with the pauses between them."""

MIN_RESOLVE_MS: Final = 1_000
"""Where gRPC resolves a name itself, it does so when a connection ends, and no more often than
this; by its own default the address of a successor stays unknown for half a minute."""

DOOR_BACKOFF_SECONDS: Final = 0.5
"""The same for a door: those behind it wait, and its readiness follows the server."""


@dataclass(frozen=True, slots=True)
class ChannelSecurity:
    """How a channel is secured; plaintext unless `tls` is set.

    Attributes:
        tls: use TLS, with the system's roots unless `tls_ca` is given.
        tls_ca: a PEM file of the roots to trust.
        tls_cert: a PEM file of the client's certificate chain; needs `tls_key`.
        tls_key: a PEM file of its key.
        tls_server_name: the name to verify instead of the target's.
        insecure: plaintext is meant to carry credentials also to other machines.
    """

    tls: bool = False
    tls_ca: Path | str | None = None
    tls_cert: Path | str | None = None
    tls_key: Path | str | None = None
    tls_server_name: str | None = None
    insecure: bool = False


def open_channel(
    target: str,
    security: ChannelSecurity | None = None,
    *,
    max_backoff_seconds: float = MAX_BACKOFF_SECONDS,
    connect_attempt_seconds: float = CONNECT_ATTEMPT_SECONDS,
    is_shared: bool = True,
    service: ServiceName | None = None,
    keepalive_seconds: float = KEEPALIVE_SECONDS,
) -> grpc.aio.Channel:
    """A channel to an ADDRESS; it connects when it is used.

    Args:
        target: the ADDRESS.
        security: TLS; plaintext when left out.
        max_backoff_seconds: the longest pause between two attempts to connect.
        connect_attempt_seconds: how long one attempt may take at least.
        is_shared: channels of one process to the same server use the same connection.
        service: the name behind a literal ADDRESS: TLS verifies it in the place of the address,
            unless the security names another, and proxies see it as `:authority`.
        keepalive_seconds: how long a connection with streams may be silent before it is asked for
            a sign of life, which may take KEEPALIVE_TIMEOUT_SECONDS.

    Raises:
        UsageError: the address or the TLS files are not usable.
    """
    security = security if security is not None else ChannelSecurity()
    options: list[tuple[str, str | int]] = [
        ("grpc.max_receive_message_length", MAX_MESSAGE_BYTES),
        ("grpc.max_send_message_length", MAX_MESSAGE_BYTES),
        ("grpc.service_config", SERVICE_CONFIG),
        ("grpc.keepalive_time_ms", round(keepalive_seconds * 1000)),
        ("grpc.keepalive_timeout_ms", KEEPALIVE_TIMEOUT_SECONDS * 1000),
        # By default 60 s, for every PING, those of keepalive as well.
        ("grpc.http2.ping_timeout_ms", KEEPALIVE_TIMEOUT_SECONDS * 1000),
        ("grpc.use_local_subchannel_pool", int(not is_shared)),
        ("grpc.max_reconnect_backoff_ms", round(max_backoff_seconds * 1000)),
        ("grpc.initial_reconnect_backoff_ms", 100),
        ("grpc.dns_min_time_between_resolutions_ms", MIN_RESOLVE_MS),
        ("grpc.min_reconnect_backoff_ms", round(connect_attempt_seconds * 1000)),
    ]
    verified = security.tls_server_name
    if service is not None and verified is None:
        verified = service.host
        options.append(("grpc.default_authority", service.authority))
    credentials = _credentials(security)
    if credentials is None:
        return grpc.aio.insecure_channel(grpc_target(target), options=options)
    if verified is not None:
        options.append(("grpc.ssl_target_name_override", verified))
    return grpc.aio.secure_channel(grpc_target(target), credentials, options=options)


async def wait_connected(channel: grpc.aio.Channel, target: str, timeout_seconds: float) -> None:
    """Wait until the channel is connected.

    Raises:
        ConnectError: it is not within the time.
    """
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(timeout_seconds):
            await channel.channel_ready()
            return
    raise unanswered(channel, target, timeout_seconds)


def unanswered(channel: grpc.aio.Channel, target: str, timeout_seconds: float) -> ConnectError:
    """Why nothing could be opened on a channel within the time."""
    if channel.get_state() is grpc.ChannelConnectivity.READY:
        return ConnectError(
            f"no server answers at {target} within {timeout_seconds:g} s: what is there takes"
            " connections and opens no further stream; it may carry as many as it can"
        )
    return ConnectError(
        f"no server answers at {target} within {timeout_seconds:g} s;"
        " check the address, or start one with: mcpgrpc serve APP"
    )


def _credentials(security: ChannelSecurity) -> grpc.ChannelCredentials | None:
    if not security.tls:
        if security.tls_ca or security.tls_cert or security.tls_key or security.tls_server_name:
            raise UsageError("TLS files or names are given without TLS itself: add --tls")
        return None
    if (security.tls_cert is None) != (security.tls_key is None):
        raise UsageError("a client certificate and its key go together: give both or neither")
    return grpc.ssl_channel_credentials(
        root_certificates=_read(security.tls_ca),
        private_key=_read(security.tls_key),
        certificate_chain=_read(security.tls_cert),
    )


def _read(path: Path | str | None) -> bytes | None:
    if path is None:
        return None
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}") from None
