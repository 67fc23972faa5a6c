"""What a result says about being kept: `ttlMs` and `cacheScope`, read and written in its text.

It judges no method, and leaves every other character of a result as it is.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Final

from mcpgrpc.binding import json_spans, json_text
from mcpgrpc.binding.json_spans import Span

_TTL: Final = '"ttlMs"'
_SCALAR: Final = re.compile(r'\s*:\s*("\w*"|[-+.\w]+)')
_COMPLETE: Final = "complete"
_PUBLIC: Final = "public"
_MAX_MILLISECONDS: Final = 10**15
"""Every JSON reader takes a number up to it for the same; a larger one is no time that is meant."""


@dataclass(frozen=True, slots=True)
class Hints:
    """The hints of one complete result.

    Attributes:
        ttl_ms: how long it is fresh, in milliseconds; 0 where it does not say, or nothing that
            makes sense.
        is_public: whether it says that it is the same for everybody.
        ttl: where the value of `ttlMs` stands in the text; None where there is none.
        scope: the same of `cacheScope`.
    """

    ttl_ms: int
    is_public: bool
    ttl: Span | None
    scope: Span | None


def hints_of(result_json: str) -> Hints | None:
    """The hints of a result; None for one that is not complete, such as a question."""
    try:
        result = json_text.parse_object(result_json)
    except json_text.JsonTextError:
        return None
    if result is None or result.get("resultType", _COMPLETE) != _COMPLETE:
        return None
    return Hints(
        _milliseconds(result.get("ttlMs")),
        result.get("cacheScope") == _PUBLIC,
        _span(result_json, "ttlMs") if "ttlMs" in result else None,
        _span(result_json, "cacheScope") if "cacheScope" in result else None,
    )


def may_be_fresh(result_json: str) -> bool:
    """Whether anything in a text looks like a `ttlMs` above 0; cheap, for texts of any size."""
    at = result_json.find(_TTL)
    while at >= 0:
        value = result_json[at + len(_TTL) : at + len(_TTL) + 16].lstrip(" \t\r\n:")
        # Cut off by white space, it cannot be told here.
        if not value or value[0] in "123456789":
            return True
        at = result_json.find(_TTL, at + len(_TTL))
    return False


def with_ttl(result_json: str, hints: Hints, ttl_ms: int) -> str:
    """The result saying how long it is fresh, and `private` where it names no scope."""
    text = result_json
    if hints.ttl is not None:
        text = replaced(text, hints.ttl, str(ttl_ms))
    missing = [] if hints.ttl is not None else [f'"ttlMs":{ttl_ms}']
    if hints.scope is None:
        missing.append('"cacheScope":"private"')
    return _with_members(text, missing) if missing else text


def replaced(text: str, span: Span, value: str) -> str:
    """A text with another value in one place."""
    return f"{text[: span[0]]}{value}{text[span[1] :]}"


def _with_members(text: str, members: list[str]) -> str:
    """An object's text with members at its front."""
    opening = text.index("{") + 1
    rest = json_spans.skip_whitespace(text, opening)
    comma = "" if text[rest] == "}" else ","
    return f"{text[:opening]}{','.join(members)}{comma}{text[opening:]}"


def _span(text: str, name: str) -> Span | None:
    """Where the value of a member stands that the object of a text has.

    A name in quotes that stands once, and not at the end of a string, is that member's. Anything
    else takes a walk over the members, which is slow where they are large.
    """
    token = f'"{name}"'
    at = text.find(token)
    if at > 0 and text[at - 1] != "\\" and text.find(token, at + 1) < 0:
        value = _SCALAR.match(text, at + len(token))
        if value is not None:
            return value.span(1)
    try:
        return dict(json_spans.members(text, json_spans.skip_whitespace(text, 0))).get(name)
    except (ValueError, IndexError, RecursionError):
        return None


def _milliseconds(value: Any) -> int:
    is_number = isinstance(value, int) and not isinstance(value, bool)
    return value if is_number and 0 <= value <= _MAX_MILLISECONDS else 0
