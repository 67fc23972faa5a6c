"""What a wrong typed client gets; nothing that is wrong reaches an app."""

from __future__ import annotations

import base64
from typing import Any

import grpc
import pytest

from mcpgrpc.v1 import (
    completion_service_pb2,
    content_pb2,
    prompts_service_pb2,
    request_pb2,
    resources_service_pb2,
    subscriptions_service_pb2,
    subscriptions_service_pb2_grpc,
    tools_service_pb2,
    tools_service_pb2_grpc,
)
from tests.typed.methods import METHODS, Method
from tests.typed.served import TYPED_META, Scripted, Ways
from tests.wire.raw import MAX_SECONDS

BY_RPC = {method.rpc: method for method in METHODS}
CALL = BY_RPC["CallTool"]
Tool = tools_service_pb2.CallToolRequest
Context = request_pb2.RequestContext
Complete = completion_service_pb2.CompleteRequest
Argument = completion_service_pb2.CompletionArgument
PROMPT = completion_service_pb2.PromptReference(name="plan")

UNKNOWN_THEME = content_pb2.Icon.FromString(
    content_pb2.Icon(src="s").SerializeToString() + b"\x20\x09"
)


def in_context(**fields: Any) -> Tool:
    return Tool(name="add", context=Context(**fields))


def retried(text: str) -> Tool:
    return Tool(name="add", retry=request_pb2.InputRetry(input_responses_json={"q": text}))


WRONG: dict[str, tuple[str, Any, str, int]] = {
    "no name of a tool": ("CallTool", Tool(), "name is required", -32602),
    "no URI": ("ReadResource", resources_service_pb2.ReadResourceRequest(), "uri is", -32602),
    "no name of a prompt": (
        "GetPrompt",
        prompts_service_pb2.GetPromptRequest(),
        "name is required",
        -32602,
    ),
    "no reference": ("Complete", Complete(argument=Argument(name="a")), "ref is", -32602),
    "an empty reference": (
        "Complete",
        Complete(prompt=completion_service_pb2.PromptReference(), argument=Argument(name="a")),
        "prompt.name is required",
        -32602,
    ),
    "no argument": ("Complete", Complete(prompt=PROMPT), "argument is required", -32602),
    "an argument without a name": (
        "Complete",
        Complete(prompt=PROMPT, argument=Argument(value="v")),
        "argument.name is required",
        -32602,
    ),
    "arguments that are no text of JSON": (
        "CallTool",
        Tool(name="add", arguments_json="{"),
        "arguments_json is not JSON",
        -32700,
    ),
    "empty arguments": ("CallTool", Tool(name="add", arguments_json=""), "not JSON", -32700),
    "arguments with more behind them": (
        "CallTool",
        Tool(name="add", arguments_json='{}, "name": "other"'),
        "arguments_json is not JSON",
        -32700,
    ),
    "arguments that close the request": (
        "CallTool",
        Tool(name="add", arguments_json='{}}, {"name": "other"'),
        "arguments_json is not JSON",
        -32700,
    ),
    "arguments that are no object": (
        "CallTool",
        Tool(name="add", arguments_json="[1]"),
        "arguments_json must be a JSON object",
        -32602,
    ),
    "arguments that are null": (
        "CallTool",
        Tool(name="add", arguments_json="null"),
        "arguments_json must be a JSON object",
        -32602,
    ),
    "arguments that nest too deep": (
        "CallTool",
        Tool(name="add", arguments_json='{"a":' + "[" * 600 + "]" * 600 + "}"),
        "arguments_json is nested deeper than 512",
        -32700,
    ),
    "capabilities that are no object": (
        "CallTool",
        in_context(client_capabilities_json="true"),
        "client_capabilities_json must be",
        -32602,
    ),
    "an unknown log level": ("CallTool", in_context(log_level=99), "log_level has no", -32602),
    "an unknown theme of an icon": (
        "CallTool",
        in_context(
            client_info=request_pb2.Implementation(name="n", version="1", icons=[UNKNOWN_THEME])
        ),
        "context.client_info.icons.theme has no value 9",
        -32602,
    ),
    "a program without a name": (
        "CallTool",
        in_context(client_info=request_pb2.Implementation(version="1")),
        "context.client_info.name is required",
        -32602,
    ),
    "a member of _meta that a field says": (
        "CallTool",
        in_context(extra_meta_json='{"io.modelcontextprotocol/protocolVersion":"2024-11-05"}'),
        "extra_meta_json says 'io.modelcontextprotocol/protocolVersion'",
        -32602,
    ),
    "a member of params that a field says": (
        "CallTool",
        in_context(extra_params_json='{"name":"other"}'),
        "extra_params_json says 'name'",
        -32602,
    ),
    "_meta among the params": (
        "CallTool",
        in_context(extra_params_json='{"_meta":{}}'),
        "extra_params_json says '_meta'",
        -32602,
    ),
    "a member that stands twice": (
        "CallTool",
        in_context(extra_meta_json='{"a":1,"a":2}'),
        "extra_meta_json holds a member twice",
        -32602,
    ),
    "a response to a question that is not JSON": ("CallTool", retried("yes"), "not JSON", -32700),
    "a response to a question that is no object": ("CallTool", retried("7"), "must be a", -32602),
}


