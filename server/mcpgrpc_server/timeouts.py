"""The timeouts of the requests of one stream under one timer, which stands at the nearest of them.

It cancels and answers nothing: it tells a request that its time is over. A timer for each request
would cost more than most requests do, and nearly all of them end before it.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Collection
from typing import Final, Protocol

from mcpgrpc.logs.correlation import Correlated, handling

COARSENESS_SECONDS: Final = 0.001
"""What is due so soon ends with what is due now: event loops wait by the millisecond."""


class Timed(Protocol):
    """A request that may take so long and no longer.

    Attributes:
        deadline: when its time is over, by `time.monotonic`; `math.inf` while it has no limit.
    """

    deadline: float

    @property
    def call(self) -> Correlated:
        """Whose the lines are that its end brings."""
        ...

    def time_out(self) -> None:
        """Its time is over."""
        ...


class Timeouts:
    """Belongs to the event loop that it is made on.

    Args:
        running: the requests; whoever is no longer in it is not told.
    """

    __slots__ = ("_loop", "_running", "_timer", "_timer_ends")

    def __init__(self, running: Collection[Timed]) -> None:
        self._running = running
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None
        self._timer_ends = math.inf

    def begin(self, request: Timed, deadline: float) -> None:
        """End the time of a request then. To keep it from being told, set its deadline to inf."""
        request.deadline = deadline
        if deadline < self._timer_ends:
            self._set(deadline)

    def stop(self) -> None:
        """Tell nobody any more, until the next `begin`."""
        if self._timer is not None:
            self._timer.cancel()
        self._timer = None
        self._timer_ends = math.inf

    def _set(self, ends: float) -> None:
        self.stop()
        self._timer_ends = ends
        wait_seconds = max(COARSENESS_SECONDS, ends - time.monotonic())
        self._timer = self._loop.call_later(wait_seconds, self._look)

    def _look(self) -> None:
        """Tell those whose time is over, and look again when the next one's is."""
        self.stop()
        due = time.monotonic() + COARSENESS_SECONDS
        over = [each for each in self._running if each.deadline <= due]
        for request in sorted(over, key=_deadline):
            request.deadline = math.inf
            # The timer was set by another request, maybe.
            with handling(request.call):
                request.time_out()
        nearest = min((each.deadline for each in self._running), default=math.inf)
        if nearest < self._timer_ends:
            self._set(nearest)


def _deadline(request: Timed) -> float:
    return request.deadline
