"""Log records as lines: JSON for machines, readable text for a terminal, secrets for neither.

It is not where anything is reported, and decides neither which records are written nor where to.
"""

from __future__ import annotations

import json
import logging
import math
import traceback
from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from itertools import filterfalse
from typing import Any, Final

from mcpgrpc.logs.redaction import BUILT_IN, REDACTED, Redaction, clip, escape_controls

# Callers choose method names, uris and reasons: a line of the log must not grow with them.
MAX_VALUE_CHARACTERS: Final = 1_024
MAX_MESSAGE_CHARACTERS: Final = 8_192
MAX_TRACEBACK_CHARACTERS: Final = 32_768
MAX_FIELD_DEPTH: Final = 4
MAX_FIELD_ITEMS: Final = 32
MAX_REMEMBERED_NAMES: Final = 256

_RECORD_ATTRIBUTES: Final = frozenset(
    {*vars(logging.makeLogRecord({})), "message", "asctime", "taskName"}
)
_TEXTS: Final = frozenset({str})
_UNCHANGED: Final = frozenset({str, int, bool, type(None)})
_AMBIGUOUS: Final = frozenset(' "=')

# Made once: `json.dumps` makes an encoder for each line. There are no circles in what is made here.
_encode: Final = json.JSONEncoder(allow_nan=False, check_circular=False).encode
_encode_readably: Final = json.JSONEncoder(ensure_ascii=False, check_circular=False).encode


class _Lines(logging.Formatter):
    """What both kinds of line have in common.

    Args:
        redaction: what is hidden; the built-in names when left out.
    """

    def __init__(self, redaction: Redaction = BUILT_IN) -> None:
        super().__init__()
        self._redaction = redaction
        self._shown: set[str] = set()

    def _fields(self, record: logging.LogRecord) -> dict[str, Any]:
        """What a record carries as `extra`, as plain JSON values: redacted and bounded."""
        attributes = vars(record)
        names = filterfalse(_RECORD_ATTRIBUTES.__contains__, attributes)
        extra = {name: attributes[name] for name in names}
        unchanged = _UNCHANGED if self._leaves(extra) else frozenset()
        return {
            key: value if type(value) in unchanged else self._field(key, value, MAX_FIELD_DEPTH)
            for key, value in extra.items()
        }

    def _leaves(self, extra: Mapping[str, object]) -> bool:
        """Whether certainly no name is hidden, and no text is changed, that is not nested."""
        texts = "\n".join([each for each in extra.values() if type(each) is str])
        if len(texts) > MAX_VALUE_CHARACTERS or not _TEXTS.issuperset(map(type, extra)):
            return False
        return self._redaction.leaves(texts) and self._shows(extra)

    def _shows(self, names: Collection[str]) -> bool:
        """Whether none of the names is hidden; remembered, since programs have few and use them."""
        if self._shown.issuperset(names):
            return True
        if any(map(self._redaction.hides, names)):
            return False
        is_few = len(self._shown) + len(names) <= MAX_REMEMBERED_NAMES
        if is_few and len("".join(names)) <= MAX_VALUE_CHARACTERS:
            self._shown.update(names)
        return True

    def _field(self, key: object, value: object, depth: int) -> Any:
        return REDACTED if self._redaction.hides(str(key)) else self._plain(value, depth)

    def _plain(self, value: object, depth: int) -> Any:
        if type(value) is str:
            return self._text(value)
        if value is None or isinstance(value, int):
            return value
        if isinstance(value, float):
            return value if math.isfinite(value) else str(value)
        if depth and isinstance(value, Mapping):
            kept = list(value.items())[:MAX_FIELD_ITEMS]
            return {self._text(str(key)): self._field(key, each, depth - 1) for key, each in kept}
        if depth and isinstance(value, list | tuple | set | frozenset):
            return [self._plain(each, depth - 1) for each in list(value)[:MAX_FIELD_ITEMS]]
        return self._text(str(value))

    def _text(self, text: str, max_characters: int = MAX_VALUE_CHARACTERS) -> str:
        # Cut before and after: redaction is not worth the time of a name of megabytes, and it must
        # not depend on where the visible part ends.
        return clip(self._redaction.text(clip(text, 8 * max_characters)), max_characters)

    def _message(self, record: logging.LogRecord) -> str:
        return self._text(record.getMessage(), MAX_MESSAGE_CHARACTERS)

    def _exception(self, error: BaseException) -> dict[str, str]:
        told = traceback.TracebackException.from_exception(error)
        name = f"{type(error).__module__}.{type(error).__qualname__}"
        return {
            "type": name.removeprefix("builtins."),
            "message": self._text(str(told), MAX_MESSAGE_CHARACTERS),
            "stacktrace": self._text("".join(told.format()), MAX_TRACEBACK_CHARACTERS),
        }


class JsonFormatter(_Lines):
    """One JSON object a line: time, level, logger, message, the fields, the exception."""

    def format(self, record: logging.LogRecord) -> str:
        """The line of a record."""
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="microseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": self._message(record),
        }
        # What every line has stands first, and no field replaces it.
        line = {**line, **self._fields(record), **line}
        if record.exc_info and record.exc_info[1]:
            line["exception"] = self._exception(record.exc_info[1])
        return _encode(line)


class TextFormatter(_Lines):
    """A line to read: time, level, logger, message, `key=value`; a traceback indented below it."""

    def format(self, record: logging.LogRecord) -> str:
        """The line of a record."""
        moment = datetime.fromtimestamp(record.created).astimezone()
        parts = [
            moment.isoformat(" ", "milliseconds")[:23],
            f"{record.levelname:<8}",
            escape_controls(f"{record.name}: {self._message(record)}"),
        ]
        known = {key: each for key, each in self._fields(record).items() if each not in (None, "")}
        parts += [f"{escape_controls(key)}={_readable(each)}" for key, each in known.items()]
        line = " ".join(parts)
        if record.exc_info and record.exc_info[1]:
            stacktrace = self._exception(record.exc_info[1])["stacktrace"].splitlines()
            # Indented, so that a line inside of an exception's message cannot pass for a record.
            line = "\n".join([line, *(f"    {escape_controls(each)}" for each in stacktrace)])
        return line


def _readable(value: object) -> str:
    if isinstance(value, str) and value and _AMBIGUOUS.isdisjoint(value):
        return escape_controls(value)
    return escape_controls(_encode_readably(value))
