"""WatchTool and Listen: what is told before the end, in its order, and how a stream ends."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import grpc
import pytest

from mcpgrpc.v1 import (
    envelope_pb2,
    request_pb2,
    subscriptions_service_pb2,
    subscriptions_service_pb2_grpc,
    tools_service_pb2,
    tools_service_pb2_grpc,
)
from mcpgrpc_server import Server, ServerSettings
from mcpgrpc_server.backend import Client, ServerCall
from tests.contract.features import NOTES_URI
from tests.contract.journal import Journal
from tests.contract.lowlevel_app import lowlevel_app
from tests.typed.oracle import object_of, result_of, same
from tests.typed.served import Scripted, Ways, connected, failed, soon, ways_to
from tests.wire.raw import MAX_SECONDS

LISTENED = "io.modelcontextprotocol/subscriptionId"
WATCHED = tools_service_pb2.CallToolRequest(
    name="watched", context=request_pb2.RequestContext(log_level=request_pb2.LOGGING_LEVEL_DEBUG)
)
TOLD: tuple[tuple[str, Any], ...] = (
    ("notifications/progress", {"progressToken": 1, "progress": 0.5}),
    ("notifications/progress", {"progressToken": 1, "progress": 1, "total": 4, "message": "é"}),
    ("notifications/progress", {"progressToken": 1, "progress": 2, "_meta": {"a": 1}, "x": None}),
    ("notifications/message", {"level": "warning", "data": None}),
    ("notifications/message", {"level": "info", "data": {"n": 10**30}, "logger": "db"}),
    ("notifications/message", {"level": "loud", "data": "said"}),
)
UNTYPED: tuple[tuple[str, Any], ...] = (
    ("notifications/com.example", {"any": [1.5]}),
    ("notifications/com.example", None),
    ("notifications/progress", {"progressToken": 1, "progress": "half"}),
    ("notifications/progress", None),
    ("notifications/message", {"level": "info"}),
)

pytestmark = pytest.mark.filterwarnings("ignore::mcp.MCPDeprecationWarning")


def tells(backend: Scripted, told: tuple[tuple[str, Any], ...]) -> None:
    """Let the backend notify, and then answer."""

    async def answer(call: ServerCall, client: Client) -> envelope_pb2.JsonRpcResponse:
        for method, params in told:
            text = None if params is None else json.dumps(params)
            await client.notify(method, text, call.request.id)
        return envelope_pb2.JsonRpcResponse(result_json='{"content":[]}')

    backend.answer = answer


async def watch(ways: Ways, call: tools_service_pb2.CallToolRequest = WATCHED) -> list[Any]:
    """Every event of a call."""
    stub: Any = tools_service_pb2_grpc.ToolsServiceStub(ways.channel)
    rpc = stub.WatchTool(tools_service_pb2.WatchToolRequest(call=call), timeout=MAX_SECONDS)
    return [event async for event in rpc]


def listen(ways: Ways, request: Any = None, **options: Any) -> Any:
    """Begin to listen for everything; gives gRPC's own object."""
    everything = subscriptions_service_pb2.SubscriptionFilter(
        tools_list_changed=True, resource_subscriptions=[NOTES_URI]
    )
    if request is None:
        request = subscriptions_service_pb2.ListenRequest(notifications=everything)
    stub: Any = subscriptions_service_pb2_grpc.SubscriptionsServiceStub(ways.channel)
    return stub.Listen(request, **{"timeout": MAX_SECONDS, **options})


def typed_events(events: list[Any], told: tuple[tuple[str, Any], ...]) -> Iterator[bool]:
    """Whether each event says what was told."""
    for event, (method, params) in zip(events, told, strict=True):
        kind = event.WhichOneof("event")
        if kind == "other_notification":
            other = event.other_notification
            text = json.loads(other.params_json) if other.HasField("params_json") else None
            yield other.method == method and same(text, params)
        else:
            expected = {key: each for key, each in params.items() if key != "progressToken"}
            yield same(object_of(getattr(event, kind)), expected)


async def test_what_a_tool_tells_stands_before_its_result_in_order_and_loses_nothing(
    ways: Ways, backend: Scripted
) -> None:
    tells(backend, TOLD)
    *events, last = await watch(ways)
    assert [event.WhichOneof("event") for event in events] == ["progress"] * 3 + ["log"] * 3
    assert all(typed_events(events, TOLD))
    assert same(result_of(last.result), {"resultType": "complete", "content": []})


async def test_a_notification_that_no_message_holds_comes_as_it_is(
    ways: Ways, backend: Scripted
) -> None:
    tells(backend, UNTYPED)
    *events, last = await watch(ways)
    assert {event.WhichOneof("event") for event in events} == {"other_notification"}
    assert all(typed_events(events, UNTYPED))
    assert last.HasField("result")


async def test_calling_without_watching_drops_what_the_tool_tells(
    ways: Ways, backend: Scripted
) -> None:
    tells(backend, (*TOLD, *UNTYPED))
    stub: Any = tools_service_pb2_grpc.ToolsServiceStub(ways.channel)
    response = await stub.CallTool(WATCHED, timeout=MAX_SECONDS)
    assert same(result_of(response), {"resultType": "complete", "content": []})


async def test_progress_is_asked_for_by_watching_alone(ways: Ways, backend: Scripted) -> None:
    await watch(ways)
    stub: Any = tools_service_pb2_grpc.ToolsServiceStub(ways.channel)
    await stub.CallTool(WATCHED, timeout=MAX_SECONDS)
    watched, called = (call.params or {} for call in backend.seen)
    assert watched["_meta"].pop("progressToken") == 1
    assert watched == called


