"""Addresses to listen on: bound exactly as asked for, or refused with the reason.

It never falls back to another address: a server that silently listens elsewhere is dead in a pod.
"""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING, Final

# Who keeps workers checks addresses and has no gRPC.
if TYPE_CHECKING:
    import grpc

UNIX_PREFIX: Final = "unix:"


class ListenError(Exception):
    """An address cannot be listened on; the message says why and what to do."""


def bind(
    server: grpc.aio.Server,
    address: str,
    credentials: grpc.ServerCredentials | None = None,
    *,
    shares_port: bool = False,
) -> str:
    """Listen on an address; gives the target that clients reach it by.

    Args:
        server: not started yet.
        address: `HOST:PORT`, port 0 for a free one, or `unix:PATH`.
        credentials: of TLS; plaintext without them.
        shares_port: other processes listen there too, and whoever started them has found it free.

    Raises:
        ListenError: it is malformed, taken, or not this machine's.
    """
    if address.startswith(UNIX_PREFIX):
        _add_port(server, address, credentials)
        return address
    host, port = split(address)
    if not shares_port:
        check_free(host, port, address)
    bound = _add_port(server, address, credentials)
    return f"{host}:{bound}"


def split(address: str) -> tuple[str, int]:
    """The host and port of `HOST:PORT`; an IPv6 host stands in brackets.

    Raises:
        ListenError: it has another form.
    """
    host, colon, port = address.rpartition(":")
    if not colon or not host or not port.isdecimal() or int(port) > 65535:
        raise ListenError(
            f"cannot listen on {address!r}: it must be HOST:PORT with a port up to 65535,"
            " or unix:PATH"
        )
    return host, int(port)


def check_free(host: str, port: int, address: str) -> None:
    """Find out why an address cannot be bound; gRPC itself only logs the reason.

    SO_REUSEADDR as gRPC sets it, so that a port in TIME_WAIT counts as free.

    Raises:
        ListenError: it is taken, or not this machine's.
    """
    name = host.removeprefix("[").removesuffix("]")
    try:
        family, kind, protocol, _, where = socket.getaddrinfo(
            name, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(where)
    except OSError as error:
        raise ListenError(_explain(address, error)) from None


def _explain(address: str, error: OSError) -> str:
    why = (error.strerror or str(error)).lower()
    return f"cannot listen on {address}: {why}; stop what uses it or choose another with --listen"


def _add_port(
    server: grpc.aio.Server, address: str, credentials: grpc.ServerCredentials | None
) -> int:
    try:
        if credentials is None:
            port = server.add_insecure_port(address)
        else:
            port = server.add_secure_port(address, credentials)
    except RuntimeError as error:
        raise ListenError(f"cannot listen on {address}: {str(error).splitlines()[0]}") from None
    if port == 0:
        raise ListenError(f"cannot listen on {address}: gRPC could not bind it")
    return port
