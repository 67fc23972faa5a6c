"""The one writer of a stream: what goes at once, what goes together, and who has to wait."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextvars import Context
from typing import Any, TypeVarTuple

import pytest

from mcpgrpc.binding.fragments import Piece
from mcpgrpc.binding.outbox import Outbox
from mcpgrpc.stream.writer import FrameWriter, StreamClosedError

Arguments = TypeVarTuple("Arguments")

HIGH_WATER_BYTES = 10
MAX_SECONDS = 10.0


class Wire:
    """Where frames go: each is written when the gate is open."""

    def __init__(self) -> None:
        self.begun: list[list[str]] = []
        self.written: list[list[str]] = []
        self.gate = asyncio.Event()
        self.gate.set()
        self.failure: Exception | None = None
        self._changed = asyncio.Event()

    async def write(self, frame: list[str]) -> None:
        self.begun.append(frame)
        self._changed.set()
        if self.failure is not None:
            raise self.failure
        await self.gate.wait()
        # As gRPC does: a write is never over in the step that begins it.
        await asyncio.sleep(0)
        self.written.append(frame)
        self._changed.set()

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait for a write, begun or over, after which something holds."""
        async with asyncio.timeout(MAX_SECONDS):
            while not condition():
                self._changed.clear()
                await self._changed.wait()

    async def has_written(self, *frames: list[str]) -> None:
        """Wait until exactly these frames are written."""
        await self.until(lambda: self.written == list(frames))


def no_pieces(piece: Piece) -> str:
    raise AssertionError("nothing here is cut")


class End:
    """One end of a stream, whose writer runs."""

    def __init__(self, keepalive_interval_seconds: float = 0) -> None:
        self.wire = Wire()
        self.outbox = Outbox(no_pieces, max_items=32, max_bytes=1000, piece_bytes=1000)
        self.writer = FrameWriter(
            self.outbox,
            self.wire.write,
            high_water_bytes=HIGH_WATER_BYTES,
            keepalive_interval_seconds=keepalive_interval_seconds,
        )
        self.running = asyncio.create_task(self.writer.run())

    def put(self, item: str, *, alone: bool = False) -> None:
        self.outbox.put(item, len(item))
        self.writer.wake(alone=alone)


@pytest.fixture
async def end() -> AsyncIterator[End]:
    """An end that is idle."""
    made = End()
    made.put("first")
    await made.wire.has_written(["first"])
    made.wire.begun.clear()
    made.wire.written.clear()
    yield made
    made.running.cancel()
    await asyncio.wait({made.running})


async def test_what_comes_alone_on_an_idle_stream_is_begun_on_the_spot(end: End) -> None:
    end.put("a", alone=True)
    assert end.wire.begun == [["a"]]
    await end.wire.has_written(["a"])


async def test_what_does_not_come_alone_waits_for_what_joins_it(end: End) -> None:
    end.put("a")
    end.put("b")
    end.put("c", alone=True)
    assert end.wire.begun == []
    await end.wire.has_written(["a", "b", "c"])


async def test_everything_joins_behind_a_write_that_is_under_way(end: End) -> None:
    end.wire.gate.clear()
    end.put("a", alone=True)
    for item in "bcd":
        end.put(item, alone=True)
    assert end.wire.begun == [["a"]]
    end.wire.gate.set()
    await end.wire.has_written(["a"], ["b", "c", "d"])


async def test_who_began_a_write_can_be_cancelled_without_harm_to_it(end: End) -> None:
    end.wire.gate.clear()

    async def handler() -> None:
        end.put("a", alone=True)
        await asyncio.Event().wait()

    task = asyncio.create_task(handler())
    await end.wire.until(lambda: end.wire.begun == [["a"]])
    task.cancel()
    await asyncio.wait({task})
    end.wire.gate.set()
    await end.wire.has_written(["a"])
    end.put("b", alone=True)
    await end.wire.has_written(["a"], ["b"])


async def test_a_write_that_fails_as_it_is_begun_fails_the_writer_alone(end: End) -> None:
    end.wire.failure = ConnectionError("gone")
    end.put("a", alone=True)
    with pytest.raises(ConnectionError, match="gone"):
        await asyncio.wait_for(end.running, MAX_SECONDS)
    assert end.writer.closed


@pytest.mark.parametrize("turns", [0, 1, 3])
async def test_a_writer_can_be_cancelled_with_a_write_begun(end: End, turns: int) -> None:
    end.wire.gate.clear()
    end.put("a", alone=True)
    for _ in range(turns):
        await asyncio.sleep(0)
    end.running.cancel()
    await asyncio.wait({end.running})
    assert end.running.cancelled()
    assert end.writer.closed
    assert end.wire.written == []


async def test_a_begun_write_that_blocks_is_seen_to_block(end: End) -> None:
    before = end.writer.blocked_seconds
    end.wire.gate.clear()
    end.put("a", alone=True)
    await asyncio.sleep(0)
    during = end.writer.blocked_seconds
    end.wire.gate.set()
    await end.wire.has_written(["a"])
    after = end.writer.blocked_seconds
    assert before == after == 0 < during