async def test_an_error_ends_a_watched_call_after_what_was_told(
    ways: Ways, backend: Scripted
) -> None:
    async def answer(call: ServerCall, client: Client) -> envelope_pb2.JsonRpcResponse:
        await client.notify(*_json(TOLD[0]), call.request.id)
        error = envelope_pb2.JsonRpcError(code=-32603, message="it broke")
        return envelope_pb2.JsonRpcResponse(error=error)

    backend.answer = answer
    stub: Any = tools_service_pb2_grpc.ToolsServiceStub(ways.channel)
    rpc = stub.WatchTool(tools_service_pb2.WatchToolRequest(call=WATCHED), timeout=MAX_SECONDS)
    assert (await rpc.read()).HasField("progress")
    with pytest.raises(grpc.aio.AioRpcError) as ended:
        await rpc.read()
    what = failed(ended.value)
    assert (what.code, what.message) == (grpc.StatusCode.INTERNAL, "it broke")
    assert (what.domain, what.reason) == ("mcp", "INTERNAL_ERROR")


async def test_a_watched_call_may_be_answered_that_input_is_required(
    ways: Ways, backend: Scripted
) -> None:
    result = {"resultType": "input_required", "requestState": "s", "inputRequests": {}}
    backend.says(json.dumps(result))
    (last,) = await watch(ways)
    assert last.result.WhichOneof("result") == "input_required"
    assert same(result_of(last.result), result)


async def test_a_subscription_hears_what_it_asked_for() -> None:
    async with ways_to(lowlevel_app(Journal())) as ways:
        rpc = listen(ways)
        first = (await rpc.read()).acknowledged
        assert first.notifications.tools_list_changed
        assert list(first.notifications.resource_subscriptions) == [NOTES_URI]
        stub: Any = tools_service_pb2_grpc.ToolsServiceStub(ways.channel)
        call = tools_service_pb2.CallToolRequest(name="announce", arguments_json="{}")
        await stub.CallTool(call, timeout=MAX_SECONDS)
        changed, updated = await rpc.read(), await rpc.read()
        rpc.cancel()
    assert json.loads(changed.tools_list_changed.meta_json) == {LISTENED: 1}
    assert updated.resource_updated.uri == NOTES_URI


async def test_every_change_has_its_event_and_anything_else_comes_as_it_is(
    ways: Ways, backend: Scripted
) -> None:
    told: tuple[tuple[str, Any], ...] = (
        ("notifications/subscriptions/acknowledged", {"notifications": {"promptsListChanged": 1}}),
        ("notifications/prompts/list_changed", {"_meta": {LISTENED: 1}}),
        ("notifications/resources/list_changed", {}),
        ("notifications/tools/list_changed", {"unheardOf": [None]}),
        ("notifications/resources/updated", {"uri": "a:b", "_meta": {}}),
        ("notifications/resources/updated", {"uri": 7}),
        ("notifications/com.example", {"any": 1}),
    )
    tells(backend, told)
    *events, last = [event async for event in listen(ways)]
    assert [event.WhichOneof("event") for event in events] == [
        "acknowledged",
        "prompts_list_changed",
        "resources_list_changed",
        "tools_list_changed",
        "resource_updated",
        "other_notification",
        "other_notification",
    ]
    assert all(typed_events(events, told))
    assert last.HasField("complete")


async def test_a_filter_says_all_that_it_holds(ways: Ways, backend: Scripted) -> None:
    said = subscriptions_service_pb2.SubscriptionFilter(
        tools_list_changed=False,
        prompts_list_changed=True,
        resource_subscriptions=["a:b", "é"],
        extra_json='{"com.example":[1.50]}',
    )
    request = subscriptions_service_pb2.ListenRequest(notifications=said)
    assert [event async for event in listen(ways, request)]
    assert [event async for event in listen(ways, subscriptions_service_pb2.ListenRequest())]
    first, second = (call.params or {} for call in backend.seen)
    assert first["notifications"] == {
        "toolsListChanged": False,
        "promptsListChanged": True,
        "resourceSubscriptions": ["a:b", "é"],
        "com.example": [1.5],
    }
    assert second["notifications"] == {}


async def test_a_drain_completes_a_subscription_and_its_rpc_ends_ok() -> None:
    server = Server(
        lowlevel_app(Journal()), ["127.0.0.1:0"], settings=ServerSettings.model_validate({})
    )
    async with server, connected(server) as ways:
        rpc = listen(ways)
        assert (await rpc.read()).HasField("acknowledged")
        drain = asyncio.create_task(server.drain(grace_seconds=MAX_SECONDS))
        last = await rpc.read()
        assert await rpc.code() is grpc.StatusCode.OK
        await asyncio.wait_for(drain, MAX_SECONDS)
    assert json.loads(last.complete.meta_json)[LISTENED] == 1


async def test_subscriptions_beyond_the_callers_streams_are_refused() -> None:
    async with ways_to(lowlevel_app(Journal()), max_streams_per_caller=1) as ways:
        rpc = listen(ways)
        assert (await rpc.read()).HasField("acknowledged")
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await listen(ways).read()
        rpc.cancel()
    assert (failed(refused.value).domain, failed(refused.value).reason) == (
        "mcpgrpc",
        "STREAM_LIMIT",
    )


async def test_leaving_a_subscription_cancels_it(ways: Ways, backend: Scripted) -> None:
    began, ended = asyncio.Event(), asyncio.Event()

    async def answer(call: ServerCall, client: Client) -> envelope_pb2.JsonRpcResponse:
        began.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()
        raise AssertionError

    backend.answer = answer
    rpc = listen(ways)
    await soon(began)
    rpc.cancel()
    await soon(ended)


def _json(told: tuple[str, Any]) -> tuple[str, str]:
    method, params = told
    return method, json.dumps(params)
