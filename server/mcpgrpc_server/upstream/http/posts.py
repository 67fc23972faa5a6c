"""POSTs that nobody waits for: answers to an upstream's requests, cancellations.

It makes no message and no HTTP request itself. Nothing that it carries is worth an error: what
cannot be delivered is logged, and the upstream carries on without.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Final

from mcpgrpc_server.upstream.bounded_log import BoundedLog
from mcpgrpc_server.upstream.http.work import Work

MAX_AT_ONCE: Final = 32
"""Beyond it no more is read of what the upstream asks."""

MAX_UNDER_WAY: Final = 2048
"""Beyond it a POST is not made: cancellations come from callers, who do not wait for room."""


class BackgroundPosts:
    """POSTs in tasks of their own.

    Args:
        post: makes one, in bounded time, and raises nothing but what cancels it.
        log: where POSTs go that there is no room for.
    """

    def __init__(self, post: Callable[[str], Awaitable[None]], log: BoundedLog) -> None:
        self._post = post
        self._log = log
        self._under_way: set[Work] = set()
        self._has_room = asyncio.Event()
        self._has_room.set()
        self._closed = False

    def start(self, text: str) -> None:
        """Make a POST of a message."""
        if self._closed:
            return
        if len(self._under_way) >= MAX_UNDER_WAY:
            self._log.line("takes messages too slowly; a cancellation or an answer was not sent")
            return
        work = Work(self._run(text), "POST to an upstream")
        self._under_way.add(work)
        work.task.add_done_callback(partial(self._done, work))
        if len(self._under_way) >= MAX_AT_ONCE:
            self._has_room.clear()

    async def room(self) -> None:
        """Wait until few enough are under way."""
        await self._has_room.wait()

    def end(self) -> None:
        """Give up what is under way but the one that calls this; nothing more is sent."""
        self._closed = True
        for work in self._under_way:
            if not work.is_current:
                work.give_up()

    async def wait_done(self) -> None:
        """Wait until nothing is under way; sensible after `end`."""
        if self._under_way:
            await asyncio.wait({work.task for work in self._under_way})

    async def _run(self, text: str) -> None:
        await self._post(text)

    def _done(self, work: Work, _task: asyncio.Task[None]) -> None:
        self._under_way.discard(work)
        if len(self._under_way) < MAX_AT_ONCE:
            self._has_room.set()
