"""What a tool is given and gives arrives as it was, whatever it is."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from tests.contract.caller import Hooks
from tests.contract.conftest import Connect
from tests.contract.features import EVERY_BYTE, EXTENSION, EXTENSION_METHOD, PIXEL
from tests.contract.journal import Journal

VALUES: dict[str, Any] = {
    "an integer beyond doubles": 9007199254740993,
    "an integer beyond 64 bits": 2**70 + 1,
    "the smallest double": 5e-324,
    "unicode": "Grüße, 世界 🌍 \u2028 \x00 \x7f",
    "an empty string": "",
    "nothing": None,
    "false, which is not 0": [False, 0, True, 1],
    "nested": {"a": [{"b": {"c": [[[]]]}}], "": {}, "é": None},
    "a long text": "ß" * 100_000,
}


async def test_structured_values_survive_both_ways(connect: Connect, journal: Journal) -> None:
    async with connect() as caller:
        for what, value in VALUES.items():
            result = await caller.call_tool("echo", {"value": value})
            assert repr(journal.seen.pop()) == repr(value), what
            assert repr(result["structuredContent"].get("value")) == repr(value), what


async def test_a_plain_return_value_becomes_text_and_structure(connect: Connect) -> None:
    async with connect() as caller:
        result = await caller.call_tool("add", {"a": 2, "b": 40})
    assert result["structuredContent"] == {"result": 42}
    assert [block["text"] for block in result["content"]] == ["42"]
    assert not result.get("isError", False)


async def test_every_kind_of_content_arrives_in_order(connect: Connect) -> None:
    async with connect() as caller:
        blocks = (await caller.call_tool("contents"))["content"]
    kinds = ["text", "image", "audio", "resource_link", "resource"]
    assert [block["type"] for block in blocks] == kinds
    text, image, audio, link, resource = blocks
    assert (text["text"], text["annotations"]) == ("A line.", {"priority": 0.5})
    assert (base64.b64decode(image["data"]), image["mimeType"]) == (PIXEL, "image/png")
    assert base64.b64decode(audio["data"]) == EVERY_BYTE
    assert (link["uri"], link["name"]) == ("contract://text", "text")
    assert base64.b64decode(resource["resource"]["blob"]) == EVERY_BYTE


async def test_meta_travels_both_ways(connect: Connect) -> None:
    sent = {"com.example/trace": {"id": "7", "hops": [1, 2]}, "com.example/flag": False}
    async with connect() as caller:
        result = await caller.call_tool("meta", meta=sent)
    assert result["_meta"]["com.example/heard"] == sent


@pytest.mark.eras("modern")
async def test_a_result_of_an_extensions_own_type_passes_untouched(connect: Connect) -> None:
    async with connect(Hooks(extensions=[EXTENSION])) as caller:
        result = await caller.request(EXTENSION_METHOD, {"job": "paint"})
    assert result["resultType"] == "com.example/receipt"
    assert result["receipt"] == {"for": "paint", "unheardOf": [1, None, {"deep": True}]}
    assert result["_meta"]["com.example/cost"] == 3


@pytest.mark.differs("a large result in an event", "http", "legacy")
async def test_results_of_two_megabytes_arrive_whole(connect: Connect) -> None:
    async with connect() as caller:
        result = await caller.call_tool("large", {"megabytes": 2})
    [block] = result["content"]
    assert len(block["text"]) == 2 * 1024 * 1024
