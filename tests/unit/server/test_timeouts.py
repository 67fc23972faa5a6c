"""Many timeouts under one timer: who is told, when, and who is not."""

from __future__ import annotations

import asyncio
import gc
import math
import time
import weakref

from mcpgrpc.logs.correlation import Known, current_id
from mcpgrpc_server.timeouts import Timeouts


class Request:
    """One that notes in which order the times were over."""

    def __init__(self, name: str, told: list[str]) -> None:
        self.name = name
        self.call = Known(name)
        self.deadline = math.inf
        self.over = asyncio.Event()
        self._told = told

    def time_out(self) -> None:
        assert self.deadline == math.inf
        assert current_id() == self.name
        self._told.append(self.name)
        self.over.set()


class Running:
    """Requests under one timer."""

    def __init__(self) -> None:
        self.told: list[str] = []
        self.requests: dict[str, Request] = {}
        self.timeouts = Timeouts(self.requests.values())

    def begin(self, name: str, seconds: float) -> Request:
        request = self.requests[name] = Request(name, self.told)
        self.timeouts.begin(request, time.monotonic() + seconds)
        return request


async def test_requests_are_told_in_the_order_in_which_their_time_ends() -> None:
    running = Running()
    last = running.begin("last", 0.09)
    running.begin("first", 0.03)
    running.begin("second", 0.06)
    await asyncio.wait_for(last.over.wait(), 10)
    assert running.told == ["first", "second", "last"]


async def test_nobody_is_told_before_its_time() -> None:
    running = Running()
    began = time.monotonic()
    request = running.begin("a", 0.05)
    await asyncio.wait_for(request.over.wait(), 10)
    # A loop may wait by the millisecond.
    assert time.monotonic() - began >= 0.048


async def test_a_request_without_a_limit_of_its_own_is_not_told() -> None:
    running = Running()
    running.requests["unlimited"] = Request("unlimited", running.told)
    limited = running.begin("limited", 0.01)
    await asyncio.wait_for(limited.over.wait(), 10)
    assert running.told == ["limited"]


async def test_one_that_has_ended_is_not_told_and_its_timer_serves_the_others() -> None:
    running = Running()
    running.begin("ended", 0.01).deadline = math.inf
    running.begin("gone", 0.01)
    del running.requests["gone"]
    waiting = running.begin("waiting", 0.03)
    await asyncio.wait_for(waiting.over.wait(), 10)
    assert running.told == ["waiting"]


async def test_a_request_may_begin_while_another_is_told() -> None:
    running = Running()

    class Begets(Request):
        def time_out(self) -> None:
            super().time_out()
            running.begin("child", 0.01)

    parent = running.requests["parent"] = Begets("parent", running.told)
    running.timeouts.begin(parent, time.monotonic())
    await asyncio.wait_for(parent.over.wait(), 10)
    await asyncio.wait_for(running.requests["child"].over.wait(), 10)
    assert running.told == ["parent", "child"]


async def test_what_is_stopped_is_kept_by_no_timer() -> None:
    running = Running()
    running.begin("for long", 3600)
    running.timeouts.stop()
    left = weakref.ref(running)
    requests = weakref.ref(running.requests["for long"])
    del running
    gc.collect()
    assert left() is None
    assert requests() is None
