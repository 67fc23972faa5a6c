"""A typed message back into the JSON that it stands for, by the rules of docs/binding.md alone.

It shares no code with the server, and is what a client in any language could write.
"""

from __future__ import annotations

import base64
import json
from typing import Any, Final

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message

REQUIRED_LISTS: Final = {
    "CallToolResult.content",
    "Completion.values",
    "DiscoverResult.supported_versions",
    "GetPromptResult.messages",
    "ListPromptsResult.prompts",
    "ListResourceTemplatesResult.resource_templates",
    "ListResourcesResult.resources",
    "ListToolsResult.tools",
    "ReadResourceResult.contents",
}
"""Lists that are `[]` when they are empty; the others are absent then."""


def result_of(response: Any) -> Any:
    """The result that a response of a typed RPC stands for."""
    kind = response.WhichOneof("result")
    held = getattr(response, kind)
    if kind == "other":
        return json.loads(held.result_json)
    return {"resultType": kind, **object_of(held)}


def object_of(message: Any) -> Any:
    """The JSON object that a message stands for."""
    if message.DESCRIPTOR.name == "ContentBlock":
        return block_of(message)
    members = json.loads(message.extra_json) if message.HasField("extra_json") else {}
    for field in message.DESCRIPTOR.fields:
        if field.name != "extra_json" and is_said(field, message):
            members[member_of(field)] = value_of(field, getattr(message, field.name))
    return members


def block_of(block: Any) -> Any:
    """The JSON of a content block."""
    kind = block.WhichOneof("block")
    if kind == "other_json":
        return json.loads(block.other_json)
    return {"type": kind, **object_of(getattr(block, kind))}


def is_said(field: FieldDescriptor, message: Any) -> bool:
    """Whether a message says something with a field."""
    if field.has_presence:
        return bool(message.HasField(field.name))
    if field.is_repeated:
        name = f"{message.DESCRIPTOR.name}.{field.name}"
        return bool(getattr(message, field.name)) or name in REQUIRED_LISTS
    return field.enum_type is None or getattr(message, field.name) != 0


def member_of(field: FieldDescriptor) -> str:
    """The member that a field holds."""
    name = field.json_name.removesuffix("Json")
    return "_meta" if name == "meta" else name


def value_of(field: FieldDescriptor, value: Any) -> Any:
    """The JSON value of a field."""
    if not field.is_repeated:
        return single_of(field, value)
    if hasattr(value, "items"):
        return {key: single_of(field, value[key]) for key in value}
    return [single_of(field, each) for each in value]


def single_of(field: FieldDescriptor, value: Any) -> Any:
    """The JSON value of one value of a field."""
    if isinstance(value, Message):
        return object_of(value)
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if field.enum_type is not None:
        word: str = field.enum_type.values_by_number[value].name
        return word.removeprefix(prefix_of(field)).lower()
    return json.loads(value) if field.name.endswith("_json") else value


def prefix_of(field: FieldDescriptor) -> str:
    """What the names of an enum's values begin with."""
    assert field.enum_type is not None
    return str(field.enum_type.values[0].name).removesuffix("UNSPECIFIED")


def same(one: Any, other: Any) -> bool:
    """Whether two JSON values are equal. 1 and 1.0 are; true and 1 are not."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    return bool(one == other)
