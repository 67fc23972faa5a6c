"""The places a server can listen at: what one looks like, and who can reach it.

It binds nothing and looks up no name.
"""

from __future__ import annotations

import re
from ipaddress import ip_address
from typing import Final

MAX_PORT: Final = 65_535
MAX_SOCKET_PATH_BYTES: Final = 107
"""What the kernel takes for the path of a socket."""

_HOST_PORT = re.compile(
    r"(?:\[(?P<ipv6>[0-9A-Fa-f:.]+)\]|(?P<host>[^\s:/\[\],]+)):(?P<port>[0-9]{1,5})"
)
_SOCKET_SCHEME = "unix:"


def checked_target(target: str) -> str:
    """The target itself.

    Raises:
        ValueError: it is not HOST:PORT, [IPV6]:PORT or unix:PATH; says so in one line.
    """
    if target.startswith(_SOCKET_SCHEME):
        return _checked_socket(target)
    found = _HOST_PORT.fullmatch(target)
    if found is None:
        raise ValueError("a listener is HOST:PORT, [IPV6]:PORT or unix:PATH")
    if int(found["port"]) > MAX_PORT:
        raise ValueError(f"a port is at most {MAX_PORT}")
    return target


def is_local(target: str) -> bool:
    """Whether only this machine can connect: a Unix socket, 127.0.0.0/8, ::1 or "localhost".

    0.0.0.0 and [::] are every interface; any other name may be.
    """
    if target.startswith(_SOCKET_SCHEME):
        return True
    found = _HOST_PORT.fullmatch(target)
    host = (found["ipv6"] or found["host"]) if found else target
    if host.lower() == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _checked_socket(target: str) -> str:
    path = target.removeprefix(_SOCKET_SCHEME)
    if not path or "\0" in path:
        raise ValueError("unix: needs the path of the socket")
    if len(path.encode()) > MAX_SOCKET_PATH_BYTES:
        raise ValueError(f"the path of a socket has at most {MAX_SOCKET_PATH_BYTES} bytes")
    return target
