"""Small calls of one client while another, in a process of its own, asks for what takes long.

The same on one stream is a case like any other; here the two share nothing but the server.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any, Final

from bench.results import Measure, ScenarioResult
from bench.workshop import Workshop

BLOCK_SECONDS: Final = 2.0
LEAD_SECONDS: Final = 0.5


@dataclass(frozen=True, slots=True)
class Neighbour:
    """What the other client does.

    Attributes:
        name: unique.
        title: for people.
        work: as `bench.client.works` takes it.
    """

    name: str
    title: str
    work: dict[str, Any]


NEIGHBOURS: Final = (
    Neighbour("wait", "a 2 s handler", {"name": "wait", "options": {"seconds": 2}}),
    Neighbour("16MB", "16 MB results", {"name": "text", "options": {"size": 16_000_000}}),
)


async def small_calls_beside(workshop: Workshop, result: ScenarioResult) -> None:
    """p50 and p99 beside each neighbour, one call at a time; the quick form has the cases alone."""
    if not workshop.scale.is_thorough:
        return
    for neighbour in NEIGHBOURS:
        title = f"of small calls beside {neighbour.title} of another client"
        p50 = Measure(f"{neighbour.name}-p50", f"p50 {title}", "ms", [])
        p99 = Measure(f"{neighbour.name}-p99", f"p99 {title}", "ms", [])
        result.measures += [p50, p99]
        async with (
            workshop.server("ours") as server,
            workshop.client("lean", server) as small,
            workshop.client("lean", server) as large,
        ):
            for _ in range(workshop.scale.repeats):
                seconds = BLOCK_SECONDS + LEAD_SECONDS
                beside = asyncio.create_task(
                    large.ask(_command(neighbour.work, seconds, server.pid), seconds)
                )
                try:
                    figures = await small.ask(
                        _command({"name": "add"}, BLOCK_SECONDS, server.pid), BLOCK_SECONDS
                    )
                    await beside
                finally:
                    beside.cancel()
                p50.values.append(figures["p50_ms"])
                p99.values.append(figures["p99_ms"])


def _command(work: dict[str, Any], seconds: float, server_pid: int) -> dict[str, Any]:
    return {"work": work, "at_once": 1, "seconds": seconds, "server_pid": server_pid}
