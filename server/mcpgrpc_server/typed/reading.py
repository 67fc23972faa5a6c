"""JSON text of MCP's objects read into the messages of the typed services, losing nothing.

It knows no method and judges nothing: what a message cannot hold stays JSON text beside it. How a
member finds its field is `fields`' rule.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import cache, partial
from typing import Any, Final, TypeAlias

from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message

from mcpgrpc.binding import json_members, json_spans
from mcpgrpc.binding.ids import INTEGER_RANGE
from mcpgrpc.v1 import content_pb2
from mcpgrpc_server.typed.fields import (
    ANY_VALUE,
    EXTRA_FIELD,
    holds_json,
    is_required,
    key_of,
    words_of,
)

Members: TypeAlias = Mapping[str, str]
"""The raw JSON text of each member of an object."""

Put: TypeAlias = Callable[[Any, str], bool]
"""Puts a JSON text into a message; False, with the field unset, where that cannot hold it."""

BLOCK_KINDS: Final = frozenset({"text", "image", "audio", "resource_link", "resource"})
"""Types of content blocks, which are the names of ContentBlock's fields."""


class UnheldError(ValueError):
    """A message cannot hold a JSON text without loss: it breaks MCP's schema."""


@dataclass(frozen=True, slots=True)
class _Field:
    put: Put
    required: bool
    oneof: str | None


def members_of(text: str) -> dict[str, str]:
    """The members of a JSON text.

    Raises:
        UnheldError: it is no object, or one that two parsers could read in two ways.
    """
    try:
        return json_members.cut(text)
    except (ValueError, IndexError, RecursionError) as error:
        raise UnheldError(str(error)) from None


def read_members(members: Members, message: Any, ignored: Collection[str] = ()) -> None:
    """Fill a new message of an object's members.

    Args:
        members: of the object.
        message: what to fill. It is half filled when this raises.
        ignored: members that the message says in another way, such as a block's `type`.

    Raises:
        UnheldError: a member that MCP requires is missing or of a wrong type.
    """
    fields = _fields_of(message.DESCRIPTOR)
    extra: dict[str, str] = {}
    for key, text in members.items():
        if key in ignored:
            continue
        field = fields.get(key)
        if field is None or not _put(field, message, text):
            extra[key] = text
    missing = [key for key in _required_of(message.DESCRIPTOR) if key not in members]
    if missing or any(fields[key].required for key in extra.keys() & fields.keys()):
        raise UnheldError(f"{message.DESCRIPTOR.name} cannot hold this")
    if extra:
        message.extra_json = json_members.join(extra)


def read_block(block: content_pb2.ContentBlock, text: str) -> bool:
    """Fill a content block; every JSON value finds a place in it."""
    try:
        members = members_of(text)
        kind = string_of(members.get("type", ""))
        if kind in BLOCK_KINDS:
            held = getattr(block, kind)
            held.SetInParent()
            read_members(members, held, ("type",))
            return True
    except UnheldError:
        block.Clear()
    block.other_json = text
    return True


def string_of(text: str) -> str | None:
    """The string of a JSON text; None when it is of another type, or has no UTF-8."""
    if not text.startswith('"'):
        return None
    value, _ = json_spans.scan_string(text, 1)
    return value if _has_utf8(value) else None


def _has_utf8(value: str) -> bool:
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def _put(field: _Field, message: Any, text: str) -> bool:
    if field.oneof is not None and message.WhichOneof(field.oneof) is not None:
        return False
    return field.put(message, text)


@cache
def _fields_of(descriptor: Descriptor) -> dict[str, _Field]:
    fields = (field for field in descriptor.fields if field.name != EXTRA_FIELD)
    return {key_of(field): _field(field) for field in fields}


@cache
def _required_of(descriptor: Descriptor) -> tuple[str, ...]:
    return tuple(key for key, field in _fields_of(descriptor).items() if field.required)


def _field(field: FieldDescriptor) -> _Field:
    oneof = field.containing_oneof
    # An `optional` field is the only one of a oneof that the compiler makes up.
    choice = oneof.name if oneof is not None and len(oneof.fields) > 1 else None
    return _Field(_putter(field), is_required(field), choice)


