"""JSON text in and out, without losing a number or a character.

It is not a JSON library: orjson does the work, and the standard library takes over where orjson
refuses or rounds (integers beyond 64 bits, 1e400, escaped lone surrogates).
"""

from __future__ import annotations

import json
import re
from typing import Any, NoReturn

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
    if len(text) > max_depth and text.count("[") + text.count("{") > max_depth:
        _check_depth(text, max_depth)
    raw = _utf8(text)
    try:
        if _LONG_RUN not in raw.translate(_DIGITS_AS_ZERO):
            return orjson.loads(raw)
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
