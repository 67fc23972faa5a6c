"""How late the event loop is: the time between when a timer was due and when it ran.

A loop that is late is held up by something that does not yield, or has more to do than it can. It
does not find out what.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

INTERVAL_SECONDS: Final = 0.5
"""Between two looks: two wake-ups a second cost nothing, and a pause is seldom missed."""


class LoopLag:
    """Looks at the running event loop twice a second.

    Args:
        observe: hears of each lateness in seconds.
    """

    def __init__(self, observe: Callable[[float], None]) -> None:
        self._observe = observe
        self._timer: asyncio.TimerHandle | None = None

    def start(self) -> None:
        """Begin to look; call it on the loop."""
        self._loop = asyncio.get_running_loop()
        self._wait()

    def stop(self) -> None:
        """End looking. Idempotent."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _wait(self) -> None:
        due = self._loop.time() + INTERVAL_SECONDS
        self._timer = self._loop.call_at(due, self._look, due)

    def _look(self, due: float) -> None:
        self._observe(max(0.0, self._loop.time() - due))
        self._wait()
