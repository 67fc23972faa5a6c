"""A timed block: so many callers at once, each its next call when its last is answered.

It is bounded by time, never by a number of calls; what it does not bound is a peer that never
answers, which the timeout around it does.
"""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Iterator
from typing import Any, Final

from bench.client.works import Work
from bench.process_figures import cpu_seconds
from bench.spread import percentile

GRACE_SECONDS: Final = 60.0
"""How long the calls that began in time may take to be answered; a peer that hangs is found out."""


class Block:
    """Runs one kind of work and keeps what each call took.

    Args:
        work: the call.
        numbers: where calls take their number from; shared, so that no number comes twice.
    """

    def __init__(self, work: Work, numbers: Iterator[int]) -> None:
        self._work = work
        self._numbers = numbers
        self._latencies: list[float] = []

    async def run(self, at_once: int, seconds: float, server_pid: int) -> dict[str, Any]:
        """Call for `seconds` with `at_once` callers; gives the figures.

        Raises:
            WrongAnswerError: an answer was not that of its call.
            TimeoutError: calls were not answered GRACE_SECONDS after the end.
        """
        cpu_before = cpu_seconds(server_pid)
        own_before = time.process_time()
        began = time.perf_counter()
        async with asyncio.timeout(seconds + GRACE_SECONDS), asyncio.TaskGroup() as group:
            for _ in range(at_once):
                group.create_task(self._caller(began + seconds))
        elapsed = time.perf_counter() - began
        own = time.process_time() - own_before
        cpu_after = cpu_seconds(server_pid)
        return self._figures(elapsed, own, cpu_before, cpu_after)

    async def background(self) -> None:
        """Call again and again until cancelled, and keep no figures."""
        for number in self._numbers:
            await self._work(number)

    async def _caller(self, deadline: float) -> None:
        work, numbers, keep, clock = (
            self._work,
            self._numbers,
            self._latencies.append,
            time.perf_counter,
        )
        began = clock()
        while began < deadline:
            await work(next(numbers))
            ended = clock()
            keep(ended - began)
            began = ended

    def _figures(
        self, elapsed: float, own: float, cpu_before: float | None, cpu_after: float | None
    ) -> dict[str, Any]:
        calls = len(self._latencies)
        has_cpu = cpu_before is not None and cpu_after is not None
        return {
            "calls": calls,
            "seconds": elapsed,
            "rate": calls / elapsed,
            "p50_ms": percentile(self._latencies, 50) * 1e3,
            "p99_ms": percentile(self._latencies, 99) * 1e3,
            "max_ms": max(self._latencies) * 1e3,
            "server_cpu_us": (
                ((cpu_after or 0) - (cpu_before or 0)) / calls * 1e6 if has_cpu else None
            ),
            "client_cpu_us": own / calls * 1e6,
        }


def fresh_numbers() -> Iterator[int]:
    """Numbers of calls, from 1, for all blocks of a client."""
    return itertools.count(1)
