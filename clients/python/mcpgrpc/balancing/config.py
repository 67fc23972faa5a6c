"""The settings of the balance over addresses.

They hold no state and open nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from mcpgrpc.balancing.resolving import SYSTEM_RESOLVER, Resolver
from mcpgrpc.errors import UsageError

MAX_STREAMS: Final = 1024
"""More streams than this are a fleet's, not a client's."""


@dataclass(frozen=True, slots=True)
class BalancingConfig:
    """How a client spreads over the addresses of `dns:///name:port`, or of a list.

    Attributes:
        max_streams: streams at once at most. One for each address up to it; beyond it a client
            takes a random share of the addresses. A thousand clients of a thousand replicas hold
            32,000 streams by the default, 32 at each replica, and not a million.
        resolve_interval_seconds: how often a name is resolved anew, give or take a fifth, so that
            clients that started together do not ask together; at once as well when a stream is lost
            or drained.
        max_probe_interval_seconds: an address that failed is tried again after a pause that doubles
            from a tenth of a second up to this.
        resolver: who resolves names; the system's by default.
    """

    max_streams: int = 32
    resolve_interval_seconds: float = 5.0
    max_probe_interval_seconds: float = 5.0
    resolver: Resolver = SYSTEM_RESOLVER

    def __post_init__(self) -> None:
        if not 1 <= self.max_streams <= MAX_STREAMS:
            raise UsageError(f"max_streams must be from 1 to {MAX_STREAMS}, not {self.max_streams}")
        if self.resolve_interval_seconds <= 0 or self.max_probe_interval_seconds <= 0:
            raise UsageError("resolve and probe intervals are seconds above 0")


DEFAULT_BALANCING: Final = BalancingConfig()
