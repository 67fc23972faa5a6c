"""How many lines of one kind the log takes, so that nobody fills it by being refused.

It is no rate limit of requests, and loses no count: what was left out is said with the next line.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

MAX_LINES: Final = 20
"""Of one kind in a period: enough to see who and why."""

PERIOD_SECONDS: Final = 10.0

MAX_KINDS: Final = 64
"""Kept apart; this service has some 20 reasons. Further ones share an allowance."""


@dataclass(slots=True)
class _Period:
    ends: float
    left: int = MAX_LINES
    suppressed: int = 0


class Allowance:
    """Lets through so many lines of each kind in a period.

    Args:
        clock: seconds that only grow; another one for tests.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._periods: dict[str, _Period] = {}

    def take(self, kind: str) -> int | None:
        """How many lines were left out before this one; None where it is left out itself."""
        if kind not in self._periods and len(self._periods) >= MAX_KINDS:
            kind = ""
        now = self._clock()
        period = self._periods.get(kind)
        suppressed = 0
        if period is None or now >= period.ends:
            suppressed = 0 if period is None else period.suppressed
            period = self._periods[kind] = _Period(now + PERIOD_SECONDS)
        if period.left == 0:
            period.suppressed += 1
            return None
        period.left -= 1
        return suppressed
