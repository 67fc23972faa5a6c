"""What is reported, at which level, and to whom."""

from __future__ import annotations

import json
import logging
from typing import Any

import pytest

from mcpgrpc.logs.lines import JsonFormatter
from mcpgrpc_server.telemetry import (
    Fanout,
    LoggingTelemetry,
    NoTelemetry,
    Outcome,
    RequestInfo,
    StreamInfo,
    Telemetry,
)

STREAM = StreamInfo(3, "Session", "ipv4:127.0.0.1:4711", "alice")
REQUEST = RequestInfo(STREAM, "7", "tools/call", "add", "modern")


class Recorder:
    """Hears everything, as any object with these methods may."""

    def __init__(self) -> None:
        self.heard: list[tuple[Any, ...]] = []

    def __getattr__(self, event: str) -> Any:
        if event.startswith("_"):
            raise AttributeError(event)
        return lambda *facts: self.heard.append((event, *facts))


class Recording(NoTelemetry):
    """Hears the end of requests alone."""

    def __init__(self) -> None:
        self.heard: list[Outcome] = []

    def request_finished(
        self, request: RequestInfo, outcome: Outcome, duration_seconds: float
    ) -> None:
        self.heard.append(outcome)


class Broken(NoTelemetry):
    """Fails at what it hears."""

    def request_finished(
        self, request: RequestInfo, outcome: Outcome, duration_seconds: float
    ) -> None:
        raise RuntimeError("the exporter is down")


def report_everything(telemetry: Telemetry) -> None:
    telemetry.stream_opened(STREAM)
    telemetry.frame_received(STREAM, 2, 100)
    telemetry.request_started(REQUEST)
    telemetry.refused(REQUEST, "RATE_LIMITED")
    telemetry.ignored(STREAM, "unknown item")
    telemetry.request_finished(REQUEST, Outcome.OK, 0.25)
    telemetry.frame_sent(STREAM, 1, 50)
    telemetry.drain_started(25)
    telemetry.drain_finished(1.5, 0)
    telemetry.stream_closed(STREAM, Outcome.OK, 2.0, "half-closed")


def as_json(made: logging.LogRecord) -> dict[str, Any]:
    line: dict[str, Any] = json.loads(JsonFormatter().format(made))
    return line


class Counting(NoTelemetry):
    """Counts requests; a `StreamCounter` of its own for every stream."""

    def __init__(self) -> None:
        self.ended: list[Outcome] = []
        self.began = 0
        self.frames: list[tuple[int, int]] = []

    def counter(self, stream: StreamInfo) -> Counting:
        return self

    def frame_received(self, *facts: Any) -> None:
        self.frames.append(facts)

    def frame_sent(self, *facts: Any) -> None:
        self.frames.append(facts)

    def request_began(self) -> None:
        self.began += 1

    def request_ended(self, *facts: Any) -> None:
        self.ended.append(facts[3])


def test_counters_of_several_listeners_all_count() -> None:
    first, second = Counting(), Counting()
    counter = Fanout(first, NoTelemetry(), second).counter(STREAM)
    assert counter is not None
    counter.request_began()
    counter.request_ended("tools/call", "add", "modern", Outcome.OK, 0.25, "")
    counter.frame_received(2, 100)
    counter.frame_sent(1, 50)
    for each in (first, second):
        assert (each.began, each.ended) == (1, [Outcome.OK])
        assert each.frames == [(2, 100), (1, 50)]


def test_where_one_listener_counts_nothing_stands_between() -> None:
    counting = Counting()
    assert Fanout(NoTelemetry(), counting).counter(STREAM) is counting
    assert Fanout(NoTelemetry()).counter(STREAM) is None


def test_a_listener_that_wants_nothing_hears_nothing_and_does_no_harm() -> None:
    report_everything(NoTelemetry())


def test_a_listener_hears_what_it_has_a_method_for() -> None:
    assert not NoTelemetry().hears_requests()
    assert not NoTelemetry().hears_frames()
    assert Recording().hears_requests()
    assert not Recording().hears_frames()


