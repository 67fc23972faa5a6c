"""A change that a server publishes, and the message that tells other servers of it.

It knows neither Redis nor the SDK. A change says what to ask for anew, not what is new, so one that
is told twice does no harm.
"""

from __future__ import annotations

import json
from typing import Any, Final, NamedTuple

UPDATED: Final = "notifications/resources/updated"
LISTS_CHANGED: Final = (
    "notifications/tools/list_changed",
    "notifications/prompts/list_changed",
    "notifications/resources/list_changed",
)
MAX_MESSAGE_BYTES: Final = 64 * 1024
"""Longer than any URI that a client can subscribe to by default, and little for Redis."""

_VERSION: Final = 1


class Change(NamedTuple):
    """Something that has changed.

    Attributes:
        method: of the notification that says so to a client.
        uri: of the resource, where one was updated.
    """

    method: str
    uri: str | None = None

    @property
    def params_json(self) -> str | None:
        """The notification's params."""
        return None if self.uri is None else json.dumps({"uri": self.uri})


EVERYTHING: Final = Change("*")
"""Whatever there is may have changed: the sender does not know what any more."""


class Message(NamedTuple):
    """A change, and the server that published it."""

    sender: str
    change: Change


def encoded(message: Message) -> bytes | None:
    """The message as bytes; None where it has more than MAX_MESSAGE_BYTES."""
    method, uri = message.change
    fields = {"v": _VERSION, "from": message.sender, "method": method}
    text = json.dumps(fields if uri is None else fields | {"uri": uri}).encode()
    return text if len(text) <= MAX_MESSAGE_BYTES else None


def decoded(data: bytes) -> Message | None:
    """The message of some bytes; None for any that are none, and for kinds of later versions."""
    if len(data) > MAX_MESSAGE_BYTES:
        return None
    try:
        fields = json.loads(data)
    except (ValueError, RecursionError):
        return None
    if not isinstance(fields, dict) or fields.get("v") != _VERSION:
        return None
    change = _change(fields.get("method"), fields.get("uri"))
    sender = fields.get("from")
    return None if change is None or not isinstance(sender, str) else Message(sender, change)


def _change(method: Any, uri: Any) -> Change | None:
    if method == UPDATED:
        return Change(UPDATED, uri) if isinstance(uri, str) else None
    return Change(method) if method in (*LISTS_CHANGED, EVERYTHING.method) else None
