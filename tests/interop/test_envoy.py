"""Envoy's gRPC-JSON transcoder in front of the typed services, and Envoy before gRPC as it is."""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc
import httpx2
import pytest

import mcpgrpc
from mcpgrpc.v1 import tools_service_pb2, tools_service_pb2_grpc
from tests.authentication.key_ring import KeyRing
from tests.interop.conftest import EXAMPLES, served
from tests.interop.envoy import envoy_before

EVERYTHING = str(EXAMPLES / "everything.py")
SECONDS = 60
PIXEL = b"\x89PNG"
ADD = {"name": "add", "argumentsJson": '{"a":1,"b":2}'}
MIB = 1024 * 1024


@dataclass(frozen=True)
class Front:
    """Plain HTTP to an Envoy."""

    address: str
    http: httpx2.AsyncClient

    async def post(self, rpc: str, body: Any, **headers: str) -> httpx2.Response:
        """One RPC; a body of text goes as it is."""
        text = body if isinstance(body, str) else json.dumps(body)
        sent = {"content-type": "application/json", **headers}
        return await self.http.post(f"/mcpgrpc.v1.{rpc}", content=text, headers=sent)

    async def answer(self, rpc: str, body: Any, **headers: str) -> Any:
        """What an RPC answers."""
        response = await self.post(rpc, body, **headers)
        assert response.status_code == 200, response.text
        return response.json()

    async def error(self, rpc: str, body: Any, **headers: str) -> tuple[int, Any]:
        """The HTTP status and the google.rpc.Status of an RPC that fails."""
        response = await self.post(rpc, body, **headers)
        assert response.headers["content-type"] == "application/json", response.text
        return response.status_code, response.json()


@asynccontextmanager
async def front_of(address: str, folder: Path) -> AsyncIterator[Front]:
    async with (
        envoy_before(address, folder) as listening,
        httpx2.AsyncClient(base_url=f"http://{listening}", timeout=SECONDS) as http,
    ):
        yield Front(listening, http)


@pytest.fixture
async def front(everything: str, tmp_path: Path) -> AsyncIterator[Front]:
    async with front_of(everything, tmp_path) as opened:
        yield opened


async def test_a_tool_is_called_with_json(front: Front) -> None:
    called = (await front.answer("ToolsService/CallTool", ADD))["complete"]
    assert called["content"] == [{"text": {"text": "3"}}]
    assert called["structuredContentJson"] == '{"result":3}'
    assert called["isError"] is False


async def test_fields_may_bear_the_names_of_the_schema(front: Front) -> None:
    body = {"name": "add", "arguments_json": '{"a":1,"b":2}'}
    assert (await front.answer("ToolsService/CallTool", body))["complete"]


async def test_tools_are_listed_and_an_empty_body_is_an_empty_request(front: Front) -> None:
    listed = await front.answer("ToolsService/ListTools", {})
    assert "add" in {tool["name"] for tool in listed["complete"]["tools"]}
    assert await front.answer("ToolsService/ListTools", "") == listed


async def test_bytes_are_base64(front: Front) -> None:
    read = await front.answer("ResourcesService/ReadResource", {"uri": "everything://pixel"})
    assert base64.b64decode(read["complete"]["contents"][0]["blob"]).startswith(PIXEL)


async def test_a_tool_that_is_not_there_is_a_result_that_says_so(front: Front) -> None:
    called = await front.answer("ToolsService/CallTool", {"name": "nothing"})
    assert called["complete"]["isError"] is True
    assert called["complete"]["content"] == [{"text": {"text": "Unknown tool: nothing"}}]


async def test_an_error_of_mcp_is_a_status_with_its_details(front: Front) -> None:
    uri = {"uri": "everything://weather/Rome"}
    code, error = await front.error("ResourcesService/ReadResource", uri)
    (info,) = error["details"]
    assert (code, error["code"]) == (400, 3)
    assert error["message"].startswith("No weather for 'Rome'")
    assert info.pop("@type") == "type.googleapis.com/google.rpc.ErrorInfo"
    assert info == {
        "reason": "INVALID_PARAMS",
        "domain": "mcp",
        "metadata": {"code": "-32602", "data_json": f'{{"uri":"{uri["uri"]}"}}'},
    }


async def test_a_refusal_says_whether_the_call_may_have_run(tmp_path: Path) -> None:
    limit = ("--rate-limit", "1/minute")
    async with (
        served(tmp_path / "serve.log", EVERYTHING, *limit) as address,
        front_of(address, tmp_path) as front,
    ):
        assert await front.answer("ToolsService/CallTool", ADD)
        code, error = await front.error("ToolsService/CallTool", ADD)
    # When to try again stands beside it.
    info = next(each for each in error["details"] if each["@type"].endswith("ErrorInfo"))
    assert (code, info["domain"], info["reason"]) == (429, "mcpgrpc", "RATE_LIMITED")
    assert info["metadata"]["execution"] == "NOT_STARTED"


async def test_a_deadline_is_a_header(front: Front) -> None:
    slow = {"name": "slow", "argumentsJson": '{"seconds":60}'}
    code, error = await front.error("ToolsService/CallTool", slow, **{"grpc-timeout": "300m"})
    # gRPC's own clock may be the first, which gives no details.
    assert (code, error["code"]) == (504, 4)


