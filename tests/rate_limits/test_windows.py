"""Moving windows in memory: who has room and when, and that nothing grows without bound."""

from __future__ import annotations

import random
import threading
import tracemalloc

import pytest
from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

from mcpgrpc_server.rate_limits.counters import MIN_RETRY_SECONDS, MemoryCounters
from mcpgrpc_server.rate_limits.windows import MovingWindows


class Clock:
    """Seconds, moved by hand."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_a_request_is_let_through_once_the_oldest_has_left_the_window(clock: Clock) -> None:
    windows = MovingWindows(2, 60, clock=clock)
    assert windows.take("a") is None
    clock.now += 10
    assert windows.take("a") is None
    assert windows.take("a") == 50
    clock.now += 50
    assert windows.take("a") == 0, "a window holds both of its ends"
    clock.now += 0.5
    assert windows.take("a") is None
    assert windows.take("a") == 9.5


def test_what_is_refused_does_not_count(clock: Clock) -> None:
    windows = MovingWindows(1, 60, clock=clock)
    assert windows.take("a") is None
    for _ in range(100):
        assert windows.take("a") is not None
    clock.now += 61
    assert windows.take("a") is None


def test_keys_do_not_count_for_each_other(clock: Clock) -> None:
    windows = MovingWindows(1, 60, clock=clock)
    assert windows.take(("a", "tool:x")) is None
    assert windows.take(("b", "tool:x")) is None
    assert windows.take(("a", "tool:y")) is None
    assert windows.take(("a", "tool:x")) is not None


@pytest.mark.parametrize("seed", range(8))
def test_it_lets_through_what_the_library_does(
    seed: int, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The servers of a fleet count by the library's rules, in Redis; one alone does as they do."""
    monkeypatch.setattr("time.time", clock)
    theirs, item = MovingWindowRateLimiter(MemoryStorage()), RateLimitItemPerMinute(7)
    ours = MovingWindows(item.amount, item.get_expiry(), clock=clock)
    chance = random.Random(seed)
    for _ in range(2000):
        clock.now += chance.choice([0, 0.25, 1, 7.5, 60, 61])
        key = chance.choice("abc")
        wait_seconds = ours.take(key)
        assert (wait_seconds is None) == theirs.hit(item, key)
        if wait_seconds is not None:
            reset = theirs.get_window_stats(item, key).reset_time
            assert wait_seconds == pytest.approx(reset - clock.now)


def test_keys_that_are_quiet_for_a_window_are_forgotten(clock: Clock) -> None:
    windows = MovingWindows(5, 60, clock=clock)
    for number in range(1000):
        windows.take(number)
    assert len(windows) == 1000
    clock.now += 61
    for number in range(1000, 1500):
        windows.take(number)
    assert len(windows) == 500


def test_invented_keys_fill_no_memory_and_cost_who_is_quiet_its_count_alone(clock: Clock) -> None:
    windows = MovingWindows(1, 60, max_keys=100, clock=clock)
    windows.take("quiet")
    for number in range(1000):
        windows.take(number)
        assert len(windows) <= 100
    assert windows.take(999) is not None
    assert windows.take("quiet") is None


def test_what_has_left_the_window_of_a_busy_key_is_dropped(clock: Clock) -> None:
    windows = MovingWindows(10_000, 1, clock=clock)
    tracemalloc.start()
    try:
        for _ in range(10_000):
            clock.now += 1e-6
            windows.take("a")
        full_bytes, _ = tracemalloc.get_traced_memory()
        for _ in range(11_000):
            clock.now += 0.1
            windows.take("a")
        left_bytes, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    # Ten requests of the last second are left of ten thousand.
    assert left_bytes < full_bytes / 10


async def test_counting_starts_no_thread() -> None:
    before = threading.active_count()
    counters, item = MemoryCounters(), RateLimitItemPerMinute(3)
    assert [await counters.take(item, "a") for _ in range(3)] == [None] * 3
    wait_seconds = await counters.take(item, "a")
    assert wait_seconds is not None
    assert 59 < wait_seconds <= 60
    assert threading.active_count() == before
    await counters.close()


async def test_a_wait_is_never_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Clients take a wait of 0 as leave to come again at once."""
    monkeypatch.setattr(MovingWindows, "take", lambda *_: 0.0)
    assert await MemoryCounters().take(RateLimitItemPerMinute(1), "a") == MIN_RETRY_SECONDS
