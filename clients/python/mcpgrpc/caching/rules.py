"""Which answers may be given again, what tells two requests apart, and what makes answers old.

It keeps nothing and reads no answer: `hints` does.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from mcpgrpc.binding import json_members, json_text

READ_METHOD: Final = "resources/read"

CACHEABLE_METHODS: Final = frozenset(
    {
        "server/discover",
        "tools/list",
        "prompts/list",
        "resources/list",
        "resources/templates/list",
        READ_METHOD,
    }
)
"""The methods whose results carry `ttlMs` and `cacheScope`, from the revision 2026-07-28 on."""

UPDATED_METHOD: Final = "notifications/resources/updated"

LISTS_MADE_OLD: Final[Mapping[str, tuple[str, ...]]] = {
    "notifications/tools/list_changed": ("tools/list",),
    "notifications/prompts/list_changed": ("prompts/list",),
    # Templates name the same resources.
    "notifications/resources/list_changed": ("resources/list", "resources/templates/list"),
}
"""The lists that a notification makes old; `UPDATED_METHOD` does the same to reads."""

NEWS: Final = frozenset({*LISTS_MADE_OLD, UPDATED_METHOD})
"""The notifications that make anything old: no other need be looked at."""

_RETRY_MEMBERS: Final = frozenset({"inputResponses", "requestState"})
"""A request with one of them answers a question of the server: its result is never kept."""

_ABOUT_THE_REQUEST: Final = frozenset({"progressToken", "traceparent", "tracestate"})
"""Members of `_meta` that differ from request to request and change no answer. `baggage` is not
among them: applications read it."""


def params_key(method: str, params_json: str | None) -> str | None:
    """The params that an answer depends on, as text; None where the answer may not be kept.

    Members count as they are written, so that no two readings of one text share an answer.
    """
    if method not in CACHEABLE_METHODS:
        return None
    if params_json is None:
        return ""
    try:
        members = json_members.cut(params_json)
        if not _RETRY_MEMBERS.isdisjoint(members):
            return None
        if "_meta" in members:
            members["_meta"] = _meta_key(members["_meta"])
    except (ValueError, IndexError, RecursionError):
        return None
    return json_members.join(dict(sorted(members.items())))


def _meta_key(meta_json: str) -> str:
    """Raises ValueError where a member stands twice, or it is no object."""
    meta = json_members.cut(meta_json)
    return json_members.join(
        {name: meta[name] for name in sorted(meta) if name not in _ABOUT_THE_REQUEST}
    )


def uri_of(params_json: str | None) -> str | None:
    """The URI that a read or an update names; None where there is none to be read."""
    try:
        params = json_text.parse_object(params_json or "{}")
    except json_text.JsonTextError:
        return None
    uri = (params or {}).get("uri")
    return uri if isinstance(uri, str) else None
