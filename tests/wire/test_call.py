"""Decisions 15, 16 and 20 of the binding: Call, its statuses, and who may say why."""

from __future__ import annotations

import asyncio
import json
from base64 import b64encode
from math import ceil
from typing import Any
from urllib.parse import quote

import grpc
import pytest

from mcpgrpc.binding.errors import Refusal
from mcpgrpc.v1 import envelope_pb2, errors_pb2
from mcpgrpc_server import Server
from mcpgrpc_server.status import bounded, details
from tests.wire.app import Probe
from tests.wire.raw import (
    INITIALIZE,
    OpenSession,
    RawCalls,
    RawSession,
    Serve,
    modern,
    request,
    tool,
)

LISTEN = modern({"notifications": {"toolsListChanged": True}})
TRAILER_LIMIT = 4 * 1024


def trailer_bytes(trailers: tuple[tuple[str, str | bytes], ...], message: str = "") -> int:
    """What trailers are on the wire: binary values in base64, the message percent-encoded."""
    values = sum(len(key) + 32 + ceil(len(value) * 4 / 3) for key, value in trailers)
    return values + len(quote(message))


async def test_decision_20_a_call_is_its_notifications_then_one_response(
    server: Server, calls: RawCalls
) -> None:
    messages, ended = await calls.run(server, tool(1, "progress", {"count": 5}, progressToken=1))
    kinds = [each.WhichOneof("message") for each in messages]
    assert kinds == ["notification"] * 5 + ["response"]
    assert messages[-1].response.id.integer == 1
    assert ended.code is grpc.StatusCode.OK


async def test_decision_20_an_mcp_error_is_an_envelope_in_an_ok_stream_with_a_trailer(
    server: Server, calls: RawCalls
) -> None:
    messages, ended = await calls.run(server, request(1, "nobody/knows", modern()))
    assert messages[-1].response.error.code == -32601
    assert ended.code is grpc.StatusCode.OK
    assert dict(ended.trailers)["mcpgrpc-error-code"] == "-32601"


async def test_decision_20_a_result_has_no_error_trailer(server: Server, calls: RawCalls) -> None:
    _, ended = await calls.run(server, tool(1, "echo", {"value": 1}))
    assert "mcpgrpc-error-code" not in dict(ended.trailers)


async def test_decision_20_initialize_on_a_call_is_an_unsupported_version(
    server: Server, calls: RawCalls
) -> None:
    messages, ended = await calls.run(server, request(1, "initialize", json.dumps(INITIALIZE)))
    assert messages[-1].response.error.code == -32022
    assert dict(ended.trailers)["mcpgrpc-error-code"] == "-32022"


async def test_a_call_without_the_modern_envelope_is_refused_as_the_sdk_does(
    server: Server, calls: RawCalls
) -> None:
    messages, _ = await calls.run(server, request(1, "tools/list", "{}"))
    assert messages[-1].response.error.code == -32602


@pytest.mark.parametrize(
    ("envelope", "code"),
    [
        (envelope_pb2.Envelope(), -32600),
        (request(None, "tools/list", modern()), -32600),
        (request(1, ""), -32600),
        (request(1, "tools/list", "{"), -32700),
        (request(1, "tools/list", "[]"), -32602),
    ],
)
async def test_a_call_that_is_no_request_is_answered(
    server: Server, calls: RawCalls, envelope: envelope_pb2.Envelope, code: int
) -> None:
    messages, ended = await calls.run(server, envelope)
    assert messages[-1].response.error.code == code
    assert ended.code is grpc.StatusCode.OK


async def test_decision_15_the_deadline_of_a_call_cancels_its_handler(
    server: Server, calls: RawCalls, probe: Probe
) -> None:
    _, ended = await calls.run(server, tool(1, "hold", {"key": "a"}), timeout=0.3)
    assert ended.code is grpc.StatusCode.DEADLINE_EXCEEDED
    await asyncio.wait_for(probe.cancelled["a"].wait(), 10)


