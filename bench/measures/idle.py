"""Streams that say nothing: what each costs the server in memory, and what calls beside them take.

The streams of one process share a connection, as those of one application do.
"""

from __future__ import annotations

from typing import Final

from bench.process_figures import resident_bytes
from bench.processes import ProcessError, RunningServer
from bench.results import Measure, ScenarioResult
from bench.workshop import Workshop

FEW: Final = 1_000
MANY: Final = 10_000
OPEN_SECONDS: Final = 120.0
KB: Final = 1_000
BLOCK_SECONDS: Final = 1.0


async def idle_streams(workshop: Workshop, result: ScenarioResult) -> None:
    """1,000 streams in each repeat, each time of a fresh server; 10,000 once."""
    few = Measure("few", f"memory of each of {FEW:,} idle streams", "KB", [])
    result.measures.append(few)
    for _ in range(workshop.scale.repeats):
        async with workshop.server("ours-many-streams") as server:
            cost, _ = await _held(workshop, server, FEW)
            few.values.append(cost)
    if not workshop.scale.is_thorough:
        return
    async with workshop.server("ours-many-streams") as server:
        cost, seconds = await _held(workshop, server, MANY, result)
    once = "taken once"
    many = Measure("many", f"memory of each of {MANY:,} idle streams", "KB", [cost], once)
    opened = Measure("opened", f"time until {MANY:,} streams are open", "s", [seconds], once)
    result.measures += [many, opened]


async def _held(
    workshop: Workshop, server: RunningServer, streams: int, result: ScenarioResult | None = None
) -> tuple[float, float]:
    """The memory of each stream, and how long opening took."""
    async with (
        workshop.client("lean", server) as client,
        workshop.errand("hold", server) as errand,
    ):
        command = {
            "work": {"name": "add"},
            "at_once": 1,
            "seconds": BLOCK_SECONDS,
            "server_pid": server.pid,
        }
        # What every stream shares is there before.
        await client.ask(command, BLOCK_SECONDS)
        await errand.ask({"streams": 1, "seconds": OPEN_SECONDS}, OPEN_SECONDS)
        before = resident_bytes(server.pid)
        asked = {"streams": streams, "seconds": OPEN_SECONDS}
        opened = await errand.ask(asked, OPEN_SECONDS)
        after = resident_bytes(server.pid)
        if before is None or after is None:
            raise ProcessError("the system does not say what memory the server has")
        if result is not None:
            beside = await client.ask(command, BLOCK_SECONDS)
            title = f"p50 of calls, one at a time, beside {streams:,} idle streams"
            result.measures.append(Measure("beside", title, "ms", [beside["p50_ms"]], "taken once"))
        return (after - before) / streams / KB, opened["seconds"]
