"""Deadlines cancel the task that began them, and nothing else, whatever else happens to it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Iterator
from typing import Any

import pytest

from mcpgrpc.client.deadlines import MAX_IDLE_QUEUES, Deadlines

MAX_SECONDS = 10


@pytest.fixture
def deadlines() -> Iterator[Deadlines]:
    made = Deadlines()
    yield made
    made.close()


async def within(deadlines: Deadlines, seconds: float, work: Awaitable[object]) -> str:
    """How a piece of work ended."""
    deadline = deadlines.begin(seconds)
    try:
        await work
    except asyncio.CancelledError:
        if deadline.caused_cancellation():
            return "too late"
        raise
    finally:
        deadline.end()
    return "done"


def cancelling() -> int:
    """How often the running task is cancelled and was not told to go on."""
    task = asyncio.current_task()
    assert task is not None
    return task.cancelling()


async def for_ever() -> None:
    await asyncio.Event().wait()


async def test_work_that_takes_too_long_is_ended_and_its_task_goes_on(deadlines: Deadlines) -> None:
    async with asyncio.timeout(MAX_SECONDS):
        before = cancelling()
        assert await within(deadlines, 0.01, for_ever()) == "too late"
        assert cancelling() == before
        assert await within(deadlines, MAX_SECONDS, asyncio.sleep(0)) == "done"


async def test_of_many_at_once_each_ends_in_its_own_time(deadlines: Deadlines) -> None:
    async def one(number: int) -> str:
        released = asyncio.get_running_loop().create_future()
        if number % 2:
            released.set_result(None)
        return await within(deadlines, 0.02 + (number % 3) / 100, released)

    async with asyncio.timeout(MAX_SECONDS):
        ended = await asyncio.gather(*(one(number) for number in range(100)))
    assert ended == ["too late", "done"] * 50


async def test_one_that_begins_later_is_kept_after_the_first_has_ended(
    deadlines: Deadlines,
) -> None:
    """The timer was set for the first, which is over: it fires for nobody, and is set again."""
    loop = asyncio.get_running_loop()
    began = loop.time()
    deadlines.begin(0.05).end()
    async with asyncio.timeout(MAX_SECONDS):
        assert await within(deadlines, 0.05, for_ever()) == "too late"
    assert loop.time() - began >= 0.05


async def test_a_cancellation_from_outside_stays_one(deadlines: Deadlines) -> None:
    task = asyncio.create_task(within(deadlines, MAX_SECONDS, for_ever()))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_a_cancellation_from_outside_at_the_same_time_stays_one(
    deadlines: Deadlines,
) -> None:
    async def both() -> str:
        deadline = deadlines.begin(MAX_SECONDS)
        task = asyncio.current_task()
        assert task is not None
        deadline.expire()
        task.cancel()
        try:
            await for_ever()
        except asyncio.CancelledError:
            return "too late" if deadline.caused_cancellation() else "cancelled"
        return "done"

    assert await asyncio.create_task(both()) == "cancelled"


async def test_work_that_turns_the_cancellation_into_an_error_leaves_no_cancellation(
    deadlines: Deadlines,
) -> None:
    async def turned() -> None:
        try:
            await for_ever()
        except asyncio.CancelledError:
            raise LookupError from None

    before = cancelling()
    async with asyncio.timeout(MAX_SECONDS):
        with pytest.raises(LookupError):
            await within(deadlines, 0.01, turned())
    assert cancelling() == before


async def test_nested_deadlines_end_each_its_own(deadlines: Deadlines) -> None:
    async def inner() -> None:
        assert await within(deadlines, MAX_SECONDS, for_ever()) == "never"

    async with asyncio.timeout(MAX_SECONDS):
        assert await within(deadlines, 0.01, inner()) == "too late"


async def test_timers_of_many_lengths_do_not_pile_up(deadlines: Deadlines) -> None:
    loop = asyncio.get_running_loop()
    scheduled: list[asyncio.TimerHandle] = []
    call_at = loop.call_at

    def counted(when: float, callback: Any, *rest: Any, **more: Any) -> asyncio.TimerHandle:
        timer = call_at(when, callback, *rest, **more)
        # The loop is every test's: what they left to be done is no timer of these.
        if type(getattr(callback, "__self__", None)).__module__ == Deadlines.__module__:
            scheduled.append(timer)
        return timer

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(loop, "call_at", counted)
        for number in range(100):
            assert await within(deadlines, 1000.0 + number, asyncio.sleep(0)) == "done"
    assert len(scheduled) == 100
    assert sum(not timer.cancelled() for timer in scheduled) <= MAX_IDLE_QUEUES
    deadlines.close()
    assert all(timer.cancelled() for timer in scheduled)
