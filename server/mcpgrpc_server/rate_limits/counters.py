"""Where requests are counted: in this process, or in a Redis that a fleet shares.

It knows no caller and no method. What is counted goes when its window has passed, so memory is
bounded by what the windows let through. The `limits` library reads the texts of limits and counts
in Redis; its counting in memory is not used (`docs/adr/0017-windows-of-our-own-in-memory.md`).
"""

from __future__ import annotations

import asyncio
import logging
import time
from typing import Any, Final, Protocol

from limits import RateLimitItem
from limits.aio.storage import RedisStorage
from limits.aio.strategies import MovingWindowRateLimiter

from mcpgrpc_server.fleet.redis_client import redis_client
from mcpgrpc_server.rate_limits.windows import MovingWindows

logger = logging.getLogger("mcpgrpc.rate_limits")

REDIS_SECONDS: Final = 0.5
"""How long Redis may take for one request: beyond it the limit would be the bottleneck."""

PAUSE_SECONDS: Final = 1.0
"""How long a Redis that failed is not asked: else each request would wait for it."""

MIN_RETRY_SECONDS: Final = 0.001


class CountersAwayError(Exception):
    """Nothing can be counted now."""


class Counters(Protocol):
    """Counts requests in moving windows."""

    async def take(self, item: RateLimitItem, *keys: str) -> float | None:
        """Count a request; None when it has room, else the seconds until there is some.

        Raises:
            CountersAwayError: it cannot be said.
        """
        ...

    async def close(self) -> None:
        """Let go of connections."""
        ...


class MemoryCounters:
    """Counts for this process alone."""

    def __init__(self) -> None:
        self._windows: dict[RateLimitItem, MovingWindows] = {}

    async def take(self, item: RateLimitItem, *keys: str) -> float | None:
        """Count a request."""
        windows = self._windows.get(item)
        if windows is None:
            windows = self._windows[item] = MovingWindows(item.amount, item.get_expiry())
        wait_seconds = windows.take(keys)
        return None if wait_seconds is None else max(MIN_RETRY_SECONDS, wait_seconds)

    async def close(self) -> None:
        """There is nothing to let go of."""


class RedisCounters:
    """Counts for every server that shares a Redis.

    Args:
        url: `redis://`, `rediss://` or `unix://`; may hold a password, so it is never shown.
        prefix: in front of every key.
    """

    def __init__(self, url: str, prefix: str) -> None:
        # A connection that was lost while nobody asked says nothing about Redis.
        self._client = redis_client(url, timeout_seconds=REDIS_SECONDS, retries=1)
        options: dict[str, Any] = {"connection_pool": self._client.connection_pool}
        storage = RedisStorage(
            _storage_uri(url), implementation="redispy", key_prefix=prefix, **options
        )
        self._windows = MovingWindowRateLimiter(storage)
        self._paused_until = 0.0

    async def take(self, item: RateLimitItem, *keys: str) -> float | None:
        """Count a request, unless Redis is away."""
        if time.monotonic() < self._paused_until:
            raise CountersAwayError
        try:
            async with asyncio.timeout(REDIS_SECONDS):
                has_room = await self._windows.hit(item, *keys)
                reset = None if has_room else await self._windows.get_window_stats(item, *keys)
        except Exception as error:  # noqa: BLE001 - whatever Redis or its client does, calls go on
            self._note_away(error)
            raise CountersAwayError from None
        self._note_back()
        return None if reset is None else _seconds_until(reset.reset_time)

    async def close(self) -> None:
        """Close the connections to Redis."""
        await self._client.aclose()

    def _note_away(self, error: Exception) -> None:
        if not self._paused_until:
            # The type alone: the text of a client's error may hold the address and its password.
            logger.error("Redis is away, so rate limits cannot be kept: %s", type(error).__name__)
        self._paused_until = time.monotonic() + PAUSE_SECONDS

    def _note_back(self) -> None:
        if self._paused_until:
            logger.info("Redis is back, rate limits are kept again")
        self._paused_until = 0.0


def _storage_uri(url: str) -> str:
    """The address as the `limits` library has it, which knows other schemes on sockets."""
    return f"async+redis+{url}" if url.startswith("unix:") else f"async+{url}"


def _seconds_until(wall_clock_seconds: float) -> float:
    return max(MIN_RETRY_SECONDS, wall_clock_seconds - time.time())
