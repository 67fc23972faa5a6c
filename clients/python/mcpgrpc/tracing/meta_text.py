"""The trace's fields in the `_meta` of params that are JSON text; the rest stays as it is.

Numbers keep their spelling and members their order. It knows no OpenTelemetry, and what it is given
may be no JSON at all: that is judged elsewhere, and nothing is raised for it here.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, Final

from mcpgrpc.binding import json_members, json_spans, json_text

META: Final = "_meta"


def read_members(params_json: str | None, names: Collection[str]) -> dict[str, Any]:
    """Members of params by name, parsed; empty where the text cannot be read."""
    if not params_json:
        return {}
    try:
        at = json_spans.skip_whitespace(params_json, 0)
        if params_json[at] != "{":
            return {}
        return {
            key: json_text.parse(params_json[start:end])
            for key, (start, end) in json_spans.members(params_json, at)
            if key in names
        }
    except (ValueError, IndexError, RecursionError):
        return {}


def with_fields(
    params_json: str | None, written: Mapping[str, str], replaced: Collection[str]
) -> str | None:
    """Params whose `_meta` has these fields; as they were where that cannot be done for certain.

    Args:
        params_json: the text of an object; None for no params.
        written: the fields and their values.
        replaced: fields that are taken out where they are not written.
    """
    if not params_json:
        return _object({META: _object_of(written)}) if written else params_json
    try:
        return _changed(params_json, written, replaced)
    except (ValueError, IndexError, RecursionError):
        return params_json


def _changed(text: str, written: Mapping[str, str], replaced: Collection[str]) -> str:
    span = _meta_span(text)
    if span is None:
        return _with_meta_first(text, _object_of(written)) if written else text
    start, end = span
    meta = {
        key: value
        for key, value in json_members.cut(text[start:end]).items()
        if key not in replaced
    }
    meta |= {name: json_text.dump(value) for name, value in written.items()}
    return text[:start] + json_members.join(meta) + text[end:]


def _with_meta_first(text: str, meta: str) -> str:
    at = json_spans.skip_whitespace(text, 0)
    if text[at] != "{":
        raise ValueError("no object")
    is_empty = text[json_spans.skip_whitespace(text, at + 1)] == "}"
    return f'{text[: at + 1]}"{META}":{meta}{"" if is_empty else ","}{text[at + 1 :]}'


def _meta_span(text: str) -> json_spans.Span | None:
    """Where the value of `_meta` stands. Raises ValueError where there are two, or no object."""
    if META not in text and "\\" not in text:
        return None
    at = json_spans.skip_whitespace(text, 0)
    if text[at] != "{":
        raise ValueError("no object")
    found = [span for key, span in json_spans.members(text, at) if key == META]
    if len(found) > 1:
        raise json_members.RepeatedMemberError("two parsers could read two of them")
    return found[0] if found else None


def _object(members: Mapping[str, str]) -> str:
    return json_members.join(members)


def _object_of(written: Mapping[str, str]) -> str:
    return _object({name: json_text.dump(value) for name, value in written.items()})
