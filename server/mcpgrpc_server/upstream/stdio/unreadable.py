"""What a line that is no message was: whose answer, whose question, or neither.

It does not repair anything. Somebody may wait for the answer that such a line was to be, and is
better told at once than left waiting. A line too long to be parsed is judged by the members in
front of its payload and behind it, where writers of JSON-RPC put the id.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final

from mcpgrpc.binding import ids, json_text
from mcpgrpc.binding.ids import Id
from mcpgrpc_server.upstream.stdio.lines import EDGE_BYTES, Line, LongLine

_VERSION: Final = rb'"jsonrpc"\s*:\s*"[^"\\]*"'
_ID: Final = rb'"id"\s*:\s*(?P<id>-?[0-9]{1,19}|"[^"\\]{0,256}")'
_HEAD = re.compile(
    rb"\s*\{\s*(?:" + _VERSION + rb"\s*,\s*|" + _ID + rb"\s*,\s*)*"
    rb'"(?P<member>result|error|method|params)"\s*:'
)
# A quotation mark within a string is escaped, so what matches is no part of one, and the brace at
# the end of a message closes the message itself.
_TAIL = re.compile(
    rb",\s*(?:" + _VERSION + rb"\s*,\s*)?" + _ID + rb"\s*(?:,\s*" + _VERSION + rb"\s*)?\}\s*\Z"
)


class Kind(Enum):
    """What a line was to be."""

    ANSWER = "an answer"
    REQUEST = "a request"
    NOTIFICATION = "a notification"
    UNKNOWN = "a line"


@dataclass(frozen=True, slots=True)
class Trace:
    """What can be told of a line; the id of an answer or a request, None for the others."""

    kind: Kind
    id: Id | None = None


def trace(line: Line) -> Trace:
    """Judge a line that the codec has refused, or that is too long for it."""
    if isinstance(line, LongLine):
        return _by_edges(line.head, line.tail)
    try:
        members = json_text.parse_object(line.decode("utf-8", "replace"))
    except json_text.JsonTextError:
        # It was cut off somewhere: what stands last in it need not be the end of a message.
        return _by_edges(line[:EDGE_BYTES], b"")
    return Trace(Kind.UNKNOWN) if members is None else _by_members(members)


def _by_members(members: dict[str, Any]) -> Trace:
    # Servers that print their log to standard output may well have an "id" and an "error" in it.
    if "jsonrpc" not in members:
        return Trace(Kind.UNKNOWN)
    value = members.get("id")
    is_answer = "result" in members or "error" in members
    return _trace("method" in members, is_answer, value if ids.is_id(value) else None)


def _by_edges(head: bytes, tail: bytes) -> Trace:
    began, ended = _HEAD.match(head), _TAIL.search(tail)
    edges = [found for found in (began, ended) if found is not None]
    if began is None or not any(b'"jsonrpc"' in found[0] for found in edges):
        return Trace(Kind.UNKNOWN)
    is_call = began["member"] in (b"method", b"params")
    raw_ids = [found["id"] for found in edges if found["id"] is not None]
    return _trace(is_call, not is_call, _id(raw_ids[0]) if raw_ids else None)


def _trace(is_call: bool, is_answer: bool, request_id: Id | None) -> Trace:
    if is_call:
        kind = Kind.NOTIFICATION if request_id is None else Kind.REQUEST
        return Trace(kind, request_id)
    if is_answer and request_id is not None:
        return Trace(Kind.ANSWER, request_id)
    return Trace(Kind.UNKNOWN)


def _id(raw: bytes) -> Id | None:
    try:
        value = json.loads(raw)
    except ValueError:
        return None
    return value if ids.is_id(value) else None
