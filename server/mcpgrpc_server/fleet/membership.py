"""What one app shares with the apps of the other servers of its fleet, and for how long it does.

It decides what is shared, by the settings and by what the app has of its own; the parts do the
sharing.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from typing import Final

from mcpgrpc_server.backend import Backend
from mcpgrpc_server.caching.backend import CachingBackend
from mcpgrpc_server.fleet.bus import Bus
from mcpgrpc_server.fleet.change import EVERYTHING, Change
from mcpgrpc_server.fleet.counts import FleetCounts
from mcpgrpc_server.fleet.link import Link, Part
from mcpgrpc_server.fleet.redis_client import redis_client
from mcpgrpc_server.fleet.shared_ring import SharedRing
from mcpgrpc_server.fleet.state_keys import StateKeys, keys_of_file, ring_from_secret
from mcpgrpc_server.sdk.changes import AppChanges
from mcpgrpc_server.sdk.internals import LowlevelServer
from mcpgrpc_server.sdk.sealing import has_process_key, sealed_with, seals
from mcpgrpc_server.settings import ServerSettings
from mcpgrpc_server.workers.sealing import shared_key

logger = logging.getLogger("mcpgrpc.fleet")

FIRST_ATTEMPT_SECONDS: Final = 5.0
"""How long a start waits for Redis, even where it neither answers nor refuses."""

FLUSH_SECONDS: Final = 1.0
"""How long the last changes of a server that stops may take to be sent."""


class Membership:
    """The part that one app has in its fleet.

    Args:
        backend: whose kept results changes elsewhere make old.
        server: the app's low-level server.
        settings: what is shared, and where.
        url: the address of Redis; empty without one.

    Raises:
        SettingsError: the file of keys cannot be used.
    """

    def __init__(
        self, backend: Backend, server: LowlevelServer, settings: ServerSettings, url: str
    ) -> None:
        self.counts = FleetCounts()
        self._server = server
        self._settings = settings
        self._cache = backend.cache if isinstance(backend, CachingBackend) else None
        self._changes = AppChanges(server, self._heard, self._made_here)
        self._ring: SharedRing | None = None
        self._keys = self._sealing_keys(url)
        self._bus = self._new_bus() if url and self._changes.are_shareable else None
        self._link = self._new_link(url)

    @property
    def is_ready(self) -> bool:
        """Whether other servers can open what the app seals, or it may seal all the same."""
        if self._ring is None or self._settings.redis_away == "open":
            return True
        return bool(self._ring.secrets())

    def on_ready(self, follow: Callable[[], None]) -> None:
        """Call `follow` when `is_ready` has changed."""
        if self._ring is not None:
            self._ring.on_first_read(follow)

    @asynccontextmanager
    async def attended(self) -> AsyncIterator[None]:
        """Take part; waits a bounded time for Redis first, and goes on without it."""
        with contextlib.ExitStack() as stack:
            if self._keys is not None:
                stack.enter_context(sealed_with(self._server, self._keys))
            if self._bus is not None:
                stack.enter_context(self._changes.watched())
            async with self._linked():
                yield

    async def flush(self) -> None:
        """Wait until the other servers are told of every change; for ever, while Redis is away."""
        if self._bus is not None:
            await self._bus.flush()

    @asynccontextmanager
    async def _linked(self) -> AsyncIterator[None]:
        if self._link is None:
            yield
            return
        running = asyncio.create_task(self._link.run(), name="the link to the fleet")
        try:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._link.tried.wait(), FIRST_ATTEMPT_SECONDS)
            yield
            if self.counts.is_connected:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self.flush(), FLUSH_SECONDS)
        finally:
            running.cancel()
            await asyncio.wait({running})

    def _heard(self, change: Change) -> None:
        """Before any client hears of a change, so that none is answered what was kept before it."""
        if self._cache is None:
            return
        if change == EVERYTHING:
            self._cache.clear()
        else:
            self._cache.heard(change.method, change.params_json)

    def _made_here(self, change: Change) -> None:
        if self._bus is not None:
            self._bus.tell(change)

    def _sealing_keys(self, url: str) -> StateKeys | None:
        """The keys for an app that has none of its own; None where it keeps what it has."""
        path, secret = self._settings.state_keys, shared_key()
        # Read in any case: a file that cannot be used is refused, whoever would use it.
        of_file = keys_of_file(path) if path else None
        if not has_process_key(self._server):
            self._say_whose_keys()
            return None
        if of_file is not None:
            return of_file
        if url:
            self._ring = self._new_ring()
            return self._ring.secrets
        return None if secret is None else ring_from_secret(secret)

    def _say_whose_keys(self) -> None:
        if seals(self._server):
            unused = "state_keys is not used: " if self._settings.state_keys else ""
            logger.log(
                logging.WARNING if unused else logging.INFO,
                "%srequestState is sealed with keys that the app has itself; keys that the SDK made"
                " before Server was imported from mcpgrpc_server count as such",
                unused,
            )

    def _new_ring(self) -> SharedRing:
        settings = self._settings
        name = f"{settings.redis_prefix}:state-keys:{self._server.name}"
        return SharedRing(name, settings.state_key_rotation_seconds, self.counts)

    def _new_bus(self) -> Bus:
        channel = f"{self._settings.redis_prefix}:changes:{self._server.name}"
        return Bus(channel, self._changes, self.counts)

    def _new_link(self, url: str) -> Link | None:
        parts: list[Part] = [part for part in (self._ring, self._bus) if part is not None]
        return Link(partial(redis_client, url), parts, self.counts) if parts else None
