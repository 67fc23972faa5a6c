"""How much of one thing each caller has at once, up to a bound.

It does not know what is counted, and refuses nothing by itself.
"""

from __future__ import annotations

from mcpgrpc_server.caller_key import CallerKey


class BoundedCounts:
    """One count for each caller that has any; who has none takes no memory.

    Args:
        most: that one caller may have.
    """

    def __init__(self, most: int) -> None:
        self.most = most
        self._counts: dict[CallerKey, int] = {}

    def __len__(self) -> int:
        """How many callers have any."""
        return len(self._counts)

    def take(self, who: CallerKey) -> bool:
        """Count one more; False, and nothing is counted, when the caller has as many as it may."""
        count = self._counts.get(who, 0)
        if count >= self.most:
            return False
        self._counts[who] = count + 1
        return True

    def give_back(self, who: CallerKey) -> None:
        """Count one less."""
        left = self._counts[who] - 1
        if left:
            self._counts[who] = left
        else:
            del self._counts[who]
