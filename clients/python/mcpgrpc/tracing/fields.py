"""The fields of a trace's context (`traceparent`, `tracestate`, `baggage`) as strangers send them.

It judges their form and size, and makes nothing of them: `propagation` does. What is let through
here is nothing that OpenTelemetry's own readers would complain about, since they quote it in logs.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any, Final

TRACEPARENT: Final = "traceparent"
TRACESTATE: Final = "tracestate"
BAGGAGE: Final = "baggage"

W3C_FIELDS: Final = (TRACEPARENT, TRACESTATE, BAGGAGE)

MAX_TRACEPARENT_CHARS: Final = 128
"""Version 00 has 55; a later one may say more behind them."""

MAX_TRACESTATE_CHARS: Final = 512
MAX_TRACESTATE_MEMBERS: Final = 32
"""What W3C Trace Context asks everyone to pass on. A longer one is dropped whole: half of what
vendors said is worse than nothing."""

MAX_BAGGAGE_BYTES: Final = 8192
MAX_BAGGAGE_MEMBERS: Final = 64
"""What W3C Baggage asks everyone to pass on. A larger one is dropped whole."""

MAX_OTHER_CHARS: Final = 512
"""Of a field of another propagator that the program uses, such as B3."""

_TRACEPARENT: Final = re.compile(
    r"(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(?:-[!-~]*)?"
)
_TRACEPARENT_00_CHARS: Final = 55
_STATE_KEY: Final = (
    r"(?:[a-z][_0-9a-z\-*/]{0,255}|[a-z0-9][_0-9a-z\-*/]{0,240}@[a-z][_0-9a-z\-*/]{0,13})"
)
_STATE_VALUE: Final = r"[ -+\--<>-~]{0,255}[!-+\--<>-~]"
_STATE_MEMBER: Final = re.compile(f"{_STATE_KEY}={_STATE_VALUE}")
_WORD: Final = r"[!#-'*+\-.0-9A-Z^_`a-z|~]+"
_BAGGAGE_VALUE: Final = r"[!#-+\--:<-\[\]-~]*"
_BAGGAGE_MEMBER: Final = re.compile(f"{_WORD}={_BAGGAGE_VALUE}(?:;{_WORD}(?:={_BAGGAGE_VALUE})?)*")
_BLANKS: Final = " \t"
_BLANKS_AROUND: Final = re.compile(r"[ \t]*([=;])[ \t]*")


def bounded(source: Mapping[str, Any], fields: Collection[str] = W3C_FIELDS) -> dict[str, str]:
    """The fields of a source that are what they must be; nothing is raised for the others.

    Args:
        source: `_meta`, or headers or metadata with names in lower case.
        fields: which ones are looked for.
    """
    found = {}
    for field in fields:
        value = source.get(field)
        if type(value) is str and (taken := _taken(field, value)) is not None:
            found[field] = taken
    if TRACEPARENT not in found:
        # It says something about that trace alone.
        found.pop(TRACESTATE, None)
    return found


def _taken(field: str, value: str) -> str | None:
    rule = _RULES.get(field)
    if rule is not None:
        return rule(value)
    is_plain = len(value) <= MAX_OTHER_CHARS and value.isascii() and value.isprintable()
    return value if is_plain else None


def well_formed_traceparent(value: str) -> str | None:
    """A `traceparent` that is one and names a trace; None for every other text."""
    if len(value) > MAX_TRACEPARENT_CHARS or _TRACEPARENT.fullmatch(value) is None:
        return None
    is_whole = len(value) == _TRACEPARENT_00_CHARS or not value.startswith("00")
    return value if is_whole else None


def _tracestate(value: str) -> str | None:
    return _members(value, MAX_TRACESTATE_CHARS, MAX_TRACESTATE_MEMBERS, _STATE_MEMBER)


def _baggage(value: str) -> str | None:
    if len(value) > MAX_BAGGAGE_BYTES:
        return None
    value = _BLANKS_AROUND.sub(r"\1", value)
    return _members(value, MAX_BAGGAGE_BYTES, MAX_BAGGAGE_MEMBERS, _BAGGAGE_MEMBER)


def _members(value: str, max_chars: int, max_members: int, form: re.Pattern[str]) -> str | None:
    """A list of members without what stands around them; None where one is out of form."""
    if len(value) > max_chars or not value.isascii():
        return None
    members = [member for part in value.split(",") if (member := part.strip(_BLANKS))]
    if not 0 < len(members) <= max_members or not all(map(form.fullmatch, members)):
        return None
    return ",".join(members)


_RULES: Final = {TRACEPARENT: well_formed_traceparent, TRACESTATE: _tracestate, BAGGAGE: _baggage}
