"""Deadlines of many requests under one timer: what `asyncio.timeout` does, for a fraction of it.

It does not know what a task waits for, and it tells nobody: whoever began a deadline asks it.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from typing import Final

MAX_IDLE_QUEUES: Final = 16
"""Timeouts of different lengths whose timers are kept for the next request; beyond it, one that is
not needed is dropped at once."""


class Deadline:
    """The end of the time of one task; made by `Deadlines.begin`."""

    __slots__ = ("_cancelling", "_pending", "_queue", "_task", "when")

    def __init__(self, queue: _Queue, when: float) -> None:
        task = asyncio.current_task()
        if task is None:
            raise AssertionError("a deadline ends a task, and there is none")
        self.when = when
        self._queue = queue
        self._task = task
        self._cancelling = task.cancelling()
        self._pending = False

    def expire(self) -> None:
        """The time is over: cancel the task."""
        self._pending = True
        self._task.cancel()

    def caused_cancellation(self) -> bool:
        """Whether the CancelledError that the task just met is this deadline's alone.

        Ask once, and do not raise it further if so: the task is then cancelled no more.
        """
        return self._taken_back() <= self._cancelling if self._pending else False

    def end(self) -> None:
        """The task waits no more, whatever came of it."""
        if self._pending:
            self._taken_back()
        else:
            self._queue.remove(self)

    def _taken_back(self) -> int:
        """How often the task is cancelled still."""
        self._pending = False
        return self._task.uncancel()


class _Queue:
    """The deadlines of one length: they end in the order in which they began."""

    def __init__(self, deadlines: Deadlines, seconds: float) -> None:
        self._deadlines = deadlines
        self.seconds = seconds
        self._loop = asyncio.get_running_loop()
        self._under_way: OrderedDict[Deadline, None] = OrderedDict()
        self._timer: asyncio.TimerHandle | None = None

    def begin(self) -> Deadline:
        deadline = Deadline(self, self._loop.time() + self.seconds)
        self._under_way[deadline] = None
        if self._timer is None:
            self._timer = self._loop.call_at(deadline.when, self._fire)
        return deadline

    def remove(self, deadline: Deadline) -> None:
        self._under_way.pop(deadline, None)
        if not self._under_way:
            self._deadlines.idle(self)

    def stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _fire(self) -> None:
        """Expire what is due, and set the timer for what is first now."""
        self._timer = None
        now = self._loop.time()
        while self._under_way:
            first = next(iter(self._under_way))
            if first.when > now:
                self._timer = self._loop.call_at(first.when, self._fire)
                return
            del self._under_way[first]
            first.expire()


class Deadlines:
    """Bounds tasks in time, with one timer for each length of time; belongs to one event loop."""

    def __init__(self) -> None:
        self._queues: dict[float, _Queue] = {}

    def begin(self, seconds: float) -> Deadline:
        """Cancel the running task in so many seconds, unless the deadline is ended before."""
        queue = self._queues.get(seconds)
        if queue is None:
            queue = self._queues[seconds] = _Queue(self, seconds)
        return queue.begin()

    def idle(self, queue: _Queue) -> None:
        """A queue is empty: its timer may stay for the next deadline, as long as few do."""
        if len(self._queues) > MAX_IDLE_QUEUES and self._queues.get(queue.seconds) is queue:
            del self._queues[queue.seconds]
            queue.stop()

    def close(self) -> None:
        """Set no timer any more for what is not under way."""
        for queue in self._queues.values():
            queue.stop()
        self._queues.clear()
