"""Turns of the event loop that work on something large leaves to others.

It knows nothing of the work. What is small never comes here: a turn costs more than its work does.
"""

from __future__ import annotations

import asyncio
from typing import Final, TypeVar

from mcpgrpc.binding.json_parts import Steps

Result = TypeVar("Result")

SMALL_CALL_TURNS: Final = 4
"""What a small call takes from its arrival to its answer: gRPC's poller, the stream's reader, the
call's own task, the writer. Were it less, each of them would meet another step of the work."""


async def let_small_pass() -> None:
    """Leave the loop to others for as long as a small call takes."""
    for _ in range(SMALL_CALL_TURNS):
        await asyncio.sleep(0)


async def take(steps: Steps[Result]) -> Result:
    """Do work with a turn between its steps; gives its result, and raises what it raises."""
    while True:
        try:
            next(steps)
        except StopIteration as end:
            result: Result = end.value
            return result
        await asyncio.sleep(0)
