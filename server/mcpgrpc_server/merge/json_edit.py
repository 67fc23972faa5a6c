"""JSON text changed in a few places and left as it is everywhere else.

It does not judge the text: that is parsed where it is read. Numbers keep their spelling, members
their order, and white space its place.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final, TypeAlias

from mcpgrpc.binding import json_members, json_spans, json_text
from mcpgrpc.binding.json_spans import Span
from mcpgrpc.binding.json_text import JsonTextError

Path: TypeAlias = tuple[str, ...]
"""The way to a value: names of members, and `EACH` for every element of an array."""

EACH: Final = "*"

Edit: TypeAlias = tuple[int, int, str]


def members(text: str) -> dict[str, str]:
    """The text of each member of an object; of a key that repeats the last.

    Raises:
        JsonTextError: it is not the text of an object.
    """
    return {key: text[start:end] for key, (start, end) in _listed(json_spans.members, text, "{")}


def elements(text: str) -> list[str]:
    """The text of each element of an array.

    Raises:
        JsonTextError: it is not the text of an array.
    """
    return [text[start:end] for _, (start, end) in _listed(_elements, text, "[")]


def with_member(text: str, key: str, value: str | None) -> str:
    """An object's text with one member set to a value's text, or without it for None.

    Raises:
        JsonTextError: it is not the text of an object.
    """
    spans = [span for name, span in _listed(json_spans.members, text, "{") if name == key]
    if value is not None and spans:
        return _edited(text, [(start, end, value) for start, end in spans])
    parts = members(text)
    parts.pop(key, None)
    return json_members.join(parts if value is None else {**parts, key: value})


def with_strings(text: str, paths: Sequence[Path], change: Callable[[str], str]) -> str:
    """A text with the strings at the end of the paths changed; the text itself where none is.

    Paths that lead nowhere, or not to a string, are passed over. No two may meet in one value.

    Raises:
        JsonTextError: the text is not JSON.
    """
    try:
        start = json_spans.skip_whitespace(text, 0)
        edits = [edit for path in paths for edit in _string_edits(text, start, path, change)]
    except (ValueError, IndexError, RecursionError) as error:
        raise JsonTextError("not JSON") from error
    return _edited(text, sorted(edits)) if edits else text


def _string_edits(text: str, at: int, path: Path, change: Callable[[str], str]) -> Iterator[Edit]:
    if not path:
        yield from _string_edit(text, at, change)
        return
    walk: Callable[[str, int], Iterator[tuple[Any, Span]]] | None
    walk = {"{": json_spans.members, "[": _elements}.get(text[at])
    if walk is None:
        return
    for step, (start, _) in walk(text, at):
        if step == path[0]:
            yield from _string_edits(text, start, path[1:], change)


def _string_edit(text: str, at: int, change: Callable[[str], str]) -> Iterator[Edit]:
    if text[at] != '"':
        return
    value, end = json_spans.scan_string(text, at + 1)
    changed = change(value)
    if changed != value:
        yield at, end, json_text.dump(changed)


def _listed(
    walk: Callable[[str, int], Iterator[tuple[str, Span]]], text: str, opening: str
) -> list[tuple[str, Span]]:
    try:
        at = json_spans.skip_whitespace(text, 0)
        if text[at] != opening:
            raise JsonTextError(f"not JSON that begins with {opening}")
        return list(walk(text, at))
    except JsonTextError:
        raise
    except (ValueError, IndexError, RecursionError) as error:
        raise JsonTextError("not JSON") from error


def _elements(text: str, at: int) -> Iterator[tuple[str, Span]]:
    """The elements of an array as `json_spans.members` gives those of an object."""
    return ((EACH, span) for span in json_spans.elements(text, at))


def _edited(text: str, edits: Sequence[Edit]) -> str:
    parts = []
    at = 0
    for start, end, new in edits:
        parts += [text[at:start], new]
        at = end
    return "".join([*parts, text[at:]])
