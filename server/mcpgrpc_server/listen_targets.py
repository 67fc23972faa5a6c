"""The places a server can listen at: what one looks like, and who can reach it.

It binds nothing and looks up no name.
"""

from __future__ import annotations

import re
from enum import Enum
from typing import Final

from mcpgrpc.loopback import is_loopback_host

MAX_PORT: Final = 65_535
MAX_SOCKET_PATH_BYTES: Final = 107
"""What the kernel takes for the path of a socket."""

_HOST_PORT = re.compile(
    r"(?:\[(?P<ipv6>[0-9A-Fa-f:.]+)\]|(?P<host>[^\s:/\[\],]+)):(?P<port>[0-9]{1,5})"
)
_SOCKET_SCHEME = "unix:"


class Security(Enum):
    """How a listener is secured. gRPC knows no middle between the last two."""

    PLAINTEXT = "plaintext"
    TLS = "tls"
    """The server shows a certificate; the client shows none."""
    MTLS = "mtls"
    """The client must show one as well."""


def split_security(listen: str) -> tuple[Security | None, str]:
    """What `[plaintext:|tls:|mtls:]TARGET` says of its security, None for nothing, and TARGET."""
    for security in Security:
        prefix = f"{security.value}:"
        if listen.startswith(prefix):
            return security, listen.removeprefix(prefix)
    return None, listen


def checked_target(listen: str) -> str:
    """The listener itself: a target, with or without what secures it in front.

    Raises:
        ValueError: it is not HOST:PORT, [IPV6]:PORT or unix:PATH; says so in one line.
    """
    _, target = split_security(listen)
    if target.startswith(_SOCKET_SCHEME):
        _check_socket(target)
        return listen
    found = _HOST_PORT.fullmatch(target)
    if found is None:
        raise ValueError("a listener is HOST:PORT, [IPV6]:PORT or unix:PATH")
    if int(found["port"]) > MAX_PORT:
        raise ValueError(f"a port is at most {MAX_PORT}")
    return listen


def checked_http_target(target: str) -> str:
    """The target of the HTTP door itself, perhaps with what secures it in front; "" for none.

    Raises:
        ValueError: it is neither HOST:PORT nor [IPV6]:PORT, or asks for client certificates, which
            a door cannot pass on; says so in one line.
    """
    security, plain = split_security(target)
    if plain.startswith(_SOCKET_SCHEME) or security is Security.MTLS:
        raise ValueError("the HTTP door listens on [plaintext:|tls:]HOST:PORT or [IPV6]:PORT")
    return checked_target(target) if target else target


def checked_health_target(target: str) -> str:
    """The target of the listener for health itself; "" for none.

    Raises:
        ValueError: it is neither HOST:PORT nor [IPV6]:PORT; says so in one line.
    """
    security, plain = split_security(target)
    if security is not None or plain.startswith(_SOCKET_SCHEME):
        raise ValueError("the listener for health is HOST:PORT or [IPV6]:PORT, in plaintext")
    return checked_target(target) if target else target


def is_local(listen: str) -> bool:
    """Whether only this machine can connect: a Unix socket, 127.0.0.0/8, ::1 or "localhost".

    0.0.0.0 and [::] are every interface; any other name may be.
    """
    _, target = split_security(listen)
    if target.startswith(_SOCKET_SCHEME):
        return True
    found = _HOST_PORT.fullmatch(target)
    return is_loopback_host((found["ipv6"] or found["host"]) if found else target)


def _check_socket(target: str) -> None:
    path = target.removeprefix(_SOCKET_SCHEME)
    if not path or "\0" in path:
        raise ValueError("unix: needs the path of the socket")
    if len(path.encode()) > MAX_SOCKET_PATH_BYTES:
        raise ValueError(f"the path of a socket has at most {MAX_SOCKET_PATH_BYTES} bytes")
