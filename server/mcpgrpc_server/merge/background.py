"""Tasks that outlive the request which started them, and end with their owner.

It does not restart what fails; that is logged.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine, Mapping
from typing import Any, TypeVar

logger = logging.getLogger(__name__)

Key = TypeVar("Key")
Outcome = TypeVar("Outcome")


class Background:
    """The tasks of one owner."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[Any]] = set()

    def spawn(self, work: Coroutine[Any, Any, Outcome], what: str) -> asyncio.Task[Outcome]:
        """Run something; what it raises is logged."""
        task = asyncio.create_task(work, name=what)
        self._tasks.add(task)
        task.add_done_callback(self._reap)
        return task

    async def within(
        self,
        timeout_seconds: float,
        works: Mapping[Key, Coroutine[Any, Any, Outcome]],
        what: str,
    ) -> dict[Key, Outcome]:
        """Run several things at once; gives what came of those that ended well in time.

        The others are cancelled, and so are all when this is. None is waited for beyond that, so
        one that does not heed its cancellation delays nobody.
        """
        tasks = {key: self.spawn(work, what) for key, work in works.items()}
        try:
            if tasks:
                await asyncio.wait(tasks.values(), timeout=timeout_seconds)
        finally:
            for task in tasks.values():
                task.cancel()
        return {key: task.result() for key, task in tasks.items() if _ended_well(task)}

    async def close(self, timeout_seconds: float) -> None:
        """Cancel everything and wait for it, bounded in time."""
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=timeout_seconds)

    def _reap(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            logger.error("%s failed", task.get_name(), exc_info=error)


def _ended_well(task: asyncio.Task[Any]) -> bool:
    return task.done() and not task.cancelled() and task.exception() is None
