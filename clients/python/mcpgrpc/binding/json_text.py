"""JSON text in and out, without losing a number or a character.

It is not a JSON library: orjson does the work, and the standard library takes over where orjson
refuses or rounds (integers beyond 64 bits, 1e400, escaped lone surrogates).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import cache
from itertools import chain, islice
from typing import Any, AnyStr, NoReturn

import orjson

DEFAULT_MAX_DEPTH = 512
"""Nesting that is parsed. Far beyond what applications send, and far below where the standard
library's parser runs out of stack."""

# orjson reads an integer beyond 64 bits as a float, and nineteen digits is where that can begin.
# Mapping every digit to "0" and looking for a run of them costs a quarter of a regular expression.
_DIGITS_AS_ZERO = bytes(
    ord("0") if chr(code).isdigit() and code < 128 else code for code in range(256)
)
_LONG_RUN = b"0" * 19

_LARGE_BYTES = 64 * 1024
"""Texts from this size on are mostly one long string, and looking at what was read is then cheaper
than looking for digits in it."""
_FEW_VALUES = 256
_FIRST_ROUNDED = 2.0**63

_ORJSON_DEPTH = 1024
"""Nesting that orjson reads. Inside of so many lists that what is left is the limit, it counts for
us: three hundred times as fast as a regular expression."""


class JsonTextError(ValueError):
    """A text is not JSON, or a value cannot be written as JSON."""


class JsonTooDeepError(JsonTextError):
    """A text nests deeper than is parsed."""


def parse(text: str, *, max_depth: int = DEFAULT_MAX_DEPTH) -> Any:
    """The value of a JSON text.

    Raises:
        JsonTooDeepError: it nests deeper than `max_depth`.
        JsonTextError: it is not JSON (NaN, Infinity and characters without UTF-8 are not), or it
            holds an integer of more digits than Python converts (4,300 unless configured).
    """
    # orjson takes a text as it is, and one in ASCII is its own UTF-8.
    raw = text if len(text) >= _LARGE_BYTES and text.isascii() else _utf8(text)
    try:
        if len(raw) > max_depth and _has_brackets(raw, max_depth + 1):
            value = _read_within(raw, text, max_depth)
        else:
            value = orjson.loads(raw)
        if _is_exact(value, raw):
            return value
    except orjson.JSONDecodeError:
        # What orjson refuses may still be JSON; the standard library has the last word.
        pass
    try:
        return json.loads(text, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise JsonTextError(_reason(error)) from None


def parse_object(text: str, *, max_depth: int = DEFAULT_MAX_DEPTH) -> dict[str, Any] | None:
    """The object of a JSON text; None when it is JSON of another type. Raises as `parse`."""
    value = parse(text, max_depth=max_depth)
    return value if isinstance(value, dict) else None


def dump(value: Any) -> str:
    """The JSON text of a value: compact, keys in their order, NaN and Infinity as null.

    Raises:
        JsonTextError: the value holds something that JSON has no form for.
    """
    try:
        return orjson.dumps(value).decode()
    except TypeError:
        pass
    try:
        return _STRING_OR_NON_FINITE.sub(_null, json.dumps(value, separators=(",", ":")))
    except (TypeError, ValueError, RecursionError) as error:
        raise JsonTextError(_reason(error)) from None


def _has_brackets(raw: str | bytes, many: int) -> bool:
    """Whether a text has at least so many opening brackets, those in strings included."""
    if isinstance(raw, bytes):
        if len(raw) < _LARGE_BYTES:
            return raw.count(b"[") + raw.count(b"{") >= many
        found = chain(_places(raw, b"["), _places(raw, b"{"))
    else:
        found = chain(_places(raw, "["), _places(raw, "{"))
    return next(islice(found, many - 1, None), None) is not None


def _places(raw: AnyStr, bracket: AnyStr) -> Iterator[int]:
    """Where a bracket stands. Three times as fast as counting where there are few."""
    at = raw.find(bracket)
    while at >= 0:
        yield at
        at = raw.find(bracket, at + 1)


def _read_within(raw: str | bytes, text: str, max_depth: int) -> Any:
    """The value of a text that may be too deep. Raises JsonTooDeepError, or as orjson."""
    padding = _ORJSON_DEPTH - max_depth
    if padding < 0 or not _counts_depth():
        _check_depth(text, max_depth)
        return orjson.loads(raw)
    try:
        value = orjson.loads(_nested(raw, padding))
        for _ in range(padding):
            # A text such as "1],[2" is no value, and only fits because of what stands around it.
            (value,) = value
    except ValueError:
        _check_depth(text, max_depth)
        return orjson.loads(raw)
    return value


def _nested(raw: str | bytes, levels: int) -> str | bytes:
    """A text inside of so many lists; joined, lest it be copied twice."""
    if isinstance(raw, bytes):
        return b"".join((b"[" * levels, raw, b"]" * levels))
    return "".join(("[" * levels, raw, "]" * levels))


@cache
def _counts_depth() -> bool:
    """Whether orjson ends where it did when this was written."""
    try:
        orjson.loads(b"[" * (_ORJSON_DEPTH + 1) + b"]" * (_ORJSON_DEPTH + 1))
    except orjson.JSONDecodeError:
        return True
    return False


def _is_exact(value: Any, raw: str | bytes) -> bool:
    """Whether orjson has certainly rounded no integer in what it read from a text."""
    if len(raw) >= _LARGE_BYTES and _has_few_and_small(value):
        return True
    if isinstance(raw, str):
        raw = raw.encode()
    return _LONG_RUN not in raw.translate(_DIGITS_AS_ZERO)


def _has_few_and_small(value: Any) -> bool:
    """Whether a value has few members, and no number that may have been an integer."""
    values = [value]
    for each in values:
        if isinstance(each, float):
            if abs(each) >= _FIRST_ROUNDED:
                return False
        elif isinstance(each, dict):
            values += each.values()
        elif isinstance(each, list):
            values += each
        if len(values) > _FEW_VALUES:
            return False
    return True


def _utf8(text: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError as error:
        raise JsonTextError(f"a lone surrogate that is not escaped (char {error.start})") from None


# The standard library writes NaN and Infinity where orjson writes null. Strings are matched whole,
# so that these words inside of them stay.
_STRING_OR_NON_FINITE = re.compile(r'"(?:[^"\\]|\\.)*+"|NaN|-?Infinity')


def _null(match: re.Match[str]) -> str:
    return match[0] if match[0].startswith('"') else "null"


def _check_depth(text: str, max_depth: int) -> None:
    depth = 0
    for token in _BRACKET_OR_STRING.finditer(text):
        first = text[token.start()]
        if first in "[{":
            depth += 1
            if depth > max_depth:
                raise JsonTooDeepError(f"nested deeper than {max_depth} levels")
        elif first in "]}":
            depth -= 1


# Strings are skipped whole, so that brackets inside of them are not counted. The string form is
# possessive-like (no nested quantifier over the same characters), so it cannot backtrack badly.
_BRACKET_OR_STRING = re.compile(r'[\[\]{}]|"(?:[^"\\]|\\.)*+"?', re.DOTALL)


def _refuse_constant(name: str) -> NoReturn:
    raise JsonTextError(f"{name} is not JSON")


def _reason(error: BaseException) -> str:
    if isinstance(error, RecursionError):
        return "nested too deep"
    # A message names where, never what: the text may hold secrets.
    return str(error).split("\n", 1)[0][:200]
