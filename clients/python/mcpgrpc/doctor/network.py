"""The way to a server below gRPC: its name, its addresses, and whether anything listens there.

It speaks no protocol.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import time
from dataclasses import dataclass
from typing import Final, TypeAlias

from mcpgrpc.doctor.findings import Finding, Level

MAX_ADDRESSES: Final = 16
"""Looked at of one name; a headless service may have more."""

_RESOLVED_SCHEMES: Final = ("dns", "ipv4", "ipv6", "passthrough")


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A place where a server may listen.

    Attributes:
        address: for people, HOST:PORT or the path of a socket.
        name: the host's name as it was written, which a certificate must hold.
        place: HOST and PORT, or None for a socket in the file system.
    """

    address: str
    name: str
    place: tuple[str, int] | None


Connection: TypeAlias = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def resolved(target: str, timeout_seconds: float) -> tuple[Finding, list[Endpoint]]:
    """The endpoints of a channel target, all of them if it is a name or a list."""
    scheme, _, rest = target.partition(":")
    if scheme == "unix":
        path = rest.removeprefix("//")
        return Finding("resolve", Level.OK, f"the socket {path}"), [Endpoint(path, "", None)]
    if scheme in ("unix-abstract", "xds"):
        return Finding("resolve", Level.SKIPPED, f"{scheme}: is gRPC's own to resolve"), []
    written = rest.rpartition("/")[2] if scheme in _RESOLVED_SCHEMES else target
    began = time.monotonic()
    endpoints: list[Endpoint] = []
    for each in written.split(","):
        host, port = _split(each)
        try:
            async with asyncio.timeout(timeout_seconds):
                hosts = await _hosts(host, port)
        except TimeoutError:
            return _unresolved(host, f"no answer within {timeout_seconds:g} s"), []
        except OSError as error:
            return _unresolved(host, (error.strerror or str(error)).lower()), []
        endpoints += [Endpoint(_joined(each, port), host, (each, port)) for each in hosts]
    took_ms = round((time.monotonic() - began) * 1000, 1)
    addresses = [each.address for each in endpoints]
    return (
        Finding(
            "resolve",
            Level.OK,
            f"{written} is {', '.join(addresses[:MAX_ADDRESSES])} ({took_ms:g} ms)",
            facts={"addresses": addresses, "took_ms": took_ms},
        ),
        endpoints[:MAX_ADDRESSES],
    )


async def connected(endpoints: list[Endpoint], timeout_seconds: float) -> Finding:
    """Whether something listens at each endpoint."""
    results = await asyncio.gather(*(_connect(each, timeout_seconds) for each in endpoints))
    bad = {each.address: said for each, said in zip(endpoints, results, strict=True) if said}
    facts = {
        each.address: said or "connected" for each, said in zip(endpoints, results, strict=True)
    }
    if not bad:
        what = "something listens there" if len(endpoints) == 1 else "something listens at each"
        return Finding("connect", Level.OK, what, facts=facts)
    found = "; ".join(f"{address}: {why}" for address, why in bad.items())
    if len(bad) < len(endpoints):
        advice = "take the dead addresses out of the name, or bring their servers back"
        return Finding("connect", Level.WARNING, found, advice, facts)
    advice = (
        "check the address, that the server runs (`mcpgrpc serve APP`), that it listens on more"
        " than loopback if it is on another machine, and what firewalls or network policies let in"
    )
    return Finding("connect", Level.FAILED, found, advice, facts)


async def opened(endpoint: Endpoint) -> Connection:
    """A connection to it.

    Raises:
        OSError: nothing takes it.
    """
    if endpoint.place is None:
        return await asyncio.open_unix_connection(endpoint.address)
    return await asyncio.open_connection(*endpoint.place)


async def closed(writer: asyncio.StreamWriter) -> None:
    """Close a connection, whatever it says to that."""
    writer.close()
    with contextlib.suppress(OSError, TimeoutError):
        async with asyncio.timeout(1):
            await writer.wait_closed()


async def _connect(endpoint: Endpoint, timeout_seconds: float) -> str:
    """Why nothing takes a connection; empty when something does."""
    try:
        async with asyncio.timeout(timeout_seconds):
            _, writer = await opened(endpoint)
    except TimeoutError:
        return f"no answer within {timeout_seconds:g} s"
    except OSError as error:
        return said(error)
    await closed(writer)
    return ""


def said(error: OSError) -> str:
    """What the system says of an error, without what Python adds."""
    if error.errno is not None and error.errno > 0:
        return os.strerror(error.errno).lower()
    return (str(error) or type(error).__name__).lower()


async def _hosts(host: str, port: int) -> list[str]:
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(place[0]) for *_, place in found))


def _unresolved(host: str, why: str) -> Finding:
    return Finding(
        "resolve",
        Level.FAILED,
        f"{host} has no address: {why}",
        "check the name; in Kubernetes a headless service resolves to the pods that are ready, and"
        " to nothing while none is",
    )


def _split(host_port: str) -> tuple[str, int]:
    host, colon, port = host_port.strip().rpartition(":")
    if not colon or not port.isdigit():
        # gRPC takes a name without a port for HTTPS'.
        return host_port.strip().strip("[]"), 443
    return host.strip("[]"), int(port)


def _joined(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
