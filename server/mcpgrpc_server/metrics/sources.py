"""Figures that nobody has to be told, since they stand somewhere already: read at each scrape.

They are read in the thread of the scrape: a source only looks at what cannot tear.
"""

from __future__ import annotations

import platform
from collections.abc import Callable, Iterable, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Protocol

from mcpgrpc_server.availability import Availability
from mcpgrpc_server.metrics.tallies import AskedGauge, Labels
from mcpgrpc_server.transport_security.settings import TransportSecuritySettings


class Queueing(Protocol):
    """Something that may have to wait for its client."""

    @property
    def queued_bytes(self) -> int:
        """How much waits now."""
        ...


def build_info() -> AskedGauge:
    """Which versions run."""
    names = ("version", "mcp", "grpcio", "protobuf", "python")
    versions = (*(version(name) for name in ("mcpgrpc", *names[1:-1])), platform.python_version())
    return AskedGauge(
        "mcpgrpc_build_info", "1, labelled with the versions that run", names, lambda: {versions: 1}
    )


def upstream_states(upstreams: Mapping[str, Availability]) -> AskedGauge:
    """Which upstreams are up."""

    def ask() -> dict[Labels, float]:
        return {(name,): float(each.serving) for name, each in upstreams.items()}

    return AskedGauge("mcpgrpc_upstream_up", "1 while the upstream can serve", ("upstream",), ask)


def certificate_expiry(settings: TransportSecuritySettings) -> AskedGauge:
    """When the certificates on disk end: of the listeners, and the first that signs clients'.

    The next handshake takes what is on disk. A file that cannot be read has no sample; the log has
    said why.
    """
    files = {"tls_cert": settings.tls_cert, "tls_client_ca": settings.tls_client_ca}

    def ask() -> dict[Labels, float]:
        ends = {(name,): _expiry(file) for name, file in files.items() if file}
        return {name: end for name, end in ends.items() if end is not None}

    return AskedGauge(
        "mcpgrpc_certificate_expiry_timestamp_seconds",
        "When the certificate in the file that this setting names ends, as Unix time",
        ("setting",),
        ask,
    )


class QueuedBytes:
    """What waits for clients to read: of all streams, and of the one that has most."""

    def __init__(self) -> None:
        self.streams: Callable[[], Iterable[Queueing]] = tuple
        """Those that are open; called from any thread."""

    def gauges(self) -> tuple[AskedGauge, AskedGauge]:
        """The two."""
        name = "mcpgrpc_queued_bytes"
        return (
            AskedGauge(name, "Bytes that wait for clients to read", (), self._sum),
            AskedGauge(f"{name}_max", "The same of the stream that has most", (), self._max),
        )

    def _sum(self) -> dict[Labels, float]:
        return {(): sum(each.queued_bytes for each in self.streams())}

    def _max(self) -> dict[Labels, float]:
        return {(): max((each.queued_bytes for each in self.streams()), default=0)}


def _expiry(file: str | Path) -> float | None:
    # Who has no TLS need not load cryptography.
    from mcpgrpc_server.transport_security.tls_files import TlsFilesError, expires_at

    try:
        return expires_at(Path(file)).timestamp()
    except TlsFilesError:
        return None
