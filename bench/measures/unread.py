"""A client that sends 10,000 requests and never reads: what it costs the server and others.

Each repeat has a fresh server, since memory that a server once had it keeps.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any, Final

from bench.process_figures import resident_bytes
from bench.processes import ClientProcess, ProcessError, RunningServer
from bench.results import Measure, ScenarioResult
from bench.workshop import Workshop

REQUESTS: Final = 10_000
SIZE: Final = 10_000
SEND_SECONDS: Final = 5.0
WARM_SECONDS: Final = 0.5
BLOCK_SECONDS: Final = 1.0
SAMPLE_SECONDS: Final = 0.05
MB: Final = 1_000_000


async def answers_never_read(workshop: Workshop, result: ScenarioResult) -> None:
    """Memory, and the latency of another client beside it, over that before it came."""
    sent = f"{REQUESTS:,} requests whose answers ({SIZE // 1000} kB each) are never read"
    growth = Measure("growth", f"growth of the server's memory for {sent}, at most", "MB", [])
    count = Measure("sent", "requests that it could send", "", [])
    while_sent = Measure("p50-sent", "p50 of another client's calls while it sends", "× before", [])
    unread = Measure("p50", "p50 of another client's calls once it has sent", "× before", [])
    tail = Measure("p99", "p99 of another client's calls once it has sent", "× before", [])
    result.measures += [growth, count, while_sent, unread, tail]
    for _ in range(workshop.scale.repeats):
        async with (
            workshop.server("ours") as server,
            workshop.client("lean", server) as neighbour,
            workshop.errand("never_read", server) as errand,
        ):
            await neighbour.ask(_block(server, WARM_SECONDS), WARM_SECONDS)
            before = await neighbour.ask(_block(server, BLOCK_SECONDS), BLOCK_SECONDS)
            taken = await _beside(server, neighbour, errand)
            growth.values.append(taken.growth_bytes / MB)
            count.values.append(taken.sent)
            while_sent.values.append(taken.while_sent["p50_ms"] / before["p50_ms"])
            unread.values.append(taken.unread["p50_ms"] / before["p50_ms"])
            tail.values.append(taken.unread["p99_ms"] / before["p99_ms"])


@dataclass(frozen=True, slots=True)
class Taken:
    """What one such client took.

    Attributes:
        growth_bytes: the most by which the server's memory was larger.
        sent: how many requests it could send.
        while_sent: figures of the neighbour from the first request on.
        unread: figures of the neighbour after the last.
    """

    growth_bytes: int
    sent: int
    while_sent: dict[str, Any]
    unread: dict[str, Any]


async def _beside(server: RunningServer, neighbour: ClientProcess, errand: ClientProcess) -> Taken:
    watch = asyncio.create_task(_largest_growth(server.pid))
    command = {"requests": REQUESTS, "size": SIZE, "seconds": SEND_SECONDS}
    try:
        while_sent, sent = await asyncio.gather(
            neighbour.ask(_block(server, BLOCK_SECONDS), BLOCK_SECONDS),
            errand.ask(command, SEND_SECONDS),
        )
        unread = await neighbour.ask(_block(server, BLOCK_SECONDS), BLOCK_SECONDS)
    finally:
        watch.cancel()
    return Taken(await watch, sent["sent"], while_sent, unread)


async def _largest_growth(pid: int) -> int:
    """Ask the kernel again and again until cancelled; then say the most that it was."""
    before = resident_bytes(pid)
    if before is None:
        raise ProcessError("the system does not say what memory the server has")
    largest = before
    try:
        while True:
            largest = max(largest, resident_bytes(pid) or 0)
            await asyncio.sleep(SAMPLE_SECONDS)
    except asyncio.CancelledError:
        return max(largest, resident_bytes(pid) or 0) - before


def _block(server: RunningServer, seconds: float) -> dict[str, Any]:
    return {
        "work": {"name": "add"},
        "at_once": 1,
        "seconds": seconds,
        "server_pid": server.pid,
    }
