"""The members of a JSON object as the text that they are, so that one changes and the rest stays.

It validates nothing and knows no MCP: what it is given is JSON that was parsed before.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mcpgrpc.binding import json_spans, json_text


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
    at = json_spans.skip_whitespace(text, 0)
    if text[at] != "{":
        raise NotAnObjectError(is_array=text[at] == "[")
    members: dict[str, str] = {}
    for key, (start, end) in json_spans.members(text, at):
        if key in members:
            raise RepeatedMemberError("a member stands twice")
        members[key] = text[start:end]
    return members


def certainly_unrepeated(text: str, value: Any) -> bool:
    """Whether no member stands twice in a text, at any depth: quick to say, False where unsure.

    Without escapes a quote only begins or ends a string. Where a member stands twice, a parser has
    read fewer strings than the text has.

    Args:
        text: one JSON value.
        value: what was read from it.
    """
    return "\\" not in text and text.count('"') == 2 * _strings(value)


def _strings(value: Any) -> int:
    """How many strings a value has, names of members among them."""
    if isinstance(value, str):
        return 1
    if isinstance(value, dict):
        return len(value) + sum(map(_strings, value.values()))
    return sum(map(_strings, value)) if isinstance(value, list) else 0


def join(members: Mapping[str, str]) -> str:
    """The object of such members."""
    return "{" + ",".join(f"{json_text.dump(key)}:{text}" for key, text in members.items()) + "}"
