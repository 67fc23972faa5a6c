"""The members of a JSON object as the text that they are, so that one changes and the rest stays.

It validates nothing and knows no MCP: what it is given is JSON that was parsed before.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from json import decoder as json_decoder
from typing import Final

from mcpgrpc.binding import json_text

_WHITESPACE: Final = " \t\n\r"
_DECODER: Final = json.JSONDecoder()
# Missing in typeshed, in CPython since 2.6: the string at an index, and where it ends.
_scan_string: Final[Callable[[str, int], tuple[str, int]]] = json_decoder.scanstring  # type: ignore[attr-defined]


class NotAnObjectError(ValueError):
    """A text is JSON of another type. `is_array` says whether it is an array."""

    def __init__(self, *, is_array: bool) -> None:
        super().__init__("an array" if is_array else "not an object")
        self.is_array = is_array


class RepeatedMemberError(ValueError):
    """A member stands twice, so two parsers could read two values."""


def cut(text: str) -> dict[str, str]:
    """The raw text of each member, in its order.

    Args:
        text: one JSON value.

    Raises:
        NotAnObjectError: it is no object.
        RepeatedMemberError: a member stands twice.
        ValueError: a value holds an integer of more digits than Python converts.
    """
    at = _skip_whitespace(text, 0)
    if text[at] != "{":
        raise NotAnObjectError(is_array=text[at] == "[")
    members: dict[str, str] = {}
    at = _skip_whitespace(text, at + 1)
    while text[at] != "}":
        key, at = _scan_string(text, at + 1)
        at = _skip_whitespace(text, _skip_whitespace(text, at) + 1)
        _, end = _DECODER.raw_decode(text, at)
        if key in members:
            raise RepeatedMemberError("a member stands twice")
        members[key] = text[at:end]
        at = _skip_whitespace(text, end)
        if text[at] == ",":
            at = _skip_whitespace(text, at + 1)
    return members


def join(members: Mapping[str, str]) -> str:
    """The object of such members."""
    return "{" + ",".join(f"{json_text.dump(key)}:{text}" for key, text in members.items()) + "}"


def _skip_whitespace(text: str, at: int) -> int:
    while text[at] in _WHITESPACE:
        at += 1
    return at
