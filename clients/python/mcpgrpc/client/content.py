"""Content blocks and resource contents as Python sees them, and how members are read.

Nothing is validated: a member of the wrong kind counts as absent, and `raw` has it as received.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


def text_of(raw: Mapping[str, Any], key: str) -> str | None:
    """A member that is a string; None when it is absent or something else."""
    value = raw.get(key)
    return value if isinstance(value, str) else None


def items_of(raw: Mapping[str, Any], key: str) -> list[dict[str, Any]]:
    """The objects in a member that is a list; nothing when it is absent or something else."""
    value = raw.get(key)
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


@dataclass(frozen=True, slots=True)
class ResourceContents:
    """What a resource holds: text, or bytes as base64 in `blob`."""

    uri: str
    mime_type: str | None
    text: str | None
    blob: str | None
    raw: dict[str, Any] = field(repr=False)

    @property
    def data(self) -> bytes:
        """The bytes: `blob` decoded, or the text as UTF-8."""
        if self.blob is not None:
            return base64.b64decode(self.blob)
        return (self.text or "").encode()

    @classmethod
    def of(cls, raw: dict[str, Any]) -> ResourceContents:
        """From the protocol's object."""
        uri = text_of(raw, "uri") or ""
        return cls(uri, text_of(raw, "mimeType"), text_of(raw, "text"), text_of(raw, "blob"), raw)


@dataclass(frozen=True, slots=True)
class Content:
    """A content block; which members it has depends on its `type`."""

    type: str
    text: str | None
    data: str | None
    mime_type: str | None
    uri: str | None
    name: str | None
    resource: ResourceContents | None
    raw: dict[str, Any] = field(repr=False)

    @classmethod
    def of(cls, raw: dict[str, Any]) -> Content:
        """From the protocol's object."""
        resource = raw.get("resource")
        return cls(
            type=text_of(raw, "type") or "",
            text=text_of(raw, "text"),
            data=text_of(raw, "data"),
            mime_type=text_of(raw, "mimeType"),
            uri=text_of(raw, "uri"),
            name=text_of(raw, "name"),
            resource=ResourceContents.of(resource) if isinstance(resource, dict) else None,
            raw=raw,
        )
