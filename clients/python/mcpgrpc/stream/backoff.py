"""How long to pause before trying again: longer each time, and never the same for two clients.

It does not wait, and does not decide whether to try again.
"""

from __future__ import annotations

import random
from typing import Final

PAUSES_SECONDS: Final = (0.05, 0.2, 1.0)
"""The longest pause before the second, third and every further attempt."""


def pause_seconds(attempt: int) -> float:
    """The pause before an attempt, counted from 1 for the second one: from half to whole."""
    longest = PAUSES_SECONDS[min(attempt, len(PAUSES_SECONDS)) - 1]
    return longest * random.uniform(0.5, 1.0)  # noqa: S311  # jitter, not a secret
