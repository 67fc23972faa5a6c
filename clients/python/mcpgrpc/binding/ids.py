"""JSON-RPC ids between Python values and `RequestId` messages.

It does not correlate anything. A string and an integer are never equal in Python, so the plain
values serve as keys: "7" and 7 stay two ids.
"""

from __future__ import annotations

from typing import TypeAlias, TypeGuard

from mcpgrpc.v1 import envelope_pb2

Id: TypeAlias = str | int
"""An id that a request can have."""

INTEGER_RANGE = range(-(2**63), 2**63)
"""Integers that an id can be."""


def to_message(value: Id) -> envelope_pb2.RequestId:
    """The message of an id. Raises ValueError for what is no id (see `is_id`)."""
    if isinstance(value, str):
        return envelope_pb2.RequestId(text=value)
    return envelope_pb2.RequestId(integer=value)


def write(message: envelope_pb2.RequestId, value: Id) -> None:
    """Make a message hold an id, as `to_message` would, without making one to copy from."""
    if isinstance(value, str):
        message.text = value
    else:
        message.integer = value


def from_message(message: envelope_pb2.RequestId) -> Id | None:
    """The id of a message; None when no member is set (JSON null)."""
    kind = message.WhichOneof("value")
    if kind == "integer":
        return message.integer
    if kind == "text":
        return message.text
    return None


def is_id(value: object) -> TypeGuard[Id]:
    """Whether a JSON value can be the id of a request.

    True and false are not integers here, and a string with a lone surrogate has no UTF-8, so no
    message can hold it.
    """
    if isinstance(value, str):
        return value.isascii() or _has_utf8(value)
    return isinstance(value, int) and not isinstance(value, bool) and value in INTEGER_RANGE


def _has_utf8(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
