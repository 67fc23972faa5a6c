"""A subscription as a blocking iterator.

It keeps no events: `Subscription` does, in the background.
"""

from __future__ import annotations

from typing import Self

from mcpgrpc.client.listening import Notification, Subscription
from mcpgrpc.sync.background import Background


class SyncSubscription:
    """An open subscription: iterate over it for what changed; each step waits for the next.

    The iteration ends when the server closes it, and raises as that of `Subscription` does.
    """

    def __init__(self, subscription: Subscription, background: Background) -> None:
        self._subscription = subscription
        self._background = background

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> Notification:
        try:
            return self._background.run(self._subscription.__anext__())
        except StopAsyncIteration:
            raise StopIteration from None
