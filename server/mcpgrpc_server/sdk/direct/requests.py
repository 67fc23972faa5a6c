"""Requests whose validity is known without the SDK's models, era by era.

It refuses nothing: what it does not know is the SDK's to judge. Each rule admits less than the
SDK's surface of that revision does.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import orjson
from pydantic import ValidationError

from mcpgrpc.binding import ids
from mcpgrpc.binding.era import PROTOCOL_VERSION_META_KEY
from mcpgrpc.tracing.fields import W3C_FIELDS
from mcpgrpc_server.sdk import internals
from mcpgrpc_server.tracing.served import is_served

PROGRESS_TOKEN: Final = "progressToken"  # noqa: S105  # a member's name, no secret
KNOWN_META: Final = frozenset(
    {
        PROTOCOL_VERSION_META_KEY,
        internals.CLIENT_CAPABILITIES_META_KEY,
        internals.CLIENT_INFO_META_KEY,
        internals.LOG_LEVEL_META_KEY,
    }
)
"""Another member of `_meta` may be a trace context, in whatever form propagators are set to. In a
request that has a span of this service, W3C's has been read into it."""

MAX_ENVELOPES: Final = 256
"""Envelopes remembered. A client has one or two, and says them again with each request."""

MAX_ENVELOPE_BYTES: Final = 4_096
"""A larger envelope is validated each time, so that peers cannot fill the memory."""


class Envelopes:
    """Modern envelopes that the SDK found valid before, known by their text.

    By the text and not by equality: in Python 1 equals true, in JSON it does not.
    """

    def __init__(self) -> None:
        self._versions: dict[bytes, str] = {}

    def version_of(self, params: dict[str, Any] | None) -> str | None:
        """The revision that a request's valid envelope names; None when the SDK has to look."""
        meta = params.get("_meta") if params else None
        if type(meta) is not dict:
            return None
        if PROGRESS_TOKEN in meta:
            if not ids.is_id(meta[PROGRESS_TOKEN]):
                return None
            meta = {name: value for name, value in meta.items() if name != PROGRESS_TOKEN}
        try:
            text = orjson.dumps(meta)
        except TypeError:
            return None
        version = self._versions.get(text)
        if version is None and is_served.get() and not meta.keys().isdisjoint(W3C_FIELDS):
            return self.version_of({"_meta": _without_trace(meta)})
        return version or self._learn(text, meta)

    def _learn(self, text: bytes, meta: dict[str, Any]) -> str | None:
        if len(text) > MAX_ENVELOPE_BYTES or not meta.keys() <= KNOWN_META:
            return None
        version = _valid_version(meta)
        if version is not None:
            if len(self._versions) >= MAX_ENVELOPES:
                self._versions.clear()
            self._versions[text] = version
        return version


def _without_trace(meta: dict[str, Any]) -> dict[str, Any] | None:
    """`_meta` without the trace's fields, which the span in force has read; None if malformed."""
    if not all(type(meta[field]) is str for field in W3C_FIELDS if field in meta):
        return None
    return {name: value for name, value in meta.items() if name not in W3C_FIELDS}


def _valid_version(meta: dict[str, Any]) -> str | None:
    params = {"_meta": meta}
    route = internals.classify_inbound_request({"method": "tools/list", "params": params})
    if isinstance(route, internals.InboundLadderRejection):
        return None
    try:
        internals.validate_client_request("tools/list", route.protocol_version, params)
    except (ValidationError, KeyError, ValueError):
        return None
    return route.protocol_version


def has_plain_legacy_meta(params: dict[str, Any] | None) -> bool:
    """Whether a legacy request has no `_meta`, or one with a progress token alone."""
    if not params or "_meta" not in params:
        return True
    meta = params["_meta"]
    if type(meta) is dict and is_served.get() and not meta.keys().isdisjoint(W3C_FIELDS):
        meta = _without_trace(meta)
    return (
        type(meta) is dict
        and meta.keys() <= {PROGRESS_TOKEN}
        and all(map(ids.is_id, meta.values()))
    )


_CALL_MEMBERS: Final = frozenset({"name", "arguments", "_meta"})


def _is_text(value: object) -> bool:
    return type(value) is str and (value.isascii() or ids.is_id(value))


def _is_call(params: dict[str, Any]) -> bool:
    arguments = params.get("arguments")
    return (
        params.keys() <= _CALL_MEMBERS
        and _is_text(params.get("name"))
        and (arguments is None or (type(arguments) is dict and all(map(_is_text, arguments))))
    )


def _is_prompt(params: dict[str, Any]) -> bool:
    return _is_call(params) and all(map(_is_text, (params.get("arguments") or {}).values()))


def _is_read(params: dict[str, Any]) -> bool:
    return params.keys() <= {"uri", "_meta"} and _is_text(params.get("uri"))


def _is_page(params: dict[str, Any]) -> bool:
    cursor = params.get("cursor")
    return params.keys() <= {"cursor", "_meta"} and (cursor is None or _is_text(cursor))


def _is_bare(params: dict[str, Any]) -> bool:
    return params.keys() <= {"_meta"}


_BOTH_ERAS: Final[dict[str, Callable[[dict[str, Any]], bool]]] = {
    "tools/call": _is_call,
    "tools/list": _is_page,
    "prompts/get": _is_prompt,
    "prompts/list": _is_page,
    "resources/read": _is_read,
    "resources/list": _is_page,
    "resources/templates/list": _is_page,
}
_MODERN: Final = {**_BOTH_ERAS, "server/discover": _is_bare}


def is_known_valid(method: str, params: dict[str, Any] | None, version: str) -> bool:
    """Whether params, but for `_meta`, are valid at a revision and do no more than they say.

    Params of a second round (`requestState`, `inputResponses`) and of a task are not.
    """
    rules = _MODERN if version in internals.MODERN_PROTOCOL_VERSIONS else _BOTH_ERAS
    rule = rules.get(method)
    return rule is not None and rule(params or {})
