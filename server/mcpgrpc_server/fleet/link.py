"""The link of a server to its fleet's Redis: lost and found again, said once, tried with patience.

It knows no keys and no changes: parts do, and each of them lives as long as the link is up.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final, Protocol

from mcpgrpc_server.backoff import Backoff
from mcpgrpc_server.fleet.counts import FleetCounts

if TYPE_CHECKING:
    from redis.asyncio import Redis

logger = logging.getLogger("mcpgrpc.fleet")

LONGEST_PAUSE_SECONDS: Final = 5.0
"""Between two attempts: so long a Redis that is back may go unnoticed."""


class FleetError(Exception):
    """Redis answers, but cannot be used; the text says why, and holds no secret."""


class Part(Protocol):
    """Something that a server shares through Redis."""

    async def attend(self, client: Redis, begun: Callable[[], None]) -> None:
        """Take part until cancelled, or until Redis fails.

        Args:
            client: of a Redis that was away before, as far as the part knows.
            begun: called once, as soon as the part has what it needs of Redis.

        Raises:
            Exception: whatever Redis or its client does.
        """
        ...


class Link:
    """Keeps parts in touch with Redis.

    Args:
        connect: makes a fresh client.
        parts: what is shared.
        counts: what is counted of it.
    """

    def __init__(
        self, connect: Callable[[], Redis], parts: Sequence[Part], counts: FleetCounts
    ) -> None:
        self._connect = connect
        self._parts = tuple(parts)
        self._counts = counts
        self._backoff = Backoff(LONGEST_PAUSE_SECONDS)
        self._is_known_away = False
        self._up_since: float | None = None
        self.tried = asyncio.Event()
        """Set once the first attempt has succeeded or failed."""

    async def run(self) -> None:
        """Stay in touch, until cancelled."""
        while True:
            try:
                await self._meet()
            except* Exception as failures:  # noqa: BLE001  # whatever Redis does, the server goes on
                self._note_away(_first(failures))
            since, self._up_since = self._up_since, None
            if since is not None:
                self._backoff.lived(time.monotonic() - since)
            await asyncio.sleep(self._backoff.next_seconds())

    async def _meet(self) -> None:
        missing = len(self._parts)

        def begun() -> None:
            nonlocal missing
            missing -= 1
            if missing == 0:
                self._note_up()

        async with self._connect() as client, asyncio.TaskGroup() as tasks:
            for part in self._parts:
                tasks.create_task(part.attend(client, begun))

    def _note_up(self) -> None:
        again = " again" if self._is_known_away else ""
        logger.info("this server is in touch with its fleet%s", again)
        self._is_known_away = False
        self._up_since = time.monotonic()
        self._counts.is_connected = 1
        self.tried.set()

    def _note_away(self, error: BaseException) -> None:
        if not self._is_known_away:
            # The type alone: the text of a client's error may hold the address and its password.
            why = str(error) if isinstance(error, FleetError) else type(error).__name__
            logger.error("this server is out of touch with its fleet in Redis: %s", why)
            self._counts.times_away += 1
        self._is_known_away = True
        self._counts.is_connected = 0
        self.tried.set()


def _first(failures: BaseExceptionGroup[BaseException]) -> BaseException:
    error = failures.exceptions[0]
    return _first(error) if isinstance(error, BaseExceptionGroup) else error
