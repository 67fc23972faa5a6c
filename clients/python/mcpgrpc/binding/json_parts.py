"""Long strings of JSON, written and read a part at a time so that an event loop can turn between.

It waits for nothing and is no parser: each part goes through orjson, and what has no long string,
or is no JSON, is `json_text`'s alone. Parts fit into a processor's cache, so all of them together
take less than half the time of the whole.
"""

from __future__ import annotations

import re
from collections.abc import Generator
from typing import Any, Final, TypeAlias, TypeVar

import orjson

from mcpgrpc.binding import json_text
from mcpgrpc.binding.kept_memory import LARGE_BYTES, keep_memory_of
from mcpgrpc.binding.limits import KIB

Result = TypeVar("Result")

Steps: TypeAlias = Generator[None, None, Result]
"""Work that yields between its steps, and returns its result."""

LARGE_CHARACTERS: Final = LARGE_BYTES
"""Texts from here on are worth parts: a smaller one takes a millisecond or two as a whole."""

PART_CHARACTERS: Final = 512 * KIB
"""Half a millisecond's work."""

_MOST_LEFT_CHARACTERS: Final = LARGE_CHARACTERS
"""What is left without its long strings is read and looked through in a single step."""

_MARK: Final = "\u2400"
"""Stands around the number of a part that was taken out. It has a single escaped form, since that
has no letters, and no place outside of strings."""
_ESCAPED_MARK: Final = "\\u2400"

_PLAIN: Final = re.compile(r"[^\\]{12}")
"""As many characters as the longest escape has, a pair of surrogates: behind them is none."""


def string_parts(text: str, part_characters: int = PART_CHARACTERS) -> Steps[list[str]]:
    """The JSON of a string, without its quotes; joined it is what `json_text.dump` gives.

    Raises:
        TypeError: it has a lone surrogate.
    """
    keep_memory_of(len(text))
    parts = []
    for begin in range(0, len(text), part_characters):
        if begin:
            yield
        parts.append(orjson.dumps(text[begin : begin + part_characters]).decode()[1:-1])
    return parts


def parse(text: str, part_characters: int = PART_CHARACTERS) -> Steps[Any]:
    """The value of a JSON text, as `json_text.parse` gives it and with its errors.

    What lies inside of a string is taken out and read apart. A part that can be read as the inside
    of a string has no quote that ends one, so the rest, with a mark in its place, is the same text
    with a shorter string; unless the part was in no string, and then a mark is in none and the rest
    is no JSON.
    """
    keep_memory_of(len(text))
    taken: list[str] = []
    kept: list[str] = []
    begin = 0
    while begin < len(text):
        end = _end_of_part(text, begin, part_characters)
        part = text[begin:end]
        inside = _inside_of_string(part)
        if inside is None:
            kept.append(part)
        else:
            kept.append(f"{_MARK}{len(taken)}{_MARK}")
            taken.append(inside)
        begin = end
        yield
    if not taken or sum(map(len, kept)) > _MOST_LEFT_CHARACTERS:
        return json_text.parse(text)
    value = _value("".join(kept), taken)
    # To let go of all parts takes as long as to read some.
    yield
    return json_text.parse(text) if value is None else value[0]


def _end_of_part(text: str, begin: int, part_characters: int) -> int:
    """Where a part ends: not inside of an escape, where that is easily avoided.

    The first and the last are short, since most members stand there: both are left to the parser.
    """
    short = part_characters // 32 or 1
    last = len(text) - short
    if begin >= last:
        return len(text)
    end = min(begin + (part_characters if begin else short), last)
    plain = _PLAIN.search(text, end, end + short)
    return end if plain is None else plain.end()


def _inside_of_string(part: str) -> str | None:
    """What a part means inside of a string; None where it cannot be the inside of one."""
    try:
        inside: str = orjson.loads(f'"{part}"')
    except orjson.JSONDecodeError:
        return None
    return inside


def _value(rest: str, taken: list[str]) -> list[Any] | None:
    """The one value of a text with marks, parts in their place; None where that is not certain."""
    if rest.count(_MARK) > 2 * len(taken) or _ESCAPED_MARK in rest:
        return None
    try:
        value = [json_text.parse(rest)]
    except json_text.JsonTextError:
        return None
    # Some are missing where a member's name is that long, or a member stands twice.
    return value if _put_back(value, taken) == len(taken) else None


def _put_back(value: list[Any], taken: list[str]) -> int:
    """Put parts in the place of their marks in a list's strings; gives how many there were."""
    many = 0
    containers: list[Any] = [value]
    for container in containers:
        members = container.items() if isinstance(container, dict) else enumerate(container)
        for key, member in members:
            if isinstance(member, dict | list):
                containers.append(member)
            elif isinstance(member, str) and _MARK in member:
                pieces = member.split(_MARK)
                many += len(pieces) // 2
                pieces[1::2] = [taken[int(number)] for number in pieces[1::2]]
                container[key] = "".join(pieces)
    return many
