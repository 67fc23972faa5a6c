"""Results as a person reads them."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from mcpgrpc.cli.render import prompt_messages, resource_contents, tool_result
from mcpgrpc.client.results import CallToolResult, GetPromptResult, ReadResourceResult

BYTES = base64.b64encode(b"12345").decode()


def shown(*content: dict[str, Any], **more: Any) -> str:
    return tool_result(CallToolResult.of({"content": list(content), **more}))


@pytest.mark.parametrize(
    ("block", "line"),
    [
        ({"type": "text", "text": "as it is"}, "as it is"),
        ({"type": "image", "data": BYTES, "mimeType": "image/png"}, "[image, image/png, 5 bytes]"),
        ({"type": "audio", "data": BYTES, "mimeType": "audio/wav"}, "[audio, audio/wav, 5 bytes]"),
        (
            {"type": "resource", "resource": {"uri": "a:b", "text": "grün", "mimeType": "text/x"}},
            "[resource a:b, text/x, 5 bytes]",
        ),
        (
            {"type": "resource", "resource": {"uri": "a:b", "blob": BYTES}},
            "[resource a:b, 5 bytes]",
        ),
        ({"type": "resource_link", "uri": "a:b", "size": 1234}, "[resource link a:b, 1,234 bytes]"),
        ({"type": "resource_link", "uri": "a:b", "size": "large"}, "[resource link a:b]"),
        ({"type": "of_the_future"}, "[of the future]"),
    ],
)
def test_a_content_block_is_its_text_or_one_line(block: dict[str, Any], line: str) -> None:
    assert shown(block) == f"{line}\n"


@pytest.mark.parametrize("size", range(7))
def test_the_size_of_base64_is_that_of_its_bytes(size: int) -> None:
    data = base64.b64encode(bytes(size)).decode()
    assert shown({"type": "image", "data": data}) == f"[image, {size} bytes]\n"


def test_blocks_stand_below_each_other() -> None:
    assert shown({"type": "text", "text": "a\n"}, {"type": "text", "text": "b"}) == "a\nb\n"


def test_structured_content_is_shown_unless_a_text_says_it() -> None:
    assert json.loads(shown(structuredContent={"a": 1})) == {"a": 1}
    assert shown({"type": "text", "text": "one"}, structuredContent={"a": 1}) == "one\n"
    image = {"type": "image", "data": BYTES}
    assert shown(image, structuredContent=[1]) == "[image, 5 bytes]\n[\n  1\n]\n"


def test_an_empty_result_shows_nothing() -> None:
    assert shown() == ""


def test_the_contents_of_a_resource_are_texts_and_lines() -> None:
    contents = [{"uri": "a:b", "text": "a"}, {"uri": "a:c", "blob": BYTES}]
    result = ReadResourceResult.of({"contents": contents})
    assert resource_contents(result) == "a\n[resource a:c, 5 bytes]\n"


def test_the_messages_of_a_prompt_stand_under_their_roles() -> None:
    messages = [
        {"role": "user", "content": {"type": "text", "text": "Why?"}},
        {"role": "assistant", "content": {"type": "image", "data": BYTES}},
    ]
    result = GetPromptResult.of({"messages": messages})
    assert prompt_messages(result) == "[user]\nWhy?\n\n[assistant]\n[image, 5 bytes]\n"
