"""What a line of the log looks like, where it goes, and what it never holds."""

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
