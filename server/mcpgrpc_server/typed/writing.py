"""Messages of typed requests written as the members of MCP's objects.

It writes what a client may say; what a server says is only ever read (`reading`).
"""

from __future__ import annotations

from typing import Any, Final

from google.protobuf.descriptor import FieldDescriptor

from mcpgrpc.binding import errors, json_members, json_text
from mcpgrpc_server.typed.fields import EXTRA_FIELD, key_of, words_of

MAY_BE_EMPTY: Final = frozenset({"value"})
"""Strings without presence whose empty text means something."""


class BadRequestError(Exception):
    """A typed request is wrong, and nothing was asked of anybody.

    Attributes:
        code: of JSON-RPC.
        message: which field, and what is wrong with it.
    """

    def __init__(self, message: str, code: int = errors.INVALID_PARAMS) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


def object_text(text: str, what: str) -> str:
    """A text of the client's, after making sure that it is one JSON object.

    Args:
        text: JSON text, as it is claimed.
        what: the field that it stands in.

    Raises:
        BadRequestError: it is not JSON, or no object.
    """
    try:
        value = json_text.parse_object(text)
    except json_text.JsonTooDeepError as error:
        raise BadRequestError(f"{what} is {error}", errors.PARSE_ERROR) from None
    except json_text.JsonTextError:
        raise BadRequestError(f"{what} is not JSON", errors.PARSE_ERROR) from None
    if value is None:
        raise BadRequestError(f"{what} must be a JSON object")
    return text


def merge(members: dict[str, str], text: str, what: str) -> None:
    """Add the members of an object that the client has written itself.

    Raises:
        BadRequestError: it is no object, or says what a field says as well.
    """
    try:
        added = json_members.cut(object_text(text, what))
    except json_members.RepeatedMemberError:
        raise BadRequestError(f"{what} holds a member twice") from None
    for key in added:
        if key in members:
            raise BadRequestError(f"{what} says {key[:100]!r}, which a field says already")
    members.update(added)


def write(message: Any, what: str) -> str:
    """The JSON text of a message's object; raises as `members_of`."""
    return json_members.join(members_of(message, what))


def members_of(message: Any, what: str) -> dict[str, str]:
    """The JSON text of each member that a message says.

    Args:
        message: of a request.
        what: the field that it stands in; empty for the request itself.

    Raises:
        BadRequestError: a required field is not set, an enum's value is unknown, or its
            `extra_json` is no object.
    """
    members: dict[str, str] = {}
    for field in message.DESCRIPTOR.fields:
        path = f"{what}.{field.name}".lstrip(".")
        if field.has_presence and not message.HasField(field.name):
            continue
        value = getattr(message, field.name)
        if field.name == EXTRA_FIELD:
            merge(members, value, path)
        elif (text := _text_of(field, value, path)) is not None:
            members[key_of(field)] = text
    return members


def _text_of(field: FieldDescriptor, value: Any, path: str) -> str | None:
    """The JSON text of a field; None where it says nothing."""
    if field.is_repeated:
        return _text_of_many(field, value, path) if value else None
    if field.message_type is not None:
        return write(value, path)
    if field.enum_type is not None:
        return word_text(field, value, path)
    if value == "" and not field.has_presence and field.name not in MAY_BE_EMPTY:
        raise BadRequestError(f"{path} is required")
    return json_text.dump(value)


def _text_of_many(field: FieldDescriptor, value: Any, path: str) -> str:
    if field.message_type is None:
        return json_text.dump(list(value))
    if field.message_type.GetOptions().map_entry:
        return json_text.dump(dict(value))
    return f"[{','.join(write(each, path) for each in value)}]"


def word_text(field: FieldDescriptor, value: int, path: str) -> str | None:
    """The JSON text of MCP's word for an enum's value; None for the unspecified.

    Raises:
        BadRequestError: the schema does not know the value.
    """
    if value == 0:
        return None
    for word, number in words_of(field.enum_type).items():
        if number == value:
            return json_text.dump(word)
    raise BadRequestError(f"{path} has no value {value}")