@pytest.mark.parametrize("what", list(WRONG))
async def test_a_wrong_request_is_invalid_and_reaches_nobody(
    ways: Ways, backend: Scripted, what: str
) -> None:
    rpc, request, why, code = WRONG[what]
    refused = await ways.refused(BY_RPC[rpc], request)
    assert refused.code is grpc.StatusCode.INVALID_ARGUMENT
    assert why in refused.message
    assert (refused.domain, refused.error_code) == ("mcp", str(code))
    assert not backend.seen


async def test_a_subscription_whose_filter_is_wrong_is_invalid(
    ways: Ways, backend: Scripted
) -> None:
    said = subscriptions_service_pb2.SubscriptionFilter(extra_json="[]")
    stub: Any = subscriptions_service_pb2_grpc.SubscriptionsServiceStub(ways.channel)
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await stub.Listen(
            subscriptions_service_pb2.ListenRequest(notifications=said), timeout=MAX_SECONDS
        ).read()
    assert "notifications.extra_json must be a JSON object" in (refused.value.details() or "")
    assert not backend.seen


async def test_everything_that_a_context_says_stands_in_meta(ways: Ways, backend: Scripted) -> None:
    context = Context(
        protocol_version="2026-07-28",
        client_capabilities_json='{"elicitation":{}, "n": 1.50}',
        client_info=request_pb2.Implementation(
            name="n",
            version="1",
            website_url="https://example.com",
            icons=[content_pb2.Icon(src="s", sizes=["any"], theme=content_pb2.ICON_THEME_DARK)],
            extra_json='{"com.example":1}',
        ),
        log_level=request_pb2.LOGGING_LEVEL_NOTICE,
        extra_meta_json=' {"traceparent":"00-1","n":9007199254740993} ',
        extra_params_json='{"task":{"ttl":5}}',
    )
    await ways.typed(CALL, Tool(name="add", context=context))
    params = backend.seen[0].params
    prefix = "io.modelcontextprotocol/"
    assert params == {
        "name": "add",
        "task": {"ttl": 5},
        "_meta": {
            f"{prefix}protocolVersion": "2026-07-28",
            f"{prefix}clientCapabilities": {"elicitation": {}, "n": 1.5},
            f"{prefix}clientInfo": {
                "name": "n",
                "version": "1",
                "websiteUrl": "https://example.com",
                "icons": [{"src": "s", "sizes": ["any"], "theme": "dark"}],
                "com.example": 1,
            },
            f"{prefix}logLevel": "notice",
            "traceparent": "00-1",
            "n": 9007199254740993,
        },
    }
    assert '"n": 1.50' in (backend.seen[0].params_json or "")


async def test_another_revision_is_the_applications_to_judge(ways: Ways, backend: Scripted) -> None:
    await ways.typed(CALL, in_context(protocol_version="1999-01-01"))
    assert (backend.seen[0].params or {})["_meta"] == {
        **TYPED_META,
        "io.modelcontextprotocol/protocolVersion": "1999-01-01",
    }


@pytest.mark.parametrize("method", METHODS, ids=str)
async def test_bytes_that_are_no_message_harm_nobody(
    ways: Ways, backend: Scripted, method: Method
) -> None:
    service = type(method.stub(ways.channel)).__name__
    full = f"/mcpgrpc.v1.{service.removesuffix('Stub').removesuffix('Async')}/{method.rpc}"
    raw: Any = ways.channel.unary_unary(full)
    with pytest.raises(grpc.aio.AioRpcError):
        await raw(b"\xff\xff\xff", timeout=MAX_SECONDS)
    assert not backend.seen
    await ways.typed(method)


@pytest.mark.parametrize(
    "pairs",
    [
        (("mcp-method", "tools/list"),),
        (("mcp-name", "other"),),
        (("mcp-name", "add"), ("mcp-name", "add")),
        (("mcp-method", "tools/call"), ("mcp-method", "tools/call")),
        (("mcp-name", "=?base64?!!!?="),),
        (("mcp-name", f"=?base64?{base64.b64encode(b'other').decode()}?="),),
    ],
    ids=["method", "name", "name twice", "method twice", "no base64", "name in base64"],
)
async def test_a_mirror_that_does_not_tell_the_truth_is_refused(
    ways: Ways, backend: Scripted, pairs: tuple[tuple[str, str], ...]
) -> None:
    refused = await ways.refused(CALL, metadata=pairs)
    assert (refused.error_code, refused.reason) == ("-32020", "HEADER_MISMATCH")
    assert refused.code is grpc.StatusCode.INVALID_ARGUMENT
    assert not backend.seen


