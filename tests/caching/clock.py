"""A clock that the test moves."""

from __future__ import annotations

from typing import Any

from mcpgrpc.caching import CacheConfig


class Clock:
    """Seconds that pass when the test says so."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now

    def config(self, **bounds: Any) -> CacheConfig:
        """A cache's bounds, on this clock."""
        return CacheConfig(clock=self, **bounds)
