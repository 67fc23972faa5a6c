"""The process that keeps the workers: starts, replaces and drains them, and answers no call itself.

What is told of them all, health and metrics, stands beside it; it has no command line.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable
from typing import Final

from mcpgrpc_server.workers.orders import Orders
from mcpgrpc_server.workers.process import FAILED, Ended, WorkerProcess, not_started
from mcpgrpc_server.workers.restarts import MAX_SHORT_LIVES, Restarts

logger = logging.getLogger("mcpgrpc.workers")

END_SECONDS: Final = 5.0
"""How long workers that shall not serve any more may take to end."""


class WorkersError(Exception):
    """The workers cannot serve. `str()` says why in one line.

    Attributes:
        exit_code: what the command exits with.
    """

    def __init__(self, message: str, exit_code: int) -> None:
        super().__init__(message)
        self.exit_code = exit_code


class Supervisor:
    """Keeps so many workers; belongs to the event loop that runs it.

    Args:
        orders: of a worker by its number, 1 to `count`.
        count: how many.
        hang_seconds: how long the event loop of one may do nothing.
        all_serve: called once, with the banner, when each of them serves.
    """

    def __init__(
        self,
        orders: Callable[[int], Orders],
        count: int,
        hang_seconds: float,
        all_serve: Callable[[str], None],
    ) -> None:
        self.workers: dict[int, WorkerProcess] = {}
        """Those that run, by number."""
        self.replaced = 0
        """How many workers ended that were to go on."""
        self.is_draining = False
        self.changed: list[Callable[[], None]] = []
        """Called when a worker says something of its health, comes or goes."""
        self.ended: list[Callable[[WorkerProcess], None]] = []
        """Called with each worker that ended."""
        self._orders = orders
        self._count = count
        self._hang_seconds = hang_seconds
        self._all_serve: Callable[[str], None] | None = all_serve
        self._drain = asyncio.Event()

    async def run(self) -> None:
        """Keep the workers until a drain has ended each of them.

        Raises:
            WorkersError: they cannot serve, and are ended.
        """
        numbers = range(1, self._count + 1)
        places = {asyncio.create_task(self._keep(each), name=f"place {each}") for each in numbers}
        try:
            done, _ = await asyncio.wait(places, return_when=asyncio.FIRST_EXCEPTION)
            for place in done:
                place.result()
        finally:
            await self._abandon(places)

    def drain(self) -> None:
        """Let all of them finish what runs, side by side. Idempotent."""
        if self.is_draining:
            return
        self.is_draining = True
        self._drain.set()
        self._tell()
        for worker in self.workers.values():
            worker.drain()

    def kill(self) -> None:
        """End all of them now."""
        for worker in self.workers.values():
            worker.kill()

    async def _keep(self, number: int) -> None:
        """Keep the place of one worker filled."""
        restarts = Restarts()
        while not self.is_draining:
            ended = await self._lived(number)
            if not self._drain.is_set():
                await self._pause(number, ended, restarts)

    async def _lived(self, number: int) -> Ended:
        """The life of one worker."""
        try:
            worker = await WorkerProcess.started(self._orders(number), self._tell)
        except OSError as error:
            return not_started(error)
        self.workers[number] = worker
        if self._drain.is_set():
            worker.drain()
        ended = await worker.ended(self._hang_seconds)
        del self.workers[number]
        for hear in self.ended:
            hear(worker)
        return ended

    async def _pause(self, number: int, ended: Ended, restarts: Restarts) -> None:
        """Wait until a worker that ended is to be replaced."""
        self.replaced += 1
        delay = restarts.delay_seconds(ended.served_seconds)
        self._check_hope(number, ended, restarts)
        logger.error("worker %d %s; it is replaced in %.1f s", number, ended.text(), delay)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._drain.wait(), delay)

    def _check_hope(self, number: int, ended: Ended, restarts: Restarts) -> None:
        """Give up where another try is in vain.

        What a worker says of the first start, any other will say. Later its fellows serve on, and
        half a service is more than none.
        """
        if ended.reason and self._all_serve is not None:
            raise WorkersError(ended.reason, ended.reason_code)
        if restarts.is_hopeless and not self._anyone_serves():
            raise WorkersError(
                f"worker {number} {ended.text()}, as {MAX_SHORT_LIVES} times in a row soon after"
                " its start; what it wrote last may say more",
                ended.reason_code or FAILED,
            )

    def _anyone_serves(self) -> bool:
        return any(each.is_serving for each in self.workers.values())

    def _tell(self) -> None:
        for changed in self.changed:
            changed()
        serving = [each for each in self.workers.values() if each.is_serving]
        if self._all_serve is not None and len(serving) == self._count:
            all_serve, self._all_serve = self._all_serve, None
            all_serve(serving[0].banner)

    async def _abandon(self, places: set[asyncio.Task[None]]) -> None:
        """End what is left after a failure; nothing is after a drain."""
        self.drain()
        await asyncio.wait(places, timeout=END_SECONDS)
        for place in places:
            place.cancel()
        await asyncio.wait(places)
