"""Something done over HTTP in a task of its own, which can be given up.

It does not know what is done. It exists because of how it is given up: `Task.cancel` would reach
into the connection pool while that closes connections of others, which then stayed open; from a
cancel scope the pool shields itself.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

import anyio


class Work:
    """A piece of work, begun at once.

    Args:
        doing: what is done.
        name: of the task.
    """

    def __init__(self, doing: Coroutine[Any, Any, None], name: str) -> None:
        self._scope = anyio.CancelScope()
        self.task = asyncio.create_task(self._run(doing), name=name)

    @property
    def is_current(self) -> bool:
        """Whether it is this work that asks."""
        return self.task is asyncio.current_task()

    def give_up(self) -> None:
        """Cancel it; its task ends soon, and without an exception."""
        self._scope.cancel()

    async def _run(self, doing: Coroutine[Any, Any, None]) -> None:
        with self._scope:
            await doing
