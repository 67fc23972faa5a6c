"""When a worker that ended is replaced: at once, later, or no more.

It starts nothing and reads no clock.
"""

from __future__ import annotations

from typing import Final

STEADY_SECONDS: Final = 10.0
"""Whoever has served so long did not end of its start."""

FIRST_DELAY_SECONDS: Final = 0.2
MAX_DELAY_SECONDS: Final = 30.0
MAX_DOUBLINGS: Final = 16

MAX_SHORT_LIVES: Final = 5
"""Of one worker in a row: beyond them, and while none serves, nothing will help."""


class Restarts:
    """Counts the short lives of one worker and its replacements."""

    def __init__(self) -> None:
        self._short = 0

    @property
    def is_hopeless(self) -> bool:
        """Whether, while nobody else serves, another try is in vain."""
        return self._short >= MAX_SHORT_LIVES

    def delay_seconds(self, served_seconds: float) -> float:
        """How long to wait until one that ended is replaced.

        Args:
            served_seconds: how long it served; 0 where it never did.
        """
        if served_seconds >= STEADY_SECONDS:
            self._short = 0
            return 0.0
        self._short += 1
        doubled: float = FIRST_DELAY_SECONDS * 2 ** min(self._short - 1, MAX_DOUBLINGS)
        return min(MAX_DELAY_SECONDS, doubled)
