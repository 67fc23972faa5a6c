"""Results as Python sees them: the members that callers use, and everything else in `raw`.

Nothing is validated against a schema and nothing is dropped: `raw` is the object as received.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


def _text(raw: Mapping[str, Any], key: str) -> str | None:
    value = raw.get(key)
    return value if isinstance(value, str) else None


def _items(raw: Mapping[str, Any], key: str) -> list[dict[str, Any]]:
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
        uri = _text(raw, "uri") or ""
        return cls(uri, _text(raw, "mimeType"), _text(raw, "text"), _text(raw, "blob"), raw)


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
            type=_text(raw, "type") or "",
            text=_text(raw, "text"),
            data=_text(raw, "data"),
            mime_type=_text(raw, "mimeType"),
            uri=_text(raw, "uri"),
            name=_text(raw, "name"),
            resource=ResourceContents.of(resource) if isinstance(resource, dict) else None,
            raw=raw,
        )


@dataclass(frozen=True, slots=True)
class CallToolResult:
    """The result of a tool call.

    `result_type` is "complete", or "input_required" when the server asks for input first: then
    `input_requests` and `request_state` are what the retry answers.
    """

    content: list[Content]
    structured_content: Any
    is_error: bool
    result_type: str
    input_requests: dict[str, Any]
    request_state: str | None
    meta: dict[str, Any] | None
    raw: dict[str, Any] = field(repr=False)

    @classmethod
    def of(cls, raw: dict[str, Any]) -> CallToolResult:
        """From the protocol's object."""
        return cls(
            content=[Content.of(block) for block in _items(raw, "content")],
            structured_content=raw.get("structuredContent"),
            is_error=raw.get("isError") is True,
            result_type=_text(raw, "resultType") or "complete",
            input_requests=dict(raw.get("inputRequests") or {}),
            request_state=_text(raw, "requestState"),
            meta=raw.get("_meta"),
            raw=raw,
        )


@dataclass(frozen=True, slots=True)
class Tool:
    """A tool that a server offers."""

    name: str
    title: str | None
    description: str | None
    input_schema: dict[str, Any]
    output_schema: dict[str, Any] | None
    annotations: dict[str, Any] | None
    meta: dict[str, Any] | None
    raw: dict[str, Any] = field(repr=False)

    @classmethod
    def of(cls, raw: dict[str, Any]) -> Tool:
        """From the protocol's object."""
        return cls(
            name=_text(raw, "name") or "",
            title=_text(raw, "title"),
            description=_text(raw, "description"),
            input_schema=dict(raw.get("inputSchema") or {}),
            output_schema=raw.get("outputSchema"),
            annotations=raw.get("annotations"),
            meta=raw.get("_meta"),
            raw=raw,
        )


@dataclass(frozen=True, slots=True)
class Resource:
    """A resource that a server offers; `size` is in bytes."""

    uri: str
    name: str
    title: str | None
    description: str | None
    mime_type: str | None
    size: int | None
    raw: dict[str, Any] = field(repr=False)

    @classmethod
    def of(cls, raw: dict[str, Any]) -> Resource:
        """From the protocol's object."""
        return cls(
            uri=_text(raw, "uri") or "",
            name=_text(raw, "name") or "",
            title=_text(raw, "title"),
            description=_text(raw, "description"),
            mime_type=_text(raw, "mimeType"),
            size=raw.get("size"),
            raw=raw,
        )


@dataclass(frozen=True, slots=True)
class ResourceTemplate:
    """A family of resources."""

    uri_template: str
    name: str
    title: str | None
    description: str | None
    mime_type: str | None
    raw: dict[str, Any] = field(repr=False)

    @classmethod
    def of(cls, raw: dict[str, Any]) -> ResourceTemplate:
        """From the protocol's object."""
        return cls(
            uri_template=_text(raw, "uriTemplate") or "",
            name=_text(raw, "name") or "",
            title=_text(raw, "title"),
            description=_text(raw, "description"),
            mime_type=_text(raw, "mimeType"),
            raw=raw,
        )


@dataclass(frozen=True, slots=True)
class PromptArgument:
    """An argument of a prompt."""

    name: str
    description: str | None
    required: bool


@dataclass(frozen=True, slots=True)
class Prompt:
    """A prompt that a server offers."""

    name: str
    title: str | None
    description: str | None
    arguments: list[PromptArgument]
    raw: dict[str, Any] = field(repr=False)

    @classmethod
    def of(cls, raw: dict[str, Any]) -> Prompt:
        """From the protocol's object."""
        arguments = [
            PromptArgument(
                _text(item, "name") or "", _text(item, "description"), item.get("required") is True
            )
            for item in _items(raw, "arguments")
        ]
        name = _text(raw, "name") or ""
        return cls(name, _text(raw, "title"), _text(raw, "description"), arguments, raw)


@dataclass(frozen=True, slots=True)
class ReadResourceResult:
    """The contents of a resource."""

    contents: list[ResourceContents]
    raw: dict[str, Any] = field(repr=False)

    @classmethod
    def of(cls, raw: dict[str, Any]) -> ReadResourceResult:
        """From the protocol's object."""
        return cls([ResourceContents.of(item) for item in _items(raw, "contents")], raw)


@dataclass(frozen=True, slots=True)
class PromptMessage:
    """One message of a prompt."""

    role: str
    content: Content


@dataclass(frozen=True, slots=True)
class GetPromptResult:
    """A prompt, filled in."""

    description: str | None
    messages: list[PromptMessage]
    raw: dict[str, Any] = field(repr=False)

    @classmethod
    def of(cls, raw: dict[str, Any]) -> GetPromptResult:
        """From the protocol's object."""
        messages = [
            PromptMessage(_text(item, "role") or "", Content.of(item.get("content") or {}))
            for item in _items(raw, "messages")
        ]
        return cls(_text(raw, "description"), messages, raw)


@dataclass(frozen=True, slots=True)
class Completion:
    """Suggestions for an argument; `total` may be larger than what is given."""

    values: list[str]
    total: int | None
    has_more: bool
    raw: dict[str, Any] = field(repr=False)

    @classmethod
    def of(cls, raw: dict[str, Any]) -> Completion:
        """From the protocol's object."""
        completion = raw.get("completion") or {}
        values = [value for value in completion.get("values") or [] if isinstance(value, str)]
        return cls(values, completion.get("total"), completion.get("hasMore") is True, raw)
