"""JSON text changed in a few places and left as it is everywhere else.

It does not judge the text: that is parsed where it is read. Numbers keep their spelling, members
their order, and white space its place.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from json import decoder as json_decoder
from typing import Any, Final, TypeAlias

from mcpgrpc.binding import json_text
from mcpgrpc.binding.json_text import JsonTextError

Path: TypeAlias = tuple[str, ...]
"""The way to a value: names of members, and `EACH` for every element of an array."""

EACH: Final = "*"

Span: TypeAlias = tuple[int, int]
Edit: TypeAlias = tuple[int, int, str]

_WHITESPACE: Final = " \t\n\r"
_DECODER: Final = json.JSONDecoder()
# Missing in typeshed, in CPython since 2.6: the string at an index, and where it ends.
_scan_string: Final[Callable[[str, int], tuple[str, int]]] = json_decoder.scanstring  # type: ignore[attr-defined]


def members(text: str) -> dict[str, str]:
    """The text of each member of an object; of a key that repeats the last.

    Raises:
        JsonTextError: it is not the text of an object.
    """
    return {key: text[start:end] for key, (start, end) in _listed(_members, text, "{")}


def elements(text: str) -> list[str]:
    """The text of each element of an array.

    Raises:
        JsonTextError: it is not the text of an array.
    """
    return [text[start:end] for _, (start, end) in _listed(_elements, text, "[")]


def object_of(parts: dict[str, str]) -> str:
    """The text of an object with these members, given as texts."""
    return "{" + ",".join(f"{json_text.dump(key)}:{value}" for key, value in parts.items()) + "}"


def with_member(text: str, key: str, value: str | None) -> str:
    """An object's text with one member set to a value's text, or without it for None.

    Raises:
        JsonTextError: it is not the text of an object.
    """
    spans = [span for name, span in _listed(_members, text, "{") if name == key]
    if value is not None and spans:
        return _edited(text, [(start, end, value) for start, end in spans])
    parts = members(text)
    parts.pop(key, None)
    return object_of(parts if value is None else {**parts, key: value})


def with_strings(text: str, paths: Sequence[Path], change: Callable[[str], str]) -> str:
    """A text with the strings at the end of the paths changed; the text itself where none is.

    Paths that lead nowhere, or not to a string, are passed over. No two may meet in one value.

    Raises:
        JsonTextError: the text is not JSON.
    """
    try:
        start = _skip_whitespace(text, 0)
        edits = [edit for path in paths for edit in _string_edits(text, start, path, change)]
    except (ValueError, IndexError, RecursionError) as error:
        raise JsonTextError("not JSON") from error
    return _edited(text, sorted(edits)) if edits else text


def _string_edits(text: str, at: int, path: Path, change: Callable[[str], str]) -> Iterator[Edit]:
    if not path:
        yield from _string_edit(text, at, change)
        return
    walk: Callable[[str, int], Iterator[tuple[Any, Span]]] | None
    walk = {"{": _members, "[": _elements}.get(text[at])
    if walk is None:
        return
    for step, (start, _) in walk(text, at):
        if step == path[0]:
            yield from _string_edits(text, start, path[1:], change)


def _string_edit(text: str, at: int, change: Callable[[str], str]) -> Iterator[Edit]:
    if text[at] != '"':
        return
    value, end = _scan_string(text, at + 1)
    changed = change(value)
    if changed != value:
        yield at, end, json_text.dump(changed)


def _listed(
    walk: Callable[[str, int], Iterator[tuple[str, Span]]], text: str, opening: str
) -> list[tuple[str, Span]]:
    try:
        at = _skip_whitespace(text, 0)
        if text[at] != opening:
            raise JsonTextError(f"not JSON that begins with {opening}")
        return list(walk(text, at))
    except JsonTextError:
        raise
    except (ValueError, IndexError, RecursionError) as error:
        raise JsonTextError("not JSON") from error


def _members(text: str, at: int) -> Iterator[tuple[str, Span]]:
    """The members of the object that begins at an index: key, and where the value stands."""
    at = _skip_whitespace(text, at + 1)
    while text[at] != "}":
        key, at = _scan_string(text, at + 1)
        at = _skip_whitespace(text, _skip_whitespace(text, at) + 1)
        _, end = _DECODER.raw_decode(text, at)
        yield key, (at, end)
        at = _after_comma(text, end)


def _elements(text: str, at: int) -> Iterator[tuple[str, Span]]:
    """The elements of the array that begins at an index: `EACH`, and where the value stands."""
    at = _skip_whitespace(text, at + 1)
    while text[at] != "]":
        _, end = _DECODER.raw_decode(text, at)
        yield EACH, (at, end)
        at = _after_comma(text, end)


def _after_comma(text: str, at: int) -> int:
    at = _skip_whitespace(text, at)
    return _skip_whitespace(text, at + 1) if text[at] == "," else at


def _skip_whitespace(text: str, at: int) -> int:
    while text[at] in _WHITESPACE:
        at += 1
    return at


def _edited(text: str, edits: Sequence[Edit]) -> str:
    parts = []
    at = 0
    for start, end, new in edits:
        parts += [text[at:start], new]
        at = end
    return "".join([*parts, text[at:]])
