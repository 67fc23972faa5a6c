"""Results of the protocol as plain text: what a person reads of a call, a resource or a prompt.

It is not JSON output, which shows the objects as received, and it writes nothing itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mcpgrpc.cli.terminal import pretty_json

if TYPE_CHECKING:
    from mcpgrpc.client.results import (
        CallToolResult,
        Content,
        GetPromptResult,
        ReadResourceResult,
        ResourceContents,
    )


def tool_result(result: CallToolResult) -> str:
    """The content; the structured content where no text says the same."""
    lines = [content_text(each) for each in result.content]
    says_nothing = not any(each.type == "text" for each in result.content)
    if says_nothing and result.structured_content is not None:
        lines.append(pretty_json(result.structured_content))
    return joined(lines)


def resource_contents(result: ReadResourceResult) -> str:
    """The texts as they are, and one line for each that is not text."""
    return joined([_resource_text(each) for each in result.contents])


def prompt_messages(result: GetPromptResult) -> str:
    """The messages, each under the role that speaks it."""
    return "\n".join(
        f"[{message.role}]\n{joined([content_text(message.content)])}"
        for message in result.messages
    )


def content_text(content: Content) -> str:
    """A text as it is; anything else as one line with its type, media type and size."""
    if content.type == "text":
        return content.text or ""
    resource = content.resource
    if resource is not None:
        size = base64_size(resource.blob) if resource.text is None else _utf8_size(resource.text)
        return _summary("resource", resource.uri, resource.mime_type, size)
    size = base64_size(content.data) if content.data is not None else content.raw.get("size")
    kind = content.type.replace("_", " ")
    return _summary(kind, content.uri or content.name, content.mime_type, size)


def base64_size(data: str | None) -> int | None:
    """How many bytes a base64 text holds."""
    if data is None:
        return None
    digits = data.rstrip("=\n")
    return len(digits) * 3 // 4


def joined(texts: list[str]) -> str:
    """Texts below each other, each ended by one newline at least."""
    return "".join(text if text.endswith("\n") else f"{text}\n" for text in texts)


def _resource_text(contents: ResourceContents) -> str:
    if contents.text is not None:
        return contents.text
    return _summary("resource", contents.uri, contents.mime_type, base64_size(contents.blob))


def _utf8_size(text: str) -> int:
    return len(text.encode(errors="surrogatepass"))


def _summary(kind: str, name: str | None, mime_type: str | None, size_bytes: Any) -> str:
    size = f"{size_bytes:,} bytes" if isinstance(size_bytes, int) else None
    named = f"{kind} {name}" if name else kind
    return f"[{', '.join(part for part in (named, mime_type, size) if part)}]"