@pytest.mark.parametrize(
    ("body", "what"),
    [
        ({}, "name is required"),
        ({"name": "add", "argumentsJson": "{"}, "arguments_json is not JSON"),
        ({"name": "add", "argumentsJson": "[]"}, "arguments_json must be a JSON object"),
        ({"name": "add", "context": {"logLevel": 99}}, "context.log_level has no value 99"),
    ],
    ids=["no name", "no JSON in a field", "no object", "an unknown level"],
)
async def test_a_wrong_request_is_a_400_that_names_the_field(
    front: Front, body: Any, what: str
) -> None:
    code, error = await front.error("ToolsService/CallTool", body)
    assert (code, error["code"]) == (400, 3)
    assert what in error["message"]


@pytest.mark.parametrize("body", ['{"name":', "[]x", '{"name":7}', '{"context":"text"}', '"add"'])
async def test_what_is_no_such_message_is_a_400_of_envoys_own(front: Front, body: str) -> None:
    assert (await front.post("ToolsService/CallTool", body)).status_code == 400


@pytest.mark.parametrize("rpc", ["ToolsService/DropTool", "NoService/CallTool", "McpService/Call"])
async def test_what_is_no_typed_rpc_is_not_found(front: Front, rpc: str) -> None:
    assert (await front.post(rpc, {})).status_code == 404


async def test_a_stream_is_a_line_for_each_message(front: Front) -> None:
    call = {"name": "countdown", "argumentsJson": '{"steps":3}'}
    told = (await front.post("ToolsService/WatchTool", {"call": call})).text.splitlines()
    events = [json.loads(line) for line in told]
    assert [list(event) for event in events] == [["progress"]] * 3 + [["result"]]


async def test_a_line_comes_when_it_is_told_and_leaving_cancels(tmp_path: Path) -> None:
    async with (
        served(tmp_path / "serve.log", EVERYTHING) as address,
        front_of(address, tmp_path) as front,
    ):
        call = {"call": {"name": "slow", "argumentsJson": '{"seconds":60}'}}
        path, sent = "/mcpgrpc.v1.ToolsService/WatchTool", {"content-type": "application/json"}
        async with front.http.stream("POST", path, json=call, headers=sent) as response:
            first = await anext(response.aiter_lines())
            assert "progress" in json.loads(first)
        asked = {"name": "cancelled_calls"}
        told: list[str] = []
        while not told:
            answer = await front.answer("ToolsService/CallTool", asked)
            told = json.loads(answer["complete"]["structuredContentJson"])["result"]
    assert told == ["1"]


async def test_credentials_reach_the_server_which_judges_them(tmp_path: Path) -> None:
    ring = KeyRing()
    keys = ("--api-keys", ring.save(tmp_path / "keys.toml"))
    async with (
        served(tmp_path / "serve.log", EVERYTHING, *keys) as address,
        front_of(address, tmp_path) as front,
    ):
        code, error = await front.error("ToolsService/CallTool", ADD)
        assert (code, error["details"][0]["reason"]) == (401, "UNAUTHENTICATED")
        bearer = {"authorization": f"Bearer {ring.good}"}
        assert (await front.answer("ToolsService/CallTool", ADD, **bearer))["complete"]


async def test_a_mirror_is_checked_behind_envoy(front: Front) -> None:
    code, error = await front.error("ToolsService/CallTool", ADD, **{"mcp-name": "other"})
    assert (code, error["details"][0]["reason"]) == (400, "HEADER_MISMATCH")
    truth = {"mcp-name": "add", "mcp-method": "tools/call"}
    assert (await front.answer("ToolsService/CallTool", ADD, **truth))["complete"]


async def test_a_body_of_megabytes_passes_and_one_beyond_the_limit_does_not(front: Front) -> None:
    def adding(size: int) -> Any:
        return {"name": "nothing", "argumentsJson": json.dumps({"text": "x" * size})}

    assert (await front.answer("ToolsService/CallTool", adding(8 * MIB)))["complete"]["isError"]
    # Envoy's own refusal, or the server's: what it counts is not what is sent.
    refused = await front.post("ToolsService/CallTool", adding(17 * MIB))
    assert refused.status_code in (413, 429)


async def test_grpc_passes_as_it_is(front: Front) -> None:
    async with grpc.aio.insecure_channel(front.address) as channel:
        stub: Any = tools_service_pb2_grpc.ToolsServiceStub(channel)
        call = tools_service_pb2.CallToolRequest(name="add", arguments_json='{"a":1,"b":2}')
        truth = (("mcp-name", "add"),)
        called = await stub.CallTool(call, timeout=SECONDS, metadata=truth)
        assert called.complete.content[0].text.text == "3"
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await stub.CallTool(call, timeout=SECONDS, metadata=(("mcp-name", "other"),))
    assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT


@pytest.mark.parametrize("rpc", ["session", "call"])
async def test_our_own_client_reaches_the_server_through_it(front: Front, rpc: Any) -> None:
    async with mcpgrpc.Client(front.address, rpc=rpc) as client:
        called = await client.call_tool("add", {"a": 1, "b": 2}, timeout=SECONDS)
    assert called.structured_content == {"result": 3}
