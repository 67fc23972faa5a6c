"""A million calls over 64 streams: every answer its caller's, none executed twice, memory flat.

The client process checks answers and executions; a run in which one is wrong gives no figure.
"""

from __future__ import annotations

from typing import Final

from bench.results import Measure, ScenarioResult
from bench.workshop import Workshop

CALLS: Final = 1_000_000
STREAMS: Final = 64
AT_ONCE: Final = 8
LIMIT_SECONDS: Final = 300.0
MB: Final = 1_000_000


async def million_calls(workshop: Workshop, result: ScenarioResult) -> None:
    """Run it once; the quick form makes fewer calls."""
    calls = CALLS // workshop.scale.parts
    async with workshop.server("ours") as server, workshop.errand("many", server) as errand:
        command = {
            "calls": calls,
            "streams": STREAMS,
            "at_once": AT_ONCE,
            "seconds": LIMIT_SECONDS,
            "server_pid": server.pid,
        }
        figures = await errand.ask(command, LIMIT_SECONDS)
    note = f"{AT_ONCE} callers on each stream; taken once"
    over = f"{calls:,} calls over {STREAMS} streams"
    result.measures += [
        Measure("seconds", f"{over}, every answer checked", "s", [figures["seconds"]], note),
        Measure("rate", f"{over}: rate", "calls/s", [figures["rate"]], note),
    ]
    resident = [each for each in figures["resident"] if each is not None]
    if resident:
        growth = (max(resident) - resident[0]) / MB
        title = "growth of the server's memory after the first tenth of them, at most"
        result.measures.append(Measure("growth", title, "MB", [growth], note))
