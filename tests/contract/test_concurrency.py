"""Many calls at once: side by side, in any order, each with its own answer."""

from __future__ import annotations

import asyncio
import random

from tests.contract.caller import Caller
from tests.contract.conftest import Connect
from tests.contract.journal import Journal

MANY = 64
MAX_SECONDS = 20


async def test_64_calls_run_together_and_finish_in_any_order(
    connect: Connect, journal: Journal
) -> None:
    finished: list[int] = []

    async def hold(caller: Caller, number: int) -> None:
        result = await caller.call_tool("hold", {"number": number, "together": MANY})
        assert result["content"][0]["text"] == str(number)
        finished.append(number)

    order = random.sample(range(MANY), MANY)
    async with connect() as caller, asyncio.timeout(MAX_SECONDS), asyncio.TaskGroup() as tasks:
        calls = {number: tasks.create_task(hold(caller, number)) for number in range(MANY)}
        await journal.all_holding.wait()
        for number in order:
            journal.gates[number].set()
            await calls[number]
    assert finished == order


async def test_a_slow_call_delays_no_other(connect: Connect, journal: Journal) -> None:
    async with connect() as caller, asyncio.timeout(MAX_SECONDS):
        slow = asyncio.create_task(caller.call_tool("wait"))
        await journal.started.wait()
        for number in range(20):
            result = await caller.call_tool("add", {"a": number, "b": 1})
            assert result["structuredContent"] == {"result": number + 1}
        assert not slow.done()
        slow.cancel()
        await asyncio.wait({slow})


async def test_progress_of_calls_side_by_side_is_not_mixed_up(connect: Connect) -> None:
    async def steps(caller: Caller, total: int) -> None:
        heard: list[float | None] = []
        await caller.call_tool(
            "steps", {"total": total}, on_progress=lambda _, of, __: heard.append(of)
        )
        assert heard == [total] * total

    async with connect() as caller, asyncio.timeout(MAX_SECONDS):
        await asyncio.gather(*(steps(caller, total) for total in range(1, 17)))