async def test_room_is_waited_for_at_the_high_water_mark(end: End) -> None:
    end.wire.gate.clear()
    end.put("a", alone=True)
    room = [end.writer.has_room]
    end.put("x" * HIGH_WATER_BYTES)
    room.append(end.writer.has_room)
    waiting = asyncio.create_task(end.writer.room())
    await asyncio.sleep(0)
    assert not waiting.done()
    end.wire.gate.set()
    await asyncio.wait_for(waiting, MAX_SECONDS)
    room.append(end.writer.has_room)
    assert room == [True, False, True]


async def test_who_waits_for_room_on_a_stream_that_ends_is_told(end: End) -> None:
    end.wire.gate.clear()
    end.put("a", alone=True)
    end.put("x" * HIGH_WATER_BYTES)
    waiting = asyncio.create_task(end.writer.room())
    await asyncio.sleep(0)
    end.writer.close()
    with pytest.raises(StreamClosedError):
        await asyncio.wait_for(waiting, MAX_SECONDS)
    assert not end.writer.has_room


async def test_finishing_writes_what_was_begun_and_what_waits(end: End) -> None:
    end.put("a", alone=True)
    end.put("b")
    end.writer.finish()
    await asyncio.wait_for(end.running, MAX_SECONDS)
    assert end.wire.written == [["a"], ["b"]]


async def test_an_idle_stream_gets_empty_frames_at_its_interval() -> None:
    end = End(keepalive_interval_seconds=0.001)
    await end.wire.until(lambda: end.wire.written[:2] == [[], []])
    end.put("a", alone=True)
    await end.wire.until(lambda: ["a"] in end.wire.written)
    end.running.cancel()
    await asyncio.wait({end.running})


async def test_a_writer_that_idles_ends_when_the_stream_is_over(end: End) -> None:
    end.writer.close()
    await asyncio.wait_for(end.running, MAX_SECONDS)
    assert end.wire.written == []


class HandMovedLoop(asyncio.SelectorEventLoop):
    """An event loop whose time is moved by hand; in how many seconds things are to be done is kept.

    It is no loop for anything else: whatever shared it would see its own time pass.
    """

    def __init__(self) -> None:
        super().__init__()
        self.waits: list[float] = []
        self._ahead_seconds = 0.0
        self._asked = asyncio.Event()

    def time(self) -> float:
        return super().time() + getattr(self, "_ahead_seconds", 0.0)

    def call_later(
        self,
        delay: float,
        callback: Callable[[*Arguments], object],
        *args: *Arguments,
        context: Context | None = None,
    ) -> asyncio.TimerHandle:
        self.waits.append(delay)
        self._asked.set()
        return super().call_later(delay, callback, *args, context=context)

    def advance(self, seconds: float) -> None:
        """So much time passes at once."""
        self._ahead_seconds += seconds

    async def next_wait(self) -> float:
        """Wait until the next thing is to be done later; gives in how many seconds."""
        while not self.waits:
            self._asked.clear()
            await self._asked.wait()
        return self.waits.pop(0)


def by_hand(test: Callable[[HandMovedLoop, End], Coroutine[Any, Any, None]]) -> None:
    """Run a test of an end with keep-alives every 100 s on a loop of its own."""
    with asyncio.Runner(loop_factory=HandMovedLoop) as runner:
        loop = runner.get_loop()
        assert isinstance(loop, HandMovedLoop)

        async def run() -> None:
            end = End(keepalive_interval_seconds=100)
            async with asyncio.timeout(161 + MAX_SECONDS):
                await test(loop, end)
            end.running.cancel()
            await asyncio.wait({end.running})

        runner.run(run())


def test_one_timer_serves_all_the_idling_between_many_frames() -> None:
    async def test(loop: HandMovedLoop, end: End) -> None:
        frames = [[str(number)] for number in range(50)]
        for number, (item,) in enumerate(frames):
            end.put(item, alone=True)
            await end.wire.has_written(*frames[: number + 1])
        assert loop.waits == [100]

    by_hand(test)


def test_an_interval_begins_anew_with_every_frame() -> None:
    async def test(loop: HandMovedLoop, end: End) -> None:
        assert await loop.next_wait() == 100
        loop.advance(60)
        end.put("a", alone=True)
        await end.wire.has_written(["a"])
        loop.advance(41)
        assert 30 < await loop.next_wait() <= 60
        assert end.wire.written == [["a"]]
        loop.advance(60)
        await end.wire.has_written(["a"], [])

    by_hand(test)


def test_a_writer_that_was_cancelled_leaves_no_timer_that_goes_on() -> None:
    async def test(loop: HandMovedLoop, end: End) -> None:
        assert await loop.next_wait() == 100
        end.running.cancel()
        await asyncio.wait({end.running})
        loop.advance(101)
        fired = asyncio.Event()
        loop.call_at(loop.time(), fired.set)
        await fired.wait()
        assert loop.waits == []

    by_hand(test)
