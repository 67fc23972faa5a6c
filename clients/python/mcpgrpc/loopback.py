"""Whether a host is this machine alone, by how it is written.

It looks up no name: who answers for one can change.
"""

from __future__ import annotations

from ipaddress import ip_address


def is_loopback_host(host: str) -> bool:
    """Whether it is 127.0.0.0/8, ::1 or "localhost"; an IPv6 address stands without brackets."""
    if host.lower() == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
