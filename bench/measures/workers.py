"""One worker and two on the same port: calls a second, and what each call takes of the processors.

Two client processes make the load, and nobody is pinned: on a machine of two processors they take
part of what a second worker would have. What the server's own processor time allows does not depend
on them: it is the measure, and the rate stands beside it.
"""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from typing import Any, Final

from bench.contenders import CONTENDERS
from bench.process_figures import children, cpu_seconds
from bench.processes import ClientProcess, Pinning, ProcessError, RunningServer
from bench.results import Measure, ScenarioResult
from bench.workshop import Workshop

CLIENTS: Final = 2
AT_ONCE: Final = 64
COUNTS: Final = {1: "one-worker", 2: "two-workers"}
NOTE: Final = "two clients, 64 callers each over up to 16 connections; nobody pinned"


@dataclass(frozen=True, slots=True)
class Taken:
    """What one block took.

    Attributes:
        rate: calls a second, of all clients.
        cpu_us: processor time of each call, of all processes of the server.
        busiest: the part of it that the busiest process had.
    """

    rate: float
    cpu_us: float
    busiest: float


async def two_workers(workshop: Workshop, result: ScenarioResult) -> None:
    """Blocks in turn, against both at once up."""
    free = replace(workshop, pinning=Pinning((), (), "not pinned"))
    taken: dict[int, list[Taken]] = {count: [] for count in COUNTS}
    async with AsyncExitStack() as stack:
        up = {count: await _up(free, name, stack) for count, name in COUNTS.items()}
        for _ in range(workshop.scale.repeats + 1):
            for count, (server, clients) in up.items():
                taken[count].append(await _block(server, clients, workshop.scale.block_seconds))
    # The first of each was to warm up.
    one, two = (blocks[1:] for blocks in taken.values())
    result.measures += [*_measures(1, one), *_measures(2, two), _speed_up(one, two)]


async def _up(
    workshop: Workshop, name: str, stack: AsyncExitStack
) -> tuple[RunningServer, list[ClientProcess]]:
    server = await stack.enter_async_context(workshop.server(CONTENDERS[name].server))
    clients = [
        await stack.enter_async_context(workshop.client(name, server)) for _ in range(CLIENTS)
    ]
    return server, clients


async def _block(server: RunningServer, clients: list[ClientProcess], seconds: float) -> Taken:
    command: dict[str, Any] = {
        "work": {"name": "add"},
        "at_once": AT_ONCE,
        "seconds": seconds,
        "server_pid": server.pid,
    }
    pids = [server.pid, *children(server.pid)]
    before = [_cpu(pid) for pid in pids]
    answers = await asyncio.gather(*(each.ask(command, seconds) for each in clients))
    spent = [_cpu(pid) - was for pid, was in zip(pids, before, strict=True)]
    calls = sum(each["calls"] for each in answers)
    rate = sum(each["rate"] for each in answers)
    return Taken(rate, sum(spent) / calls * 1e6, max(spent) / sum(spent))


def _cpu(pid: int) -> float:
    seconds = cpu_seconds(pid)
    if seconds is None:
        raise ProcessError("the system does not say what processor time the server has had")
    return seconds


def _measures(count: int, blocks: list[Taken]) -> list[Measure]:
    who = "one worker" if count == 1 else f"{count} workers"
    return [
        Measure(f"rate-{count}", f"{who}: calls", "calls/s", [each.rate for each in blocks], NOTE),
        Measure(
            f"cpu-{count}",
            f"{who}: the server's processor time of a call",
            "µs",
            [each.cpu_us for each in blocks],
        ),
        Measure(
            f"busiest-{count}",
            f"{who}: part of it that the busiest process had",
            "",
            [each.busiest for each in blocks],
            "connections are spread by the kernel",
        ),
    ]


def _speed_up(one: list[Taken], two: list[Taken]) -> Measure:
    """The busiest process is what a service waits for: how much less it has to do for each call."""
    pairs = zip(one, two, strict=True)
    return Measure(
        "speed-up",
        "two workers over one, as far as the server's processor time goes",
        "×",
        [a.cpu_us * a.busiest / (b.cpu_us * b.busiest) for a, b in pairs],
        "with a processor for each of them, and load enough",
    )
