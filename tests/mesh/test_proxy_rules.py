"""The shipped Envoy: who is let in, which tools may be asked for by name, and what is logged."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import grpc
import pytest

from mcpgrpc.v1 import (
    mcp_service_pb2,
    mcp_service_pb2_grpc,
    tools_service_pb2,
    tools_service_pb2_grpc,
)
from tests.mesh.proxy import ALL, FEW, Front, proxied
from tests.wire.raw import tool

SECONDS = 30.0
CALL_TOOL = "/mcpgrpc.v1.ToolsService/CallTool"
LIST_TOOLS = "/mcpgrpc.v1.ToolsService/ListTools"

pytestmark = pytest.mark.timeout(120)


@pytest.fixture(scope="module")
async def front(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Front]:
    """Two replicas behind it; no test depends on what another did to it."""
    async with proxied(tmp_path_factory.mktemp("proxy")) as opened:
        await opened.envoy.wait_healthy(*opened.replicas.addresses)
        yield opened


async def called(front: Front, host: str, execution: str, *mirrors: tuple[str, str]) -> Any:
    """A typed call of `record`."""
    arguments = json.dumps({"id": execution})
    request = tools_service_pb2.CallToolRequest(name="record", arguments_json=arguments)
    async with front.channel(host) as channel:
        stub: Any = tools_service_pb2_grpc.ToolsServiceStub(channel)
        return await stub.CallTool(request, timeout=SECONDS, metadata=(*front.metadata, *mirrors))


def as_call(execution: str) -> mcp_service_pb2.CallRequest:
    """The same as a Call."""
    return mcp_service_pb2.CallRequest(request=tool(1, "record", {"id": execution}).request)


def executed(front: Front, execution: str) -> int:
    return front.replicas.executions()[execution]


async def test_a_tool_that_the_route_allows_is_called(front: Front) -> None:
    answer = await called(front, FEW, "allowed", ("mcp-name", "record"))
    assert answer.complete.content[0].text.text == "allowed"
    assert executed(front, "allowed") == 1


@pytest.mark.parametrize(
    ("execution", "mirrors"),
    [
        ("unnamed", ()),
        ("named-otherwise", (("mcp-name", "book"),)),
        ("name-of-more", (("mcp-name", "records"),)),
        ("name-in-base64", (("mcp-name", "=?base64?cmVjb3Jk?="),)),
    ],
    ids=["none", "another", "longer", "base64"],
)
async def test_a_call_without_the_name_of_an_allowed_tool_is_refused_by_the_proxy(
    front: Front, execution: str, mirrors: tuple[tuple[str, str], ...]
) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await called(front, FEW, execution, *mirrors)
    assert refused.value.code() is grpc.StatusCode.PERMISSION_DENIED
    assert executed(front, execution) == 0
    line = await front.line(authority=FEW, rpc=CALL_TOOL, mcp_name=dict(mirrors).get("mcp-name"))
    assert (line["details"], line["server"]) == ("direct_response", None)


async def test_a_name_that_is_not_that_of_the_call_is_refused_by_the_server(front: Front) -> None:
    request = tools_service_pb2.CallToolRequest(name="book", arguments_json='{"city": "Rome"}')
    async with front.channel(FEW) as channel:
        stub: Any = tools_service_pb2_grpc.ToolsServiceStub(channel)
        lie = (*front.metadata, ("mcp-name", "record"))
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await stub.CallTool(request, timeout=SECONDS, metadata=lie)
    assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT


@pytest.mark.parametrize("second", ["record", "book"])
async def test_a_name_that_stands_twice_is_refused_by_the_proxy_or_the_server(
    front: Front, second: str
) -> None:
    execution = f"twice-then-{second}"
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await called(front, FEW, execution, ("mcp-name", "record"), ("mcp-name", second))
    codes = (grpc.StatusCode.PERMISSION_DENIED, grpc.StatusCode.INVALID_ARGUMENT)
    assert refused.value.code() in codes
    assert executed(front, execution) == 0


@pytest.mark.parametrize("host", [FEW, ALL], ids=["few", "all"])
async def test_a_session_is_open_to_all_tools_and_denied_where_few_may_be_called(
    front: Front, host: str
) -> None:
    async with front.channel(host) as channel:
        stub: Any = mcp_service_pb2_grpc.McpServiceStub(channel)
        stream = stub.Session(timeout=SECONDS, metadata=front.metadata)
        if host == FEW:
            assert await stream.code() is grpc.StatusCode.PERMISSION_DENIED
        else:
            first = await stream.read()
            assert first.items[0].HasField("settings")
            stream.cancel()


@pytest.mark.parametrize("host", [FEW, ALL], ids=["few", "all"])
async def test_a_call_of_any_method_is_denied_where_few_tools_may_be_called(
    front: Front, host: str
) -> None:
    # The server does not check on a Call whether this is true.
    mirrors = (("mcp-method", "tools/call"), ("mcp-name", "record"))
    execution = f"call-at-{host}"
    async with front.channel(host) as channel:
        stub: Any = mcp_service_pb2_grpc.McpServiceStub(channel)
        sent = (*front.metadata, *mirrors)
        call = stub.Call(as_call(execution), timeout=SECONDS, metadata=sent)
        if host == FEW:
            assert await call.code() is grpc.StatusCode.PERMISSION_DENIED
        else:
            answers = [answer async for answer in call]
            assert answers[-1].response.HasField("result_json"), answers
    assert executed(front, execution) == (host == ALL)


@pytest.mark.parametrize("token", ["", "Bearer nonsense"], ids=["none", "nonsense"])
async def test_without_a_token_the_proxy_answers_for_the_server(front: Front, token: str) -> None:
    request = tools_service_pb2.CallToolRequest(name="record", arguments_json='{"id": "stranger"}')
    async with front.channel() as channel:
        stub: Any = tools_service_pb2_grpc.ToolsServiceStub(channel)
        sent = (("authorization", token), ("mcp-name", f"by {len(token)}")) if token else ()
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await stub.CallTool(request, timeout=SECONDS, metadata=sent)
    assert refused.value.code() is grpc.StatusCode.UNAUTHENTICATED
    assert executed(front, "stranger") == 0
    line = await front.line(
        grpc_status="Unauthenticated", mcp_name=f"by {len(token)}" if token else None
    )
    assert line["details"].startswith("jwt_authn_access_denied")
    assert line["server"] is None


async def test_plain_json_lists_and_calls_tools(front: Front) -> None:
    sent = {"authorization": f"Bearer {front.token}", "host": ALL}
    listed = await front.http.post(LIST_TOOLS, json={}, headers=sent)
    names = {tool["name"] for tool in listed.json()["complete"]["tools"]}
    assert "record" in names
    call = {"name": "record", "argumentsJson": '{"id": "json"}'}
    answer = await front.http.post(CALL_TOOL, json=call, headers=sent)
    assert answer.json()["complete"]["content"] == [{"text": {"text": "json"}}]
    refused = await front.http.post(CALL_TOOL, json=call, headers={**sent, "host": FEW})
    assert refused.status_code == 403
    assert (await front.http.post(LIST_TOOLS, json={})).status_code == 401
    assert executed(front, "json") == 1


async def test_the_access_log_has_the_words_of_mcp_and_no_token(front: Front) -> None:
    await called(front, ALL, "logged", ("mcp-name", "record"), ("mcp-method", "tools/call"))
    line = await front.line(rpc=CALL_TOOL, mcp_method="tools/call", mcp_name="record")
    assert line["authority"] == ALL
    assert (line["grpc_status"], line["subject"], line["attempts"]) == ("OK", "alice", 1)
    assert line["server"] in front.replicas.addresses
    assert line["duration_ms"] >= 0
    signature = front.token.rpartition(".")[2]
    assert len(signature) > 40
    assert "eyJ" not in front.log.read_text(encoding="utf-8"), "a token begins so"


async def test_each_request_of_one_connection_is_balanced_by_itself(front: Front) -> None:
    executions = [f"spread-{number}" for number in range(64)]
    async with front.channel() as channel:
        stub: Any = tools_service_pb2_grpc.ToolsServiceStub(channel)
        for execution in executions:
            request = tools_service_pb2.CallToolRequest(
                name="record", arguments_json=json.dumps({"id": execution})
            )
            await stub.CallTool(request, timeout=SECONDS, metadata=front.metadata)
    for replica in front.replicas.each:
        # By chance alone one of the two would get none once in 2^63.
        assert set(executions) & set(replica.ids)
    assert all(executed(front, each) == 1 for each in executions)
