"""The exchanges that a document shows, sent to a real server frame by frame."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import grpc
import pytest
from google.protobuf import json_format

from mcpgrpc.v1 import mcp_service_pb2, mcp_service_pb2_grpc
from tests.docs.documents import DOCUMENTS, Block
from tests.docs.running import MAX_SECONDS, Workshop

FIRST = "exchange: client, app="


def exchanges() -> list[list[Block]]:
    """Each exchange: its blocks in order; one begins where an app is named."""
    found: list[list[Block]] = []
    for block in (each for document in DOCUMENTS for each in document.blocks):
        if block.directive.startswith(FIRST):
            found.append([])
        if block.directive.startswith("exchange: "):
            found[-1].append(block)
    return found


def opened(value: Any) -> Any:
    """ProtoJSON with the JSON text in it parsed: the order of keys in it means nothing."""
    if isinstance(value, list):
        return [opened(each) for each in value]
    if not isinstance(value, dict):
        return value
    return {
        key: json.loads(each) if key.endswith("Json") else opened(each)
        for key, each in value.items()
    }


def test_an_exchange_is_shown() -> None:
    assert exchanges()


@pytest.mark.parametrize("blocks", exchanges(), ids=lambda blocks: str(blocks[0]))
async def test_a_server_answers_as_shown(blocks: list[Block], workshop: Workshop) -> None:
    app = blocks[0].directive.removeprefix(FIRST)
    async with (
        workshop.serving(app) as address,
        grpc.aio.insecure_channel(address) as channel,
        asyncio.timeout(MAX_SECONDS),
    ):
        call = mcp_service_pb2_grpc.McpServiceStub(channel).Session()
        for block in blocks:
            if block.directive == "exchange: server":
                await expect(call, json.loads(block.text)["items"])
            else:
                await call.write(json_format.Parse(block.text, mcp_service_pb2.SessionRequest()))
        await call.done_writing()
        assert await call.read() is grpc.aio.EOF
        assert await call.code() is grpc.StatusCode.OK


async def expect(call: Any, items: list[Any]) -> None:
    """Read frames until so many items have come."""
    got: list[Any] = []
    while len(got) < len(items):
        frame = await call.read()
        assert frame is not grpc.aio.EOF, f"the stream ended behind {got}"
        got += [json_format.MessageToDict(item) for item in frame.items]
    assert opened(got) == opened(items)
