"""How long to pause before an upstream is tried again.

It does not wait; a pause is random, so that many services do not come back at once.
"""

from __future__ import annotations

import random
from typing import Final

FIRST_SECONDS: Final = 0.2
LONGEST_SECONDS: Final = 30.0
STEADY_SECONDS: Final = 30.0
"""How long an upstream has to have lived for its failures before to be forgotten."""


class Backoff:
    """Pauses between attempts: each twice the one before, from half of it to the whole."""

    def __init__(self) -> None:
        self._longest_seconds = FIRST_SECONDS

    def next_seconds(self) -> float:
        """The pause before the next attempt."""
        pause = self._longest_seconds * random.uniform(0.5, 1.0)  # noqa: S311  # jitter, no secret
        self._longest_seconds = min(2 * self._longest_seconds, LONGEST_SECONDS)
        return pause

    def lived(self, seconds: float) -> None:
        """The upstream was up for so long."""
        if seconds >= STEADY_SECONDS:
            self._longest_seconds = FIRST_SECONDS
