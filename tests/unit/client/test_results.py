"""Results take what a server gives, keep all of it, and stumble over nothing."""

from __future__ import annotations

from typing import Any

import pytest

from mcpgrpc.client import results


def test_a_result_keeps_what_it_does_not_name() -> None:
    raw: dict[str, Any] = {
        "content": [{"type": "hologram", "waves": [1, 2]}],
        "structuredContent": None,
        "resultType": "com.example/odd",
        "unheardOf": {"deep": True},
    }
    result = results.CallToolResult.of(raw)
    assert result.raw is raw
    assert result.result_type == "com.example/odd"
    assert (result.content[0].type, result.content[0].raw["waves"]) == ("hologram", [1, 2])


@pytest.mark.parametrize("odd", [None, 7, "text", [], {}, True])
def test_members_of_the_wrong_kind_count_as_absent(odd: Any) -> None:
    tool = results.CallToolResult.of({"content": odd, "isError": odd, "requestState": odd})
    assert tool.content == []
    assert tool.is_error is (odd is True)
    prompt = results.GetPromptResult.of({"messages": odd, "description": odd})
    assert prompt.messages == []
    completion = results.Completion.of({"completion": odd if isinstance(odd, dict) else None})
    assert completion.values == []
    assert results.Prompt.of({"name": "p", "arguments": odd}).arguments == []
    assert results.ReadResourceResult.of({"contents": odd}).contents == []


def test_the_bytes_of_a_resource_are_its_blob_or_its_text() -> None:
    assert results.ResourceContents.of({"uri": "x:", "blob": "AAH/"}).data == b"\x00\x01\xff"
    assert results.ResourceContents.of({"uri": "x:", "text": "ß"}).data == "ß".encode()


def test_a_tools_result_is_read_when_it_is_asked_for_and_compared_by_what_was_received() -> None:
    raw: dict[str, Any] = {"content": [{"type": "text", "text": "3"}], "_meta": {"a": 1}}
    result = results.CallToolResult.of(raw)
    assert result == results.CallToolResult.of(dict(raw))
    assert result != results.CallToolResult.of({})
    assert result.content is result.content
    assert (result.content[0].text, result.meta, result.structured_content) == ("3", {"a": 1}, None)
    assert "'text': '3'" in repr(result)


@pytest.mark.parametrize("odd", [None, 7, "text", []])
def test_input_requests_of_the_wrong_kind_are_none(odd: Any) -> None:
    assert results.CallToolResult.of({"inputRequests": odd}).input_requests == {}
