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
from mcpgrpc.targets import grpc_target

MAX_MESSAGE_BYTES: Final = 16 * MIB
"""What the client takes in one gRPC message, as the server's default."""

KEEPALIVE_SECONDS: Final = 60
"""HTTP/2 PINGs on a channel with streams: a peer that vanished without a word is noticed."""

SERVICE_CONFIG: Final = '{"loadBalancingConfig":[{"round_robin":{}}]}'
"""Every server of a list or a name in turn: a stream that one refuses opens at the next. gRPC's own
default stays with the first that accepts connections, as one that drains still does."""

MAX_BACKOFF_SECONDS: Final = 5.0
"""gRPC's own pause between two attempts to connect grows up to this."""

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
    is_shared: bool = True,
) -> grpc.aio.Channel:
    """A channel to an ADDRESS; it connects when it is used.

    Args:
        target: the ADDRESS.
        security: TLS; plaintext when left out.
        max_backoff_seconds: the longest pause between two attempts to connect.
        is_shared: channels of one process to the same server use the same connection.

    Raises:
        UsageError: the address or the TLS files are not usable.
    """
    security = security if security is not None else ChannelSecurity()
    options: list[tuple[str, str | int]] = [
        ("grpc.max_receive_message_length", MAX_MESSAGE_BYTES),
        ("grpc.max_send_message_length", MAX_MESSAGE_BYTES),
        ("grpc.service_config", SERVICE_CONFIG),
        ("grpc.keepalive_time_ms", KEEPALIVE_SECONDS * 1000),
        ("grpc.use_local_subchannel_pool", int(not is_shared)),
        ("grpc.max_reconnect_backoff_ms", round(max_backoff_seconds * 1000)),
        ("grpc.initial_reconnect_backoff_ms", 100),
        ("grpc.min_reconnect_backoff_ms", 100),
    ]
    credentials = _credentials(security)
    if credentials is None:
        return grpc.aio.insecure_channel(grpc_target(target), options=options)
    if security.tls_server_name is not None:
        options.append(("grpc.ssl_target_name_override", security.tls_server_name))
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
