"""Results as Python sees them: the members that callers use, and everything else in `raw`.

Nothing is validated against a schema and nothing is dropped: `raw` is the object as received.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

from mcpgrpc.client.content import Content, ResourceContents, items_of, text_of

__all__ = [
    "CallToolResult",
    "Completion",
    "Content",
    "GetPromptResult",
    "Prompt",
    "PromptArgument",
    "PromptMessage",
    "ReadResourceResult",
    "Resource",
    "ResourceContents",
    "ResourceTemplate",
    "Tool",
]


class CallToolResult:
    """The result of a tool call; members are read from `raw` when they are asked for.

    `result_type` is "complete", or "input_required" when the server asks for input first: then
    `input_requests` and `request_state` are what the retry answers.
    """

    __slots__ = ("_content", "raw")

    def __init__(self, raw: dict[str, Any]) -> None:
        self.raw: Final = raw
        self._content: list[Content] | None = None

    @property
    def content(self) -> list[Content]:
        """The blocks that a model reads."""
        if self._content is None:
            self._content = [Content.of(block) for block in items_of(self.raw, "content")]
        return self._content

    @property
    def structured_content(self) -> Any:
        """The result as the tool's output schema has it; None when there is none."""
        return self.raw.get("structuredContent")

    @property
    def is_error(self) -> bool:
        """Whether the tool itself failed."""
        return self.raw.get("isError") is True

    @property
    def result_type(self) -> str:
        """Whether it is done."""
        return text_of(self.raw, "resultType") or "complete"

    @property
    def input_requests(self) -> dict[str, Any]:
        """What the server asks first, by key."""
        asked = self.raw.get("inputRequests")
        return dict(asked) if isinstance(asked, dict) else {}

    @property
    def request_state(self) -> str | None:
        """What the retry gives back as it is."""
        return text_of(self.raw, "requestState")

    @property
    def meta(self) -> dict[str, Any] | None:
        """The result's `_meta`."""
        return self.raw.get("_meta")

    def __eq__(self, other: object) -> bool:
        return isinstance(other, CallToolResult) and self.raw == other.raw

    def __repr__(self) -> str:
        return f"CallToolResult({self.raw!r})"

    @classmethod
    def of(cls, raw: dict[str, Any]) -> CallToolResult:
        """From the protocol's object."""
        return cls(raw)


class Tool:
    """A tool that a server offers; members are read from `raw` when they are asked for."""

    __slots__ = ("raw",)

    def __init__(self, raw: dict[str, Any]) -> None:
        self.raw: Final = raw

    @property
    def name(self) -> str:
        """What it is called by."""
        return text_of(self.raw, "name") or ""

    @property
    def title(self) -> str | None:
        """What people see."""
        return text_of(self.raw, "title")

    @property
    def description(self) -> str | None:
        """What it does, for a model."""
        return text_of(self.raw, "description")

    @property
    def input_schema(self) -> dict[str, Any]:
        """The JSON Schema of its arguments; a copy."""
        return dict(self.raw.get("inputSchema") or {})

    @property
    def output_schema(self) -> dict[str, Any] | None:
        """The JSON Schema of its structured content; None when it has none."""
        return self.raw.get("outputSchema")

    @property
    def annotations(self) -> dict[str, Any] | None:
        """Hints about what it does."""
        return self.raw.get("annotations")

    @property
    def meta(self) -> dict[str, Any] | None:
        """Its `_meta`."""
        return self.raw.get("_meta")

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Tool) and self.raw == other.raw

    def __repr__(self) -> str:
        return f"Tool({self.raw!r})"

    @classmethod
    def of(cls, raw: dict[str, Any]) -> Tool:
        """From the protocol's object."""
        return cls(raw)


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
            uri=text_of(raw, "uri") or "",
            name=text_of(raw, "name") or "",
            title=text_of(raw, "title"),
            description=text_of(raw, "description"),
            mime_type=text_of(raw, "mimeType"),
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
            uri_template=text_of(raw, "uriTemplate") or "",
            name=text_of(raw, "name") or "",
            title=text_of(raw, "title"),
            description=text_of(raw, "description"),
            mime_type=text_of(raw, "mimeType"),
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
                text_of(item, "name") or "",
                text_of(item, "description"),
                item.get("required") is True,
            )
            for item in items_of(raw, "arguments")
        ]
        name = text_of(raw, "name") or ""
        return cls(name, text_of(raw, "title"), text_of(raw, "description"), arguments, raw)


@dataclass(frozen=True, slots=True)
class ReadResourceResult:
    """The contents of a resource."""

    contents: list[ResourceContents]
    raw: dict[str, Any] = field(repr=False)

    @classmethod
    def of(cls, raw: dict[str, Any]) -> ReadResourceResult:
        """From the protocol's object."""
        return cls([ResourceContents.of(item) for item in items_of(raw, "contents")], raw)


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
            PromptMessage(text_of(item, "role") or "", Content.of(item.get("content") or {}))
            for item in items_of(raw, "messages")
        ]
        return cls(text_of(raw, "description"), messages, raw)


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
