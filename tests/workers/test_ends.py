"""How the whole ends: drained side by side, at once by a second signal, or with its supervisor."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.workers.conftest import Workers, gone, one_to_each, serving, started

pytestmark = pytest.mark.timeout(300)


class Busy:
    """A call in each worker, which runs until it is released."""

    def __init__(self, calls: dict[int, asyncio.Task[str]], flag: Path) -> None:
        self.calls = calls
        self._flag = flag

    async def answered(self) -> bool:
        """Release them; whether every worker answers its own."""
        self._flag.touch()
        answers = await asyncio.gather(*self.calls.values())
        return [int(each) for each in answers] == list(self.calls)


@asynccontextmanager
async def busy(workers: Workers, flag: Path) -> AsyncIterator[Busy]:
    async with one_to_each(workers.address, 2) as connections:
        calls = {
            pid: asyncio.create_task(each.call("hold", release=str(flag)))
            for pid, each in connections.items()
        }
        holding = asyncio.create_task(
            workers.until(lambda: all(f"holding {pid}" in workers.out for pid in calls))
        )
        # A call that ends instead says why.
        first, _ = await asyncio.wait(
            {holding, *calls.values()}, return_when=asyncio.FIRST_COMPLETED
        )
        assert first == {holding}, [each.result() for each in first]
        holding.result()
        yield Busy(calls, flag)
        for task in calls.values():
            task.cancel()
        await asyncio.wait(calls.values())


async def draining(workers: Workers) -> None:
    """Wait until both say that they drain."""
    await workers.until(lambda: drains(workers) == [1, 2])


def drains(workers: Workers, message: str = "drain started") -> list[int]:
    return sorted(each["worker"] for each in workers.records() if each["message"] == message)


async def test_a_drain_is_of_all_workers_at_once_and_no_call_fails(flag: Path) -> None:
    async with serving() as workers, busy(workers, flag) as calls:
        workers.process.send_signal(signal.SIGTERM)
        await draining(workers)
        assert await calls.answered()
        assert await workers.ended() == 0
        assert drains(workers, "drain finished") == [1, 2]


async def test_ctrl_c_in_a_terminal_reaches_the_whole_group_and_counts_once(flag: Path) -> None:
    async with serving() as workers, busy(workers, flag) as calls:
        os.killpg(workers.process.pid, signal.SIGINT)
        await draining(workers)
        assert await calls.answered()
        assert await workers.ended() == 0
        assert drains(workers) == [1, 2]
        assert not any("Traceback" in line for line in workers.lines)


async def test_sigterm_to_the_whole_group_drains_as_well(flag: Path) -> None:
    async with serving() as workers, busy(workers, flag) as calls:
        os.killpg(workers.process.pid, signal.SIGTERM)
        await draining(workers)
        assert await calls.answered()
        assert await workers.ended() == 0
        assert drains(workers) == [1, 2]


async def test_a_second_signal_ends_everything_at_once(flag: Path) -> None:
    async with serving() as workers, busy(workers, flag) as calls:
        workers.process.send_signal(signal.SIGTERM)
        await draining(workers)
        workers.process.send_signal(signal.SIGINT)
        assert await workers.ended() == -signal.SIGINT
        for pid in calls.calls:
            await gone(pid)


async def test_workers_whose_supervisor_is_killed_finish_their_calls_and_end(
    flag: Path,
) -> None:
    async with serving() as workers, busy(workers, flag) as calls:
        workers.process.kill()
        await draining(workers)
        assert await calls.answered()
        for pid in calls.calls:
            await gone(pid)
        assert drains(workers) == [1, 2]


async def test_a_signal_during_the_start_ends_it_without_a_word(tmp_path: Path) -> None:
    app = tmp_path / "slow.py"
    app.write_text(
        "import asyncio, contextlib, pathlib\n"
        "from mcp.server import MCPServer\n"
        "@contextlib.asynccontextmanager\n"
        "async def lifespan(server):\n"
        # A line as a whole: both write to the same place.
        "    print('starting\\n', end='', flush=True)\n"
        "    await asyncio.sleep(600)\n"
        "    yield\n"
        "app = MCPServer('slow', lifespan=lifespan)\n",
        encoding="utf-8",
    )
    async with started("--workers", "2", app=str(app)) as workers:
        await workers.until(lambda: workers.out == ["starting"] * 2)
        workers.process.send_signal(signal.SIGTERM)
        assert await workers.ended() == 0
    assert workers.lines == []
