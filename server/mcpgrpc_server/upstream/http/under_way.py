"""The exchanges under way on one HTTP carrier: each a task of its own, which all can be ended.

It does not know what they send. An exchange has its answer before its task is done: the task may
still read the rest of the response, so that its connection can be used again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import TypeAlias

from mcpgrpc.errors import ConnectionLost
from mcpgrpc.v1 import envelope_pb2
from mcpgrpc_server.upstream.http import failures
from mcpgrpc_server.upstream.http.work import Work

Settle: TypeAlias = Callable[[envelope_pb2.Envelope], None]
"""Takes the answer of an exchange; once it is called the exchange is over for its caller."""


@dataclass(slots=True, eq=False)
class _Running:
    method: str
    answer: asyncio.Future[envelope_pb2.Envelope]

    def fail(self, error: BaseException) -> None:
        if not self.answer.done():
            self.answer.set_exception(error)
            # Its caller may be gone; that is not worth a warning.
            self.answer.exception()


class ExchangesUnderWay:
    """Runs exchanges until they are answered, cancelled, or ended all together.

    Args:
        name: of the upstream, for messages.
        max_exchanges: at once; each holds a message and a connection.
    """

    def __init__(self, name: str, max_exchanges: int) -> None:
        self._name = name
        self._max_exchanges = max_exchanges
        self._running: dict[Work, _Running] = {}
        self._ended: str | None = None

    async def run(
        self, method: str, carry: Callable[[Settle], Awaitable[None]]
    ) -> envelope_pb2.Envelope:
        """Carry a request and give its answer.

        Cancelling it cancels `carry`.

        Args:
            method: of the request, for messages.
            carry: sends the request and calls what it is given with the answer, or raises.

        Raises:
            ConnectionLost: all exchanges were ended, before this one (NOT_STARTED) or meanwhile.
            ServiceError: too many are under way.
        """
        if self._ended is not None:
            raise failures.not_sent(self._name, self._ended)
        if len(self._running) >= self._max_exchanges:
            raise failures.overloaded(self._name, f"{self._max_exchanges} requests are under way")
        running = _Running(method, asyncio.get_running_loop().create_future())
        work = Work(_carried(running, carry), f"{method} of an upstream")
        self._running[work] = running
        work.task.add_done_callback(partial(self._done, work))
        try:
            return await running.answer
        except asyncio.CancelledError:
            work.give_up()
            raise

    def end(self, why: str) -> None:
        """End every exchange but the one that calls this; there will be no further ones."""
        if self._ended is None:
            self._ended = why
        for work, running in list(self._running.items()):
            if not work.is_current:
                running.fail(self._lost(running))
                work.give_up()

    async def wait_done(self) -> None:
        """Wait until nothing runs any more; sensible after `end`."""
        if self._running:
            await asyncio.wait({work.task for work in self._running})

    def _lost(self, running: _Running) -> ConnectionLost:
        why = self._ended or "the request was given up"
        return failures.lost(self._name, running.method, why)

    def _done(self, work: Work, task: asyncio.Task[None]) -> None:
        running = self._running.pop(work)
        error = None if task.cancelled() else task.exception()
        running.fail(error or self._lost(running))


async def _carried(running: _Running, carry: Callable[[Settle], Awaitable[None]]) -> None:
    def settle(envelope: envelope_pb2.Envelope) -> None:
        if not running.answer.done():
            running.answer.set_result(envelope)

    await carry(settle)
