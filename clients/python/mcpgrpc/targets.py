"""ADDRESS as users write it, turned into what a gRPC channel takes.

It resolves no name.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from typing import Final

from mcpgrpc.errors import UsageError
from mcpgrpc.loopback import is_loopback_host

DEFAULT_TARGET: Final = "127.0.0.1:50051"
"""Where a server listens when nobody says otherwise."""

_HOST_PORT: Final = re.compile(r"(?P<host>\[[0-9A-Fa-f:.]+\]|[^\s:/\[\],]+):(?P<port>[0-9]{1,5})")
_SCHEMES: Final = ("dns:", "unix:", "unix-abstract:", "ipv4:", "ipv6:", "xds:", "passthrough:")

_DNS_NAME: Final = re.compile(r"dns:(?:///)?(?P<name>[^/]+)")
_LIST_SCHEMES: Final = ("ipv4:", "ipv6:")


@dataclass(frozen=True, slots=True)
class ServiceName:
    """A name that stands for every server of a service.

    Attributes:
        host: the name, which TLS verifies.
        port: the port of every server.
    """

    host: str
    port: int

    @property
    def authority(self) -> str:
        """Name and port, as `:authority` has them."""
        return host_port(self.host, self.port)


def service_name(address: str) -> ServiceName | None:
    """The name of `dns:///name:port`; None for an ADDRESS of another form.

    A name to be asked of a certain name server is one of another form: gRPC resolves it.
    """
    found = _DNS_NAME.fullmatch(address)
    named = None if found is None else _HOST_PORT.fullmatch(found["name"])
    if named is None or int(named["port"]) > 65535:
        return None
    return ServiceName(_host(named[0]), int(named["port"]))


def listed_addresses(address: str) -> tuple[str, ...]:
    """The addresses of a list, each once; none for an ADDRESS of another form.

    Raises:
        UsageError: it is a list that nothing can be made of.
    """
    if "," not in address:
        return ()
    scheme = next((each for each in _LIST_SCHEMES if address.startswith(each)), "")
    if not scheme and address.startswith(_SCHEMES):
        return ()
    listed = address.removeprefix(scheme)
    grpc_target(listed)
    return tuple(dict.fromkeys(part.strip() for part in listed.split(",")))


def host_port(host: str, port: int) -> str:
    """`host:port`, with an IPv6 address in brackets."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def grpc_target(address: str) -> str:
    """The channel target of an ADDRESS: `host:port`, `dns:///name:port`, `unix:path`, or a list.

    Raises:
        UsageError: it has none of these forms.
    """
    if address.startswith(_SCHEMES):
        return address
    parts = [part.strip() for part in address.split(",")]
    for part in parts:
        _check_host_port(part, address)
    if len(parts) == 1:
        return parts[0]
    return _list_target(parts, address)


def is_local(address: str) -> bool:
    """Whether an ADDRESS is on this machine alone: Unix sockets, loopback addresses, "localhost".

    A name that only resolves to loopback is not: who answers for it can change.
    """
    scheme, colon, rest = address.partition(":")
    if f"{scheme}:" in ("unix:", "unix-abstract:"):
        return True
    if colon and f"{scheme}:" in _SCHEMES:
        address = rest.rpartition("/")[2]
    return all(is_loopback_host(_host(part.strip())) for part in address.split(","))


def _host(host_port: str) -> str:
    return host_port.rpartition(":")[0].removeprefix("[").removesuffix("]")


def _check_host_port(part: str, address: str) -> None:
    found = _HOST_PORT.fullmatch(part)
    if found is None or int(found["port"]) > 65535:
        raise UsageError(
            f"{address!r} is no address: write host:port, dns:///name:port, unix:path,"
            " or a list of host:port separated by commas"
        )


def _list_target(parts: list[str], address: str) -> str:
    """GRPC takes lists of literal addresses only."""
    versions = set()
    for part in parts:
        try:
            versions.add(ipaddress.ip_address(_host(part)).version)
        except ValueError:
            raise UsageError(
                f"{address!r}: a list takes IP addresses; give a name as dns:///name:port"
            ) from None
    if len(versions) != 1:
        raise UsageError(f"{address!r}: a list takes IPv4 or IPv6 addresses, not both")
    return f"ipv{versions.pop()}:" + ",".join(parts)