async def test_cancelling_a_call_cancels_its_handler(
    server: Server, calls: RawCalls, probe: Probe
) -> None:
    rpc = calls.start(server, tool(1, "hold", {"key": "a"}))
    await asyncio.wait_for(probe.began["a"].wait(), 10)
    rpc.cancel()
    await asyncio.wait_for(probe.cancelled["a"].wait(), 10)


async def test_decision_20_a_refusal_of_the_service_is_the_status_with_its_reason(
    serve: Serve, calls: RawCalls
) -> None:
    server = await serve(max_message_bytes=400_000)
    messages, ended = await calls.run(server, tool(1, "large", {"size": 500_000}))
    assert not messages
    assert ended.code is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert (ended.reason, ended.execution) == ("MESSAGE_TOO_LARGE", "MAYBE")
    assert "400000" in ended.details


def test_trap_03_messages_are_cut_for_trailers_and_stay_text() -> None:
    refusal = Refusal(errors_pb2.ERROR_REASON_TIMEOUT, "ü" * 20_000)
    trailers = (("grpc-status-details-bin", details(refusal)),)
    assert trailer_bytes(trailers, bounded(refusal.message)) < TRAILER_LIMIT
    assert bounded("short") == "short"
    assert bounded("ü" * 20_000).endswith("...")


async def test_trap_03_an_mcp_error_of_20_kb_does_not_touch_the_trailers(
    server: Server, calls: RawCalls
) -> None:
    message = "ü" * 20_000
    messages, ended = await calls.run(server, tool(1, "forge", {"code": 1, "message": message}))
    assert messages[-1].response.error.message == message
    assert ended.code is grpc.StatusCode.OK
    assert trailer_bytes(ended.trailers) < TRAILER_LIMIT


@pytest.mark.parametrize("code", [0, 4, 8, 14, 16, -32603])
async def test_decision_16_an_app_cannot_forge_a_reason(
    server: Server, session: RawSession, calls: RawCalls, code: int
) -> None:
    response = await session.call(1, "forge", {"code": code})
    messages, ended = await calls.run(server, tool(1, "forge", {"code": code}))
    for each in (response, messages[-1].response):
        assert each.error.code == code
        assert each.reason == errors_pb2.ERROR_REASON_UNSPECIFIED
        assert each.execution == errors_pb2.EXECUTION_UNSPECIFIED
        assert json.loads(each.error.data_json)["reason"] == "DRAINING"
    assert ended.code is grpc.StatusCode.OK
    assert dict(ended.trailers)["mcpgrpc-error-code"] == str(code)


async def test_a_listen_on_a_call_ends_with_its_result_in_a_drain(
    server: Server, calls: RawCalls
) -> None:
    rpc = calls.start(server, request("sub", "subscriptions/listen", LISTEN))
    first = await asyncio.wait_for(rpc.read(), 10)
    assert first.notification.method == "notifications/subscriptions/acknowledged"
    drain = asyncio.create_task(server.drain(grace_seconds=10))
    messages, ended = await calls.finish(rpc)
    assert json.loads(messages[-1].response.result_json)["resultType"] == "complete"
    assert ended.code is grpc.StatusCode.OK
    await asyncio.wait_for(drain, 10)


def in_base64(text: str) -> str:
    """A mirror of what is no text of HTTP."""
    return f"=?base64?{b64encode(text.encode()).decode()}?="


