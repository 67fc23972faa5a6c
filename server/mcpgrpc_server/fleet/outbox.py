"""The changes that other servers still have to be told of: each once, and no more than fit.

It sends nothing.
"""

from __future__ import annotations

import asyncio
from typing import Final

from mcpgrpc_server.fleet.change import EVERYTHING, Change

MAX_WAITING: Final = 1_024
"""Different changes; beyond them the others are told that everything may have changed."""


class Outbox:
    """A queue of changes in which the same change waits once; belongs to one event loop."""

    def __init__(self) -> None:
        self._waiting: dict[Change, None] = {}
        self._filled = asyncio.Event()
        self._emptied = asyncio.Event()
        self._emptied.set()

    def add(self, change: Change) -> None:
        """Let a change wait to be sent; never waits itself."""
        if EVERYTHING not in self._waiting:
            self._waiting[change] = None
        if len(self._waiting) > MAX_WAITING:
            self._waiting = {EVERYTHING: None}
        self._filled.set()
        self._emptied.clear()

    async def take(self) -> Change:
        """The change that waits longest; the same change from now on is another one.

        Follow it by `sent`, or by `add` where it could not be sent.
        """
        await self._filled.wait()
        change = next(iter(self._waiting))
        del self._waiting[change]
        if not self._waiting:
            self._filled.clear()
        return change

    def sent(self) -> None:
        """What was taken is sent."""
        if not self._waiting:
            self._emptied.set()

    async def wait_empty(self) -> None:
        """Wait until everything is sent."""
        await self._emptied.wait()
