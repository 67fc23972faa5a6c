"""Moving windows in the memory of one process: when each key's latest requests were let through.

It knows no caller, no method and no text of a limit, starts no thread and waits for nothing. A
request takes the same few steps however large its window is and however many keys there are.
"""

from __future__ import annotations

import time
from collections import OrderedDict, deque
from collections.abc import Callable, Hashable
from typing import Final

MAX_KEYS: Final = 100_000
"""Keys that are remembered for one limit, of about a kilobyte each where it was used a few times.
Beyond it the key that has been quiet for longest is forgotten and begins anew: callers who make up
names of tools fill no memory, and nobody is refused for what they do."""

_DROPPED_AT_ONCE: Final = 2
"""What has left a window is dropped two at a time where one is added, so that it dwindles."""


class MovingWindows:
    """So many requests of each key in any stretch of so many seconds.

    What is refused does not count. A key costs 32 bytes for each of its requests in the window.

    Args:
        amount: the requests.
        seconds: the stretch.
        max_keys: how many keys are remembered.
        clock: tells the seconds; never goes back.
    """

    def __init__(
        self,
        amount: int,
        seconds: float,
        *,
        max_keys: int = MAX_KEYS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._amount = amount
        self._seconds = seconds
        self._max_keys = max_keys
        self._clock = clock
        # In the order of each key's latest request that was let through.
        self._taken: OrderedDict[Hashable, deque[float]] = OrderedDict()

    def __len__(self) -> int:
        """How many keys are remembered."""
        return len(self._taken)

    def take(self, key: Hashable) -> float | None:
        """Count a request of a key; None when it has room, else the seconds until there is some."""
        now = self._clock()
        taken = self._taken.get(key)
        if taken is None:
            self._forget_quiet(now)
            # As many as fit: where the oldest is in the window still, there is no room.
            taken = self._taken[key] = deque(maxlen=self._amount)
        elif len(taken) == self._amount and taken[0] >= now - self._seconds:
            return taken[0] + self._seconds - now
        else:
            self._taken.move_to_end(key)
            _drop_before(now - self._seconds, taken)
        taken.append(now)
        return None

    def _forget_quiet(self, now: float) -> None:
        """Make room for a key: forget those that have nothing in their window any more."""
        for _ in range(_DROPPED_AT_ONCE):
            key, taken = next(iter(self._taken.items()), (None, None))
            if taken is None:
                return
            if taken[-1] >= now - self._seconds and len(self._taken) < self._max_keys:
                return
            del self._taken[key]


def _drop_before(begin: float, taken: deque[float]) -> None:
    for _ in range(_DROPPED_AT_ONCE):
        if not taken or taken[0] >= begin:
            return
        taken.popleft()
