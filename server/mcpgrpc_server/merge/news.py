"""What a client still has to be told: each thing once, however often it comes up meanwhile.

It does not say what is news. A member that comes and goes all the time cannot fill the queue of a
client that does not read.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import TypeAlias

from mcpgrpc.stream.writer import StreamClosedError
from mcpgrpc_server.merge.background import Background

Item: TypeAlias = tuple[str, str | None]
"""A notification's method, and the URI that it is about; None where it is about none."""


class News:
    """The news for one client, or for one of its subscriptions.

    Args:
        tell: sends one notification.
        background: what sends it, while nobody waits.
    """

    def __init__(
        self, tell: Callable[[str, str | None], Awaitable[None]], background: Background
    ) -> None:
        self._tell = tell
        self._background = background
        self._waiting: dict[Item, None] = {}
        self._telling: asyncio.Task[None] | None = None

    def add(self, methods: Iterable[str], uri: str | None = None) -> None:
        """Tell the client as soon as it takes it."""
        self._waiting.update(dict.fromkeys((method, uri) for method in methods))
        if self._telling is None or self._telling.done():
            self._telling = self._background.spawn(self._tell_all(), "telling a client")

    async def _tell_all(self) -> None:
        try:
            while self._waiting:
                method, uri = next(iter(self._waiting))
                del self._waiting[method, uri]
                await self._tell(method, uri)
        except StreamClosedError:
            self._waiting.clear()