@pytest.mark.parametrize(
    "pairs",
    [
        (("mcp-method", "tools/list"),),
        (("mcp-name", "other"),),
        (("mcp-name", "echo"), ("mcp-name", "echo")),
        (("mcp-name", "echo"), ("mcp-name", "other")),
        (("mcp-method", "tools/call"), ("mcp-method", "tools/call")),
        (("mcp-name", "=?base64?!!!?="),),
        (("mcp-name", in_base64("other")),),
    ],
    ids=["method", "name", "name twice", "two names", "method twice", "no base64", "in base64"],
)
async def test_decision_21_a_mirror_that_does_not_tell_the_truth_is_refused(
    server: Server, calls: RawCalls, pairs: tuple[tuple[str, str], ...]
) -> None:
    messages, ended = await calls.run(server, tool(1, "echo", {"value": 1}), pairs=pairs)
    response = messages[-1].response
    assert (response.error.code, response.id.integer) == (-32020, 1)
    assert ended.code is grpc.StatusCode.OK
    assert dict(ended.trailers)["mcpgrpc-error-code"] == "-32020"


async def test_decision_21_mirrors_that_tell_the_truth_are_no_matter(
    server: Server, calls: RawCalls
) -> None:
    for name in ("echo", in_base64("echo")):
        pairs = (("mcp-method", "tools/call"), ("mcp-name", name))
        messages, _ = await calls.run(server, tool(1, "echo", {"value": 1}), pairs=pairs)
        assert messages[-1].response.HasField("result_json")
    listing = request(2, "tools/list", modern())
    messages, _ = await calls.run(server, listing, pairs=(("mcp-method", "tools/list"),))
    assert messages[-1].response.HasField("result_json")


async def test_a_tool_on_a_call_cannot_ask_its_client(server: Server, calls: RawCalls) -> None:
    messages, _ = await calls.run(server, tool(1, "ask", {"key": "a"}))
    response = messages[-1].response
    assert response.HasField("error") or json.loads(response.result_json)["isError"]


async def test_a_tool_sees_headers_and_identity_and_no_credential(
    server: Server, calls: RawCalls, opened: OpenSession
) -> None:
    credentials = {"authorization": "Bearer secret", "cookie": "a=secret", "x_api_key": "secret"}
    messages, _ = await calls.run(server, tool(1, "whoami"), x_tenant="blue", **credentials)
    session = await opened(server, x_tenant="blue", **credentials)
    response = await session.call(1, "whoami")
    for each in (messages[-1].response, response):
        seen = json.loads(each.result_json)["structuredContent"]
        assert seen["headers"]["x-tenant"] == "blue"
        assert seen["headers"]["mcp-protocol-version"] == "2026-07-28"
        assert seen["subject"] == "anonymous"
        assert seen["peer"].startswith("ipv4:127.0.0.1")
        assert "secret" not in each.result_json


async def test_a_tool_sees_the_version_of_a_legacy_session(session: RawSession) -> None:
    await session.initialize()
    params = json.dumps({"name": "whoami", "arguments": {}})
    response = await session.ask(1, "tools/call", params)
    headers = json.loads(response.result_json)["structuredContent"]["headers"]
    assert headers["mcp-protocol-version"] == "2025-11-25"


async def test_headers_of_a_door_overlay_the_streams_without_its_credentials(
    server: Server, opened: OpenSession
) -> None:
    session = await opened(server, x_tenant="blue")
    envelope = tool(1, "whoami")
    for name, value in (("X-Tenant", "green"), ("Authorization", "secret"), ("x-new", "1")):
        envelope.door.headers.add(name=name, value=value)
    await session.send(envelope)
    response = await session.response(1)
    headers = json.loads(response.result_json)["structuredContent"]["headers"]
    assert (headers["x-tenant"], headers["x-new"]) == ("green", "1")
    assert "secret" not in response.result_json


async def test_a_call_of_bytes_that_do_not_decode_harms_nobody(
    server: Server, other: RawSession
) -> None:
    raw: Any = other.channel.unary_stream("/mcpgrpc.v1.McpService/Call")
    bad = raw(b"\xff\xff\xff", timeout=10)
    with pytest.raises(grpc.aio.AioRpcError):
        await bad.read()
    assert await bad.code() is not grpc.StatusCode.OK
