"""The allowance of the log: a few lines of each kind, and no count lost."""

from __future__ import annotations

import logging

import pytest

from mcpgrpc_server.telemetry import LoggingTelemetry, StreamInfo
from mcpgrpc_server.telemetry.allowance import MAX_KINDS, MAX_LINES, PERIOD_SECONDS, Allowance


class Clock:
    """Time that stands until it is moved."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_so_many_go_through_and_the_next_period_says_what_was_left_out() -> None:
    clock = Clock()
    allowance = Allowance(clock)
    taken = [allowance.take("a") for _ in range(MAX_LINES + 7)]
    assert taken == [0] * MAX_LINES + [None] * 7
    clock.now += PERIOD_SECONDS
    assert [allowance.take("a") for _ in range(2)] == [7, 0]


def test_kinds_do_not_take_from_each_other() -> None:
    allowance = Allowance(Clock())
    for _ in range(MAX_LINES + 1):
        allowance.take("a")
    assert allowance.take("b") == 0


def test_kinds_without_end_share_one_allowance() -> None:
    allowance = Allowance(Clock())
    taken = [allowance.take(str(kind)) for kind in range(MAX_KINDS + 2 * MAX_LINES)]
    assert taken.count(0) == MAX_KINDS + MAX_LINES


def test_refusals_without_end_do_not_fill_the_log(caplog: pytest.LogCaptureFixture) -> None:
    telemetry = LoggingTelemetry()
    stream = StreamInfo(1, "Session", "ipv4:127.0.0.1:1", "anonymous")
    with caplog.at_level(logging.WARNING, "mcpgrpc.streams"):
        for _ in range(1_000):
            telemetry.refused(stream, "RATE_LIMITED")
    assert len(caplog.records) == MAX_LINES
