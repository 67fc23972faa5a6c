"""The ring of keys that lives in Redis: made once, read again and again, rotated by the first.

What it has read stays in memory, so a Redis that goes away takes no key along; one that comes back
empty is given the ring again.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from mcpgrpc_server.fleet.counts import FleetCounts
from mcpgrpc_server.fleet.link import FleetError
from mcpgrpc_server.fleet.ring import Ring, RingKey, parsed

if TYPE_CHECKING:
    from redis.asyncio import Redis

REFRESH_SECONDS: Final = 10.0
"""How often the ring is read: far more often than a new key waits before it seals."""

STEADY_SECONDS: Final = 60.0
"""How long Redis has to have been there before a server seals with another key than before: by then
every other server has found it again too, and has read the key."""

MAX_RACES: Final = 16
"""Servers that write the ring at the same moment; the others' next look is soon."""


class SharedRing:
    """The ring of a fleet, as this server knows it; a part of its link.

    Args:
        name: of the key in Redis.
        rotation_seconds: how often there is a new key.
        counts: what is counted of it.
        clock: Unix seconds.
        refresh_seconds: between two looks.
    """

    def __init__(
        self,
        name: str,
        rotation_seconds: float,
        counts: FleetCounts,
        *,
        clock: Callable[[], float] = time.time,
        refresh_seconds: float = REFRESH_SECONDS,
    ) -> None:
        self._name = name
        self._rotation_seconds = rotation_seconds
        self._counts = counts
        self._clock = clock
        self._refresh_seconds = refresh_seconds
        self._ring: Ring | None = None
        self._sealing: RingKey | None = None
        self._secrets: tuple[bytes, ...] = ()
        self._came: list[Callable[[], None]] = []
        self._met = 0.0

    def secrets(self) -> tuple[bytes, ...]:
        """The keys, the one that seals first; none until the ring was read for the first time."""
        return self._secrets

    def on_first_read(self, came: Callable[[], None]) -> None:
        """Call `came` when the ring was read for the first time."""
        self._came.append(came)

    async def attend(self, client: Redis, begun: Callable[[], None]) -> None:
        """Keep the ring as new as the one in Redis."""
        self._met = time.monotonic()
        await self.refresh(client)
        begun()
        while True:
            await asyncio.sleep(self._refresh_seconds)
            await self.refresh(client)

    async def refresh(self, client: Redis) -> None:
        """Read the ring now; makes it, mends it or rotates it where that is needed."""
        for _ in range(MAX_RACES):
            stored: Any = await client.get(self._name)
            now = self._clock()
            there = None if stored is None else self._parsed(stored)
            wanted = self._wanted(there, now)
            if wanted == there or await self._replaced(client, stored, wanted):
                self._take(wanted, now)
                return

    def _wanted(self, there: Ring | None, now: float) -> Ring:
        known = self._ring
        if there is not None and known is not None:
            there = there.joined(known)
        ring = there or known or Ring.new(now)
        return ring.rotated(now, self._rotation_seconds)

    async def _replaced(self, client: Redis, stored: bytes | None, ring: Ring) -> bool:
        """Write the ring, if nobody has written another since it was read."""
        # Nobody rotates a ring that no server has: it goes by itself.
        life_seconds = int(4 * self._rotation_seconds)
        if stored is None:
            made = await client.set(self._name, ring.text(), nx=True, ex=life_seconds)
            return bool(made)
        from redis.exceptions import WatchError

        async with client.pipeline() as pipe:
            try:
                await pipe.watch(self._name)
                if await pipe.get(self._name) != stored:
                    return False
                pipe.multi()  # type: ignore[no-untyped-call]  # the client's own has no types
                pipe.set(self._name, ring.text(), ex=life_seconds)
                await pipe.execute()
            except WatchError:
                return False
        return True

    def _parsed(self, stored: bytes) -> Ring:
        try:
            return parsed(stored)
        except ValueError as error:
            raise FleetError(
                f"the key {self._name} is somebody else's ({error}): set another redis_prefix"
            ) from None

    def _take(self, ring: Ring, now: float) -> None:
        is_first = self._ring is None
        is_steady = time.monotonic() - self._met >= STEADY_SECONDS
        if self._sealing not in ring.keys or is_steady:
            self._sealing = ring.sealing(now)
        assert self._sealing is not None
        if ring != self._ring or self._secrets[0] != self._sealing.secret:
            self._secrets = ring.secrets_from(self._sealing)
        self._ring = ring
        self._counts.keys = len(ring.keys)
        if is_first:
            for came in self._came:
                came()