@pytest.mark.parametrize(("level", "hears"), [(logging.DEBUG, True), (logging.INFO, False)])
def test_the_log_hears_frames_and_requests_while_it_is_written_for_debugging(
    caplog: pytest.LogCaptureFixture, level: int, hears: bool
) -> None:
    with caplog.at_level(level, "mcpgrpc"):
        assert LoggingTelemetry().hears_requests() is hears
        assert LoggingTelemetry().hears_frames() is hears


def test_several_listeners_hear_what_one_of_them_does() -> None:
    assert Fanout(NoTelemetry(), Recording()).hears_requests()
    assert not Fanout(NoTelemetry(), Recording()).hears_frames()
    assert not Fanout().hears_requests()


def test_every_event_reaches_every_listener_in_order() -> None:
    alone, first, second = Recorder(), Recorder(), Recorder()
    report_everything(alone)
    report_everything(Fanout(first, second))
    assert first.heard == second.heard == alone.heard
    assert len(first.heard) == 10


def test_a_listener_that_raises_harms_neither_the_request_nor_the_others(
    caplog: pytest.LogCaptureFixture,
) -> None:
    recording = Recording()
    fanout = Fanout(Broken(), recording)
    for _ in range(3):
        report_everything(fanout)
    assert recording.heard == [Outcome.OK] * 3
    assert fanout.failures == 3
    told = [each for each in caplog.records if each.levelno == logging.ERROR]
    assert len(told) == 1
    assert "request_finished" in told[0].getMessage()
    assert told[0].exc_info is not None


def test_a_refusal_is_a_warning_with_who_what_and_why(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        LoggingTelemetry().refused(REQUEST, "RATE_LIMITED")
        LoggingTelemetry().refused(STREAM, "UNAUTHENTICATED")
    of_request, of_stream = caplog.records
    assert (of_request.name, of_request.levelname) == ("mcpgrpc.requests", "WARNING")
    assert as_json(of_request) | {"time": ""} == {
        "time": "",
        "level": "warning",
        "logger": "mcpgrpc.requests",
        "message": "refused",
        "stream_id": 3,
        "rpc": "Session",
        "peer": "ipv4:127.0.0.1:4711",
        "subject": "alice",
        "request_id": "7",
        "method": "tools/call",
        "target": "add",
        "era": "modern",
        "reason": "RATE_LIMITED",
    }
    assert (of_stream.name, of_stream.levelname) == ("mcpgrpc.streams", "WARNING")


@pytest.mark.parametrize(
    ("outcome", "level"),
    [
        (Outcome.OK, logging.DEBUG),
        (Outcome.CANCELLED, logging.DEBUG),
        (Outcome.REFUSED, logging.DEBUG),
        (Outcome.ERROR, logging.INFO),
        (Outcome.TIMEOUT, logging.INFO),
        (Outcome.FAILED, logging.INFO),
    ],
)
def test_failed_requests_are_information_and_finished_ones_for_debugging(
    caplog: pytest.LogCaptureFixture, outcome: Outcome, level: int
) -> None:
    with caplog.at_level(logging.DEBUG):
        LoggingTelemetry().request_finished(REQUEST, outcome, 0.5)
    assert [each.levelno for each in caplog.records] == [level]
    facts = as_json(caplog.records[0])
    assert (facts["outcome"], facts["duration_seconds"]) == (outcome.value, 0.5)


def test_streams_and_frames_and_drains_are_logged_with_their_facts(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.DEBUG):
        report_everything(LoggingTelemetry())
    told = {each.getMessage(): as_json(each) for each in caplog.records}
    assert len(told) == len(caplog.records) == 10
    assert told["frame received"]["items"] == 2
    assert told["frame sent"]["size_bytes"] == 50
    assert told["stream closed"]["reason"] == "half-closed"
    assert told["ignored"]["what"] == "unknown item"
    assert told["drain started"]["grace_seconds"] == 25
    assert told["drain finished"]["ended_requests"] == 0


def test_nothing_is_put_together_for_a_level_that_is_not_written(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[object] = []

    def facts(subject: object) -> dict[str, Any]:
        asked.append(subject)
        return {}

    monkeypatch.setattr("mcpgrpc_server.telemetry.log._facts", facts)
    with caplog.at_level(logging.WARNING):
        report_everything(LoggingTelemetry())
    assert asked == [REQUEST]