async def test_mirrors_that_tell_the_truth_are_no_matter(ways: Ways, backend: Scripted) -> None:
    encoded = f"=?base64?{base64.b64encode('é'.encode()).decode()}?="
    pairs = (("mcp-method", "tools/call"), ("mcp-name", encoded))
    await ways.typed(CALL, Tool(name="é"), metadata=pairs)
    await ways.typed(BY_RPC["ListTools"], metadata=(("mcp-method", "tools/list"),))
    assert len(backend.seen) == 2


async def test_a_list_has_no_name_to_mirror(ways: Ways, backend: Scripted) -> None:
    refused = await ways.refused(BY_RPC["ListTools"], metadata=(("mcp-name", "add"),))
    assert refused.error_code == "-32020"


def on_the_wire(number: int, data: bytes) -> bytes:
    """A field of protobuf whose value is these bytes."""
    assert len(data) < 128
    return bytes([number << 3 | 2, len(data)]) + data


@pytest.mark.parametrize("data", [b"\xff", b"\xed\xa0\x80", b"a\xc3"], ids=["ff", "half", "cut"])
async def test_text_that_is_no_utf8_harms_nobody(
    ways: Ways, backend: Scripted, data: bytes
) -> None:
    raw: Any = ways.channel.unary_unary("/mcpgrpc.v1.ToolsService/CallTool")
    with pytest.raises(grpc.aio.AioRpcError):
        await raw(on_the_wire(1, data), timeout=MAX_SECONDS)
    assert not backend.seen
    assert (await ways.typed(CALL)).WhichOneof("result")


async def test_a_field_of_a_newer_schema_is_ignored(ways: Ways, backend: Scripted) -> None:
    raw: Any = ways.channel.unary_unary("/mcpgrpc.v1.ToolsService/CallTool")
    await raw(on_the_wire(1, b"add") + on_the_wire(14, b"newer"), timeout=MAX_SECONDS)
    (seen,) = backend.seen
    assert (seen.params or {})["name"] == "add"
    assert "newer" not in (seen.params_json or "")


@pytest.mark.parametrize("escaped", ['"\\ud800"', '"\\udc00\\ud800"', "1e400", '{"a":1,"a":2}'])
async def test_json_that_parsers_differ_about_passes_as_it_is_or_is_refused(
    ways: Ways, backend: Scripted, escaped: str
) -> None:
    text = f'{{"value":{escaped}}}'
    try:
        await ways.typed(CALL, Tool(name="add", arguments_json=text))
    except grpc.aio.AioRpcError as error:
        code = error.code()
    else:
        code = grpc.StatusCode.OK
    assert code in (grpc.StatusCode.OK, grpc.StatusCode.INVALID_ARGUMENT)
    reached = [text in (seen.params_json or "") for seen in backend.seen]
    assert reached == ([True] if code is grpc.StatusCode.OK else [])
    await ways.typed(BY_RPC["ListTools"])


async def test_a_watch_without_a_call_is_invalid(ways: Ways, backend: Scripted) -> None:
    stub: Any = tools_service_pb2_grpc.ToolsServiceStub(ways.channel)
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await stub.WatchTool(tools_service_pb2.WatchToolRequest(), timeout=MAX_SECONDS).read()
    assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert "name is required" in (refused.value.details() or "")
    assert not backend.seen


async def test_a_request_of_one_byte_beyond_the_limit_is_refused_and_one_at_it_is_not(
    ways: Ways, backend: Scripted
) -> None:
    limit = 16 * 1024 * 1024
    empty = len(Tool(name="add", arguments_json="x" * limit).SerializeToString()) - limit
    for over in (0, 1):
        size = limit - empty + over
        text = '{"a":"' + "x" * (size - 8) + '"}'
        request = Tool(name="add", arguments_json=text)
        assert request.ByteSize() == limit + over
        if over:
            refused = await ways.refused(CALL, request)
            assert refused.code is grpc.StatusCode.RESOURCE_EXHAUSTED
        else:
            await ways.typed(CALL, request)
    assert len(backend.seen) == 1


async def test_a_cursor_of_another_list_is_the_applications_to_refuse(
    ways: Ways, backend: Scripted
) -> None:
    backend.fails(-32602, "Unknown cursor")
    request = tools_service_pb2.ListToolsRequest(cursor="resources:10")
    refused = await ways.refused(BY_RPC["ListTools"], request)
    assert refused.code is grpc.StatusCode.INVALID_ARGUMENT
    assert (backend.seen[0].params or {})["cursor"] == "resources:10"
