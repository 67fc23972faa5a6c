"""What the door has under way, and whether it takes more: so that it can end without cutting off.

It carries nothing. What waits for a client by nature, such as a subscription, is no work.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator
from contextlib import contextmanager

from mcpgrpc.binding import errors
from mcpgrpc.binding.ids import Id
from mcpgrpc.gateway.replies import SERVICE_UNAVAILABLE, HttpRefusalError


class Work:
    """Counts what is to be finished; belongs to one event loop."""

    def __init__(self) -> None:
        self._under_way = 0
        self._draining = asyncio.Event()
        self._done = asyncio.Event()
        self._done.set()

    @property
    def draining(self) -> bool:
        """Whether no more is taken."""
        return self._draining.is_set()

    def check_open(self, request_id: Id | None = None) -> None:
        """Refuse further work in a drain.

        Raises:
            HttpRefusalError: 503, the request of this id has not run.
        """
        if self.draining:
            raise HttpRefusalError(
                SERVICE_UNAVAILABLE,
                "this door is stopping; connect again for another",
                code=errors.UNAVAILABLE,
                request_id=request_id,
                data={"reason": "DRAINING", "execution": "NOT_STARTED"},
                headers={"connection": "close"},
            )

    @contextmanager
    def under_way(self) -> Iterator[None]:
        """Something that a drain waits for."""
        self._under_way += 1
        self._done.clear()
        try:
            yield
        finally:
            self._under_way -= 1
            if not self._under_way:
                self._done.set()

    def begin_drain(self) -> None:
        """Take no more from now on."""
        self._draining.set()

    async def wait_draining(self) -> None:
        """Wait until no more is taken."""
        await self._draining.wait()

    async def wait_done(self, timeout_seconds: float) -> None:
        """Wait until nothing is under way, or the time is over."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._done.wait(), timeout_seconds)
