"""A backend's lifespan in a task of its own.

What a lifespan opens (task groups, cancel scopes) has to be closed by the task that opened it, and
a server is started and stopped by whoever comes along.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager


class LifespanTask:
    """Enters a lifespan, keeps it, leaves it.

    Args:
        enter: makes the context manager.
    """

    def __init__(self, enter: Callable[[], AbstractAsyncContextManager[None]]) -> None:
        self._enter = enter
        self._up: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._leave = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Wait until it has come up; raises what it raises on the way."""
        self._task = asyncio.create_task(self._run(), name="lifespan")
        await asyncio.wait({self._task, self._up}, return_when=asyncio.FIRST_COMPLETED)
        if not self._up.done():
            await self._task

    async def stop(self) -> None:
        """Leave it; raises what it raises on the way out. Idempotent.

        One that has not come up is cancelled, and what it raises then was `start`'s to tell.
        """
        self._leave.set()
        task, self._task = self._task, None
        if task is None:
            return
        if self._up.done():
            await task
        else:
            task.cancel()
            await asyncio.wait({task})

    async def _run(self) -> None:
        async with self._enter():
            self._up.set_result(None)
            await self._leave.wait()
