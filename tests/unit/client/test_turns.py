"""Turns of the event loop beside work on something large."""

from __future__ import annotations

import asyncio
from collections.abc import Generator

import pytest

from mcpgrpc.stream.turns import SMALL_CALL_TURNS, let_small_pass, take


async def test_what_takes_as_many_turns_as_a_small_call_passes() -> None:
    passed = asyncio.Event()

    async def small() -> None:
        for _ in range(SMALL_CALL_TURNS - 1):
            await asyncio.sleep(0)
        passed.set()

    async with asyncio.TaskGroup() as group:
        group.create_task(small())
        await let_small_pass()
        assert passed.is_set()


async def test_others_run_between_the_steps_of_work_and_not_inside_of_one() -> None:
    happened: list[str] = []
    loop = asyncio.get_running_loop()

    def steps() -> Generator[None, None, str]:
        for step in range(3):
            loop.call_soon(happened.append, "another")
            happened.append(f"step {step}")
            yield
        return "result"

    assert await take(steps()) == "result"
    assert happened == ["step 0", "another", "step 1", "another", "step 2", "another"]


async def test_what_work_raises_is_raised() -> None:
    def failing() -> Generator[None, None, None]:
        yield
        raise ValueError("in a step")

    with pytest.raises(ValueError, match="in a step"):
        await take(failing())


async def test_work_can_be_cancelled_between_its_steps() -> None:
    steps: list[int] = []

    def endless() -> Generator[None, None, None]:
        while True:
            steps.append(1)
            yield

    task = asyncio.create_task(take(endless()))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert steps == [1]
