"""Where the parts of a JSON text stand: the members of an object, the elements of an array.

It judges nothing: what it is given is JSON that was parsed before. On anything else it may raise
ValueError, IndexError or RecursionError.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from json import decoder as json_decoder
from typing import Final, TypeAlias

Span: TypeAlias = tuple[int, int]

_WHITESPACE: Final = " \t\n\r"
_DECODER: Final = json.JSONDecoder()
# Missing in typeshed, in CPython since 2.6: the string at an index, and where it ends.
scan_string: Final[Callable[[str, int], tuple[str, int]]] = json_decoder.scanstring  # type: ignore[attr-defined]
"""The string whose first character stands at an index, behind its quote, and where it ends."""


def members(text: str, at: int) -> Iterator[tuple[str, Span]]:
    """The members of the object that begins at an index: key, and where the value stands."""
    at = skip_whitespace(text, at + 1)
    while text[at] != "}":
        key, at = scan_string(text, at + 1)
        at = skip_whitespace(text, skip_whitespace(text, at) + 1)
        _, end = _DECODER.raw_decode(text, at)
        yield key, (at, end)
        at = _after_comma(text, end)


def elements(text: str, at: int) -> Iterator[Span]:
    """Where the elements of the array stand that begins at an index."""
    at = skip_whitespace(text, at + 1)
    while text[at] != "]":
        _, end = _DECODER.raw_decode(text, at)
        yield at, end
        at = _after_comma(text, end)


def skip_whitespace(text: str, at: int) -> int:
    """The first index from this one on that is no white space."""
    while text[at] in _WHITESPACE:
        at += 1
    return at


def _after_comma(text: str, at: int) -> int:
    at = skip_whitespace(text, at)
    return skip_whitespace(text, at + 1) if text[at] == "," else at