def _putter(field: FieldDescriptor) -> Put:
    if field.message_type is not None and field.message_type.GetOptions().map_entry:
        return partial(_put_map, field)
    if field.is_repeated:
        return partial(_put_list, field)
    if field.message_type is not None:
        return partial(_put_message, field.name)
    return partial(_put_value, field.name, _value_of(field))


def _put_value(name: str, value_of: Callable[[str], Any], message: Any, text: str) -> bool:
    value = value_of(text)
    if value is None:
        return False
    setattr(message, name, value)
    return True


def _put_message(name: str, message: Any, text: str) -> bool:
    held = getattr(message, name)
    held.SetInParent()
    if _fill(held, text):
        return True
    message.ClearField(name)
    return False


def _put_list(field: FieldDescriptor, message: Any, text: str) -> bool:
    if not text.startswith("["):
        return False
    elements = [text[start:end] for start, end in json_spans.elements(text, 0)]
    held = getattr(message, field.name)
    if field.message_type is not None:
        fits = all(_fill(held.add(), element) for element in elements)
    else:
        values = [_value_of(field)(element) for element in elements]
        fits = None not in values
        if fits:
            held.extend(values)
    if not fits:
        message.ClearField(field.name)
    return fits and (is_required(field) or bool(elements))


def _put_map(field: FieldDescriptor, message: Any, text: str) -> bool:
    try:
        entries = members_of(text)
    except UnheldError:
        return False
    held = getattr(message, field.name)
    fits = all(_put_entry(field, held, key, entry) for key, entry in entries.items())
    if not fits:
        message.ClearField(field.name)
    return fits and bool(entries)


def _put_entry(field: FieldDescriptor, held: Any, key: str, text: str) -> bool:
    entry: Any = field.message_type
    value = entry.fields_by_name["value"]
    if not _has_utf8(key):
        return False
    if value.message_type is not None:
        return _fill(held[key], text)
    found = _value_of(field, value)(text)
    if found is None:
        return False
    held[key] = found
    return True


def _fill(message: Message, text: str) -> bool:
    if isinstance(message, content_pb2.ContentBlock):
        return read_block(message, text)
    try:
        read_members(members_of(text), message)
    except UnheldError:
        return False
    return True


def _value_of(field: FieldDescriptor, kind: FieldDescriptor | None = None) -> Callable[[str], Any]:
    """What makes a value of a JSON text, or None of what is no such value.

    Args:
        field: whose name says whether it holds JSON text.
        kind: whose type it has; the value of a map, the field itself otherwise.
    """
    kind = field if kind is None else kind
    if kind.enum_type is not None:
        return partial(_word_of, words_of(kind.enum_type))
    if holds_json(field):
        return str if field.name in ANY_VALUE else _object_text
    return _VALUES[kind.type]


def _object_text(text: str) -> str | None:
    return text if text.startswith("{") else None


def _word_of(words: Mapping[str, int], text: str) -> int | None:
    word = string_of(text)
    return None if word is None else words.get(word)


def _bytes_of(text: str) -> bytes | None:
    encoded = string_of(text)
    if encoded is None:
        return None
    try:
        data = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        return None
    return data if base64.b64encode(data).decode() == encoded else None


def _bool_of(text: str) -> bool | None:
    return {"true": True, "false": False}.get(text)


def _integer_of(text: str) -> int | None:
    value = _number_of(text)
    return value if isinstance(value, int) and value in INTEGER_RANGE else None


def _double_of(text: str) -> float | None:
    value = _number_of(text)
    try:
        # Equal, so that no integer is rounded; infinite is what JSON spells 1e400.
        held = value is not None and float(value) == value and abs(value) < float("inf")
    except OverflowError:
        return None
    return float(value) if held and value is not None else None


def _number_of(text: str) -> int | float | None:
    return json.loads(text) if text[0] in "-0123456789" else None


_VALUES: Final[dict[int, Callable[[str], Any]]] = {
    FieldDescriptor.TYPE_STRING: string_of,
    FieldDescriptor.TYPE_BYTES: _bytes_of,
    FieldDescriptor.TYPE_BOOL: _bool_of,
    FieldDescriptor.TYPE_INT64: _integer_of,
    FieldDescriptor.TYPE_DOUBLE: _double_of,
}
