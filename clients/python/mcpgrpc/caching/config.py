"""How large a cache of answers may get, how long it trusts them, and who hears of it.

It keeps nothing itself; `response_cache` does.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from mcpgrpc.binding.limits import MIB
from mcpgrpc.errors import UsageError

MAX_TTL_SECONDS: Final = 24 * 60 * 60.0
"""The official SDK keeps nothing for longer either, whatever a server says."""

CacheMode: TypeAlias = Literal["use", "refresh", "bypass"]
"""What one call does with the cache: "use" answers from it and keeps what it fetches, "refresh"
fetches and keeps, "bypass" leaves it alone. The words are the official SDK's."""

CACHE_MODES: Final[tuple[CacheMode, ...]] = ("use", "refresh", "bypass")

CacheEvent: TypeAlias = Literal["hit", "miss", "kept", "dropped"]
"""What happened: answered from the cache; asked for and not there; an answer taken in; an answer
let go before its time, by a notification or for want of room."""

OnCacheEvent: TypeAlias = Callable[[CacheEvent, str], None]
"""Called with what happened and the method whose answer it was. It must not raise."""


@dataclass(frozen=True, slots=True)
class CacheConfig:
    """Bounds of a cache.

    Attributes:
        max_entries: answers kept at once; the one unused for longest goes first.
        max_bytes: memory that they take together, keys and a share of overhead included. A larger
            answer is not kept.
        max_ttl_seconds: the longest that an answer is kept, whatever `ttlMs` says.
        on_event: hears of hits, misses, and what comes and goes.
        clock: seconds that only grow; another one for tests.

    Raises:
        UsageError: a bound is not above 0.
    """

    max_entries: int = 1_024
    max_bytes: int = 16 * MIB
    max_ttl_seconds: float = MAX_TTL_SECONDS
    on_event: OnCacheEvent | None = None
    clock: Callable[[], float] = time.monotonic

    def __post_init__(self) -> None:
        for name in ("max_entries", "max_bytes", "max_ttl_seconds"):
            if not getattr(self, name) > 0:
                raise UsageError(f"{name} must be above 0; no cache at all is cache=None")


def checked_cache_mode(mode: str) -> str:
    """The mode itself. Raises UsageError for an unknown one."""
    if mode not in CACHE_MODES:
        raise UsageError(f"cache_mode must be one of {', '.join(CACHE_MODES)}, not {mode!r}")
    return mode
