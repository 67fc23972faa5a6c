"""Where a client stands in a merged list: which member, and that member's own cursor.

It does not read lists. To a client a cursor is opaque; it names the member, so it holds when the
order of the members changes.
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass

from mcpgrpc.binding import json_text
from mcpgrpc_server.merge.kinds import Kind


class InvalidCursorError(ValueError):
    """A cursor that was never given for this list; answered -32602."""


@dataclass(frozen=True, slots=True)
class Cursor:
    """A place in a merged list.

    Attributes:
        member: the name of the member whose page comes next.
        inner: that member's own cursor.
    """

    member: str
    inner: str


def encode(kind: Kind, cursor: Cursor) -> str:
    """The text that a client gets."""
    text = json_text.dump([kind.items, cursor.member, cursor.inner])
    return base64.urlsafe_b64encode(text.encode()).decode()


def decode(kind: Kind, text: object) -> Cursor:
    """The place that a client's text names.

    Raises:
        InvalidCursorError: it is none of this list.
    """
    match _value(text):
        case [kind.items, str() as member, str() as inner]:
            return Cursor(member, inner)
    raise InvalidCursorError("the cursor is none that this list has given")


def _value(text: object) -> object:
    if not isinstance(text, str):
        return None
    try:
        return json_text.parse(base64.b64decode(text, altchars=b"-_", validate=True).decode())
    except (binascii.Error, ValueError):
        return None
