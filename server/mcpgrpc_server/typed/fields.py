"""How the schema of the typed services names MCP's members: the one rule for both directions.

It reads and writes nothing; `reading` and `writing` do.
"""

from __future__ import annotations

from functools import cache
from typing import Final

from google.protobuf.descriptor import EnumDescriptor, FieldDescriptor

JSON_SUFFIX: Final = "_json"
"""A field of this ending holds the JSON text of its member."""

EXTRA_FIELD: Final = "extra_json"
"""The field of the members that no other holds."""

REQUIRED_LISTS: Final = frozenset(
    {
        "content",
        "contents",
        "messages",
        "prompts",
        "resource_templates",
        "resources",
        "supported_versions",
        "tools",
        "values",
    }
)
"""Lists that MCP requires, so that an empty one is `[]` and not an absent member."""

REQUIRED_MESSAGES: Final = frozenset(
    {"capabilities", "completion", "content", "notifications", "resource"}
)
"""Objects that MCP requires. Protobuf could leave them out, but then nothing would be said."""

ANY_VALUE: Final = frozenset({"data_json", "structured_content_json"})
"""JSON texts of any value, null included; the others are objects."""


def key_of(field: FieldDescriptor) -> str:
    """The member that a field holds: `mime_type` is "mimeType", and `meta_json` is "_meta"."""
    name = field.name.removesuffix(JSON_SUFFIX)
    if name == "meta":
        return "_meta"
    first, *rest = name.split("_")
    return first + "".join(map(str.capitalize, rest))


def holds_json(field: FieldDescriptor) -> bool:
    """Whether a field holds JSON text."""
    return field.name.endswith(JSON_SUFFIX)


def is_required(field: FieldDescriptor) -> bool:
    """Whether MCP requires the member, and the message says nothing without it.

    An enum has a value for "not said", and a field with presence can be unset; any other single
    value has no form for an absent member.
    """
    if field.is_repeated:
        return field.name in REQUIRED_LISTS
    if field.message_type is not None:
        return field.name in REQUIRED_MESSAGES
    return field.enum_type is None and not field.has_presence


@cache
def words_of(enum: EnumDescriptor) -> dict[str, int]:
    """MCP's word for each value of an enum but the unspecified: "user" for `ROLE_USER`."""
    unspecified, *values = enum.values
    prefix = unspecified.name.removesuffix("UNSPECIFIED")
    return {value.name.removeprefix(prefix).lower(): value.number for value in values}
