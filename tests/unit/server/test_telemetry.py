"""What is reported, at which level, to whom, and what a log line never holds."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest

from mcpgrpc.logs.lines import JsonFormatter, TextFormatter
from mcpgrpc.logs.redaction import escape_controls, redact
from mcpgrpc.logs.setup import LogFormat, configure_logging
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


@pytest.fixture
def root() -> Iterator[logging.Logger]:
    """The root logger; it and those that are quietened are afterwards as they were."""
    logger = logging.getLogger()
    handlers = list(logger.handlers)
    levels = {name: logging.getLogger(name).level for name in ("", "asyncio", "grpc")}
    yield logger
    logger.handlers[:] = handlers
    for name, level in levels.items():
        logging.getLogger(name).setLevel(level)


def record(message: str, /, *arguments: object, **extra: object) -> logging.LogRecord:
    made = logging.LogRecord("a.logger", logging.INFO, __file__, 1, message, arguments, None)
    vars(made).update(extra)
    return made


def as_json(made: logging.LogRecord) -> dict[str, Any]:
    line = JsonFormatter().format(made)
    assert "\n" not in line
    parsed: dict[str, Any] = json.loads(line)
    return parsed


def failure(error: BaseException) -> logging.LogRecord:
    try:
        raise error
    except type(error) as raised:
        made = record("it failed")
        made.exc_info = (type(raised), raised, raised.__traceback__)
        return made


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


@pytest.mark.parametrize(
    "text",
    [
        "authorization: Bearer s3cret",
        "Authorization=Basic s3cret",
        "{'authorization': 'Digest username=\"u\", response=\"s3cret\"'}",
        '{"x-api-key": "s3cret"}',
        r"{\"authorization\": \"Bearer s3cret\"}",
        "(('x-api-key', 's3cret'), ('a', 'b'))",
        "_Metadatum(key='authorization', value='Bearer s3cret')",
        "[('proxy-authorization', b's3cret')]",
        "set-cookie: session=s3cret; Path=/",
        "denied: bearer s3cret",
        "BEARER\ts3cret.x-y_z~+/==",
        "key mcpgrpc_ab12_s3cret was revoked",
        "eyJhbGciOiJIUzI1NiJ9.s3cret.s3cret",
        "mcpgrpc_a-b_s3cret_s3cret",
    ],
)
def test_a_credential_never_reaches_a_log(text: str) -> None:
    assert "s3cret" not in redact(text)
    assert "[redacted]" in redact(text)
    lines = [
        each.format(made)
        for each in (JsonFormatter(), TextFormatter())
        for made in (
            record(text),
            record("with %s", text),
            record("with %s", {"a": text}),
            record("x", field=text),
            record("x", headers={"deep": [text]}),
            failure(ValueError(text)),
            failure(KeyError(text)),
        )
    ]
    assert not [line for line in lines if "s3cret" in line]


@pytest.mark.parametrize("name", ["authorization", "x_api_key", "X-Api-Key", "cookie"])
def test_a_field_named_as_a_credential_is_hidden_whatever_it_holds(name: str) -> None:
    for made in (record("x", **{name: "s3cret"}), record("x", headers={name: ["s3cret"]})):
        assert "s3cret" not in JsonFormatter().format(made)
        assert "s3cret" not in TextFormatter().format(made)


def test_the_id_of_an_api_key_and_ordinary_words_stay() -> None:
    assert redact("mcpgrpc_ab12_s3cret") == "mcpgrpc_ab12_[redacted]"
    plain = "no bearer token; mcpgrpc_server.session; authorization failed; 3 cookies"
    assert redact(plain) == plain


def test_redaction_is_linear_in_hostile_text() -> None:
    # Each is quadratic or worse for a pattern that backtracks, and then runs into the time limit.
    for text in ("authorization'" * 20_000, "authorization: '" + "\\" * 300_000, "eyJ" * 100_000):
        redact(text)


def test_a_message_cannot_forge_a_line_or_steer_a_terminal() -> None:
    made = record("method %s", "a\n2026-01-01 INFO forged\x1b[2J\u202e\ud800", name_given="x\ny")
    text = TextFormatter().format(made)
    assert len(text.splitlines()) == 1
    assert "\x1b" not in text
    assert text.encode("utf-8")
    assert as_json(made)["name_given"] == "x\ny"
    assert escape_controls("a\tb\x00é") == r"a\tb\x00é"


def test_an_exception_is_structured_in_json_and_indented_in_text() -> None:
    made = failure(ValueError("first\nINFO forged"))
    told = as_json(made)["exception"]
    assert told["type"] == "ValueError"
    assert told["message"] == "first\nINFO forged"
    assert told["stacktrace"].startswith("Traceback (most recent call last):")
    first, *rest = TextFormatter().format(made).splitlines()
    assert "it failed" in first
    assert rest
    assert all(line.startswith("    ") for line in rest)


def test_a_line_is_bounded_whatever_a_caller_sends() -> None:
    huge = "m" * 5_000_000
    made = record("got %s", huge, method=huge, deep=[[[[[[huge]]]]]], many=list(range(10_000)))
    assert len(JsonFormatter().format(made)) < 20_000
    assert len(TextFormatter().format(failure(ValueError(huge)))) < 40_000


def test_any_value_can_be_a_field() -> None:
    made = record("x", number=float("nan"), thing=object(), none=None, flag=True, by={1: (2,)})
    facts = as_json(made)
    assert (facts["number"], facts["none"], facts["flag"]) == ("nan", None, True)
    assert facts["by"] == {"1": [2]}
    assert "none=" not in TextFormatter().format(made)


def test_a_field_does_not_replace_what_every_line_has() -> None:
    facts = as_json(record("said", level="forged", logger="forged"))
    assert (facts["level"], facts["logger"], facts["message"]) == ("info", "a.logger", "said")


def test_values_with_spaces_are_quoted_in_text() -> None:
    line = TextFormatter().format(record("said", a="plain", b="two words", c=""))
    assert line.endswith('INFO     a.logger: said a=plain b="two words"')


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def test_logs_are_json_unless_on_a_terminal(root: logging.Logger) -> None:
    cases: list[tuple[io.StringIO, LogFormat, bool]] = [
        (io.StringIO(), "auto", True),
        (Terminal(), "auto", False),
        (io.StringIO(), "text", False),
        (Terminal(), "json", True),
    ]
    for stream, log_format, is_json in cases:
        configure_logging("info", log_format, stream)
        logging.getLogger("some.app").info("hello")
        assert stream.getvalue().startswith("{") is is_json
        assert stream.getvalue().count("\n") == 1


def test_configuring_again_replaces_the_handler_and_the_level(root: logging.Logger) -> None:
    before = len(root.handlers)
    first, second = io.StringIO(), io.StringIO()
    configure_logging("debug", "text", first)
    configure_logging("warning", "text", second)
    logging.getLogger("some.app").info("quiet")
    logging.getLogger("some.app").warning("loud")
    assert len(root.handlers) == before + 1
    assert first.getvalue() == ""
    assert "quiet" not in second.getvalue()
    assert "loud" in second.getvalue()


def test_debugging_shows_the_app_and_not_the_insides_of_the_loop(root: logging.Logger) -> None:
    stream = io.StringIO()
    configure_logging("debug", "text", stream)
    for name in ("some.app", "grpc._cython", "asyncio"):
        logging.getLogger(name).debug("hello from %s", name)
    assert "some.app" in stream.getvalue()
    assert stream.getvalue().count("hello") == 1
