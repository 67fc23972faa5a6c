"""How long to pause before something that this server stands on is tried again.

It does not wait; a pause is random, so that many services do not come back at once.
"""

from __future__ import annotations

import random
from typing import Final

FIRST_SECONDS: Final = 0.2
LONGEST_SECONDS: Final = 30.0
STEADY_SECONDS: Final = 30.0
"""How long it has to have lived for its failures before to be forgotten."""


class Backoff:
    """Pauses between attempts: each twice the one before, from half of it to the whole.

    Args:
        longest_seconds: no pause is longer.
    """

    def __init__(self, longest_seconds: float = LONGEST_SECONDS) -> None:
        self._most_seconds = longest_seconds
        self._longest_seconds = FIRST_SECONDS

    def next_seconds(self) -> float:
        """The pause before the next attempt."""
        pause = self._longest_seconds * random.uniform(0.5, 1.0)  # noqa: S311  # jitter, no secret
        self._longest_seconds = min(2 * self._longest_seconds, self._most_seconds)
        return pause

    def lived(self, seconds: float) -> None:
        """It was up for so long."""
        if seconds >= STEADY_SECONDS:
            self._longest_seconds = FIRST_SECONDS
