"""Log records as lines: JSON for machines, readable text for a terminal, secrets for neither.

It is not where anything is reported; `telemetry` and the module loggers are. Only the command
calls `configure_logging`: a library leaves logging to the application around it.
"""

from __future__ import annotations

import json
import logging
import math
import sys
import traceback
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final, Literal, TextIO

from mcpgrpc_server.redaction import REDACTED, clip, escape_controls, is_secret_name, redact

LogLevel = Literal["debug", "info", "warning", "error", "critical"]
LogFormat = Literal["auto", "text", "json"]

# Callers choose method names, uris and reasons: a line of the log must not grow with them.
MAX_VALUE_CHARACTERS: Final = 1_024
MAX_MESSAGE_CHARACTERS: Final = 8_192
MAX_TRACEBACK_CHARACTERS: Final = 32_768
MAX_FIELD_DEPTH: Final = 4
MAX_FIELD_ITEMS: Final = 32

_HANDLER_NAME: Final = "mcpgrpc"
_RECORD_ATTRIBUTES: Final = frozenset(
    {*vars(logging.makeLogRecord({})), "message", "asctime", "taskName"}
)


def configure_logging(
    level: LogLevel, log_format: LogFormat = "auto", stream: TextIO | None = None
) -> None:
    """Send the records of the process to a stream; calling it again replaces what it set up.

    Args:
        level: the lowest level that is written.
        log_format: "auto" is text on a terminal and JSON elsewhere.
        stream: standard error when left out.
    """
    target = sys.stderr if stream is None else stream
    as_text = log_format == "text" or (log_format == "auto" and target.isatty())
    handler = logging.StreamHandler(target)
    handler.set_name(_HANDLER_NAME)
    handler.setFormatter(TextFormatter() if as_text else JsonFormatter())
    root = logging.getLogger()
    for old in [each for each in root.handlers if each.get_name() == _HANDLER_NAME]:
        root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(level.upper())
    # Their debugging is about their own insides and drowns everybody else's.
    for noisy in ("asyncio", "grpc"):
        logging.getLogger(noisy).setLevel(max(root.level, logging.INFO))


class JsonFormatter(logging.Formatter):
    """One JSON object a line: time, level, logger, message, the fields, the exception."""

    def format(self, record: logging.LogRecord) -> str:
        """The line of a record."""
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="microseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": _message(record),
        }
        line.update((key, value) for key, value in fields(record).items() if key not in line)
        if record.exc_info and record.exc_info[1]:
            line["exception"] = _exception(record.exc_info[1])
        return json.dumps(line, allow_nan=False)


class TextFormatter(logging.Formatter):
    """A line to read: time, level, logger, message, `key=value`; a traceback indented below it."""

    def format(self, record: logging.LogRecord) -> str:
        """The line of a record."""
        moment = datetime.fromtimestamp(record.created).astimezone()
        parts = [
            moment.isoformat(" ", "milliseconds")[:23],
            f"{record.levelname:<8}",
            escape_controls(f"{record.name}: {_message(record)}"),
        ]
        known = {key: value for key, value in fields(record).items() if value not in (None, "")}
        parts += [f"{key}={_readable(value)}" for key, value in known.items()]
        line = " ".join(parts)
        if record.exc_info and record.exc_info[1]:
            stacktrace = _exception(record.exc_info[1])["stacktrace"].splitlines()
            # Indented, so that a line inside of an exception's message cannot pass for a record.
            line = "\n".join([line, *(f"    {escape_controls(each)}" for each in stacktrace)])
        return line


def fields(record: logging.LogRecord) -> dict[str, Any]:
    """What a record carries as `extra`, as plain JSON values: redacted and bounded."""
    extra = {key: value for key, value in vars(record).items() if key not in _RECORD_ATTRIBUTES}
    return {key: _field(key, value, MAX_FIELD_DEPTH) for key, value in extra.items()}


def _field(key: object, value: object, depth: int) -> Any:
    return REDACTED if is_secret_name(str(key)) else _plain(value, depth)


def _plain(value: object, depth: int) -> Any:
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if depth and isinstance(value, Mapping):
        kept = list(value.items())[:MAX_FIELD_ITEMS]
        return {_text(str(key)): _field(key, each, depth - 1) for key, each in kept}
    if depth and isinstance(value, list | tuple | set | frozenset):
        return [_plain(each, depth - 1) for each in list(value)[:MAX_FIELD_ITEMS]]
    return _text(str(value))


def _text(text: str, max_characters: int = MAX_VALUE_CHARACTERS) -> str:
    # Cut before and after: redaction is not worth the time of a name of megabytes, and it must
    # not depend on where the visible part ends.
    return clip(redact(clip(text, 8 * max_characters)), max_characters)


def _message(record: logging.LogRecord) -> str:
    return _text(record.getMessage(), MAX_MESSAGE_CHARACTERS)


def _readable(value: object) -> str:
    if isinstance(value, str) and value and not any(each in ' "=' for each in value):
        return escape_controls(value)
    return escape_controls(json.dumps(value, ensure_ascii=False))


def _exception(error: BaseException) -> dict[str, str]:
    told = traceback.TracebackException.from_exception(error)
    return {
        "type": f"{type(error).__module__}.{type(error).__qualname__}".removeprefix("builtins."),
        "message": _text(str(told), MAX_MESSAGE_CHARACTERS),
        "stacktrace": _text("".join(told.format()), MAX_TRACEBACK_CHARACTERS),
    }
