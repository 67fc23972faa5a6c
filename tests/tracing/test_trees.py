"""One tree from a client to a tool's own span, over every wire of the service itself."""

from __future__ import annotations

import asyncio
from typing import Any

import grpc
import mcp
import pytest
from opentelemetry import trace
from opentelemetry.trace import StatusCode

import mcpgrpc
from mcpgrpc.errors import RemoteError, RequestTimeout, ServiceError
from mcpgrpc.testing import serving
from mcpgrpc.v1 import tools_service_pb2, tools_service_pb2_grpc
from mcpgrpc_server import Server, ServerSettings
from tests.metrics.scraped import scraped
from tests.tracing.app import adding
from tests.tracing.collected import Collected, attributes, traceparent

MODERN = "2026-07-28"
SECONDS = 20
TREE = ["CLIENT tools/call add", "  SERVER tools/call add", "    INTERNAL adding"]
PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
WIRES = pytest.mark.parametrize(
    ("mode", "rpc"),
    [("legacy", "session"), (MODERN, "session"), (MODERN, "call")],
    ids=["legacy-session", "modern-session", "modern-call"],
)


def client(address: str, mode: str = MODERN, rpc: str = "session", **more: Any) -> mcpgrpc.Client:
    return mcpgrpc.Client(address, mode=mode, rpc=rpc, timeout_seconds=SECONDS, **more)


@WIRES
async def test_the_tools_own_span_hangs_below_the_clients(
    spans: Collected, mode: str, rpc: str
) -> None:
    async with serving(adding()) as address, client(address, mode, rpc) as caller:
        assert (await caller.call_tool("add", {"a": 1, "b": 2})).structured_content == {"result": 3}
    assert spans.tree("INTERNAL adding") == TREE


@WIRES
async def test_the_span_of_a_request_says_what_the_sdks_would_and_the_rpc(
    spans: Collected, mode: str, rpc: str
) -> None:
    async with serving(adding()) as address, client(address, mode, rpc) as caller:
        await caller.call_tool("add", {"a": 1, "b": 2})
    version = MODERN if mode == MODERN else caller.protocol_version
    said = attributes(spans.one("SERVER tools/call add"))
    request_id = said.pop("jsonrpc.request.id")
    assert said == {
        "mcp.method.name": "tools/call",
        "mcp.protocol.version": version,
        "gen_ai.operation.name": "execute_tool",
        "gen_ai.tool.name": "add",
        "rpc.system": "grpc",
        "rpc.service": "mcpgrpc.v1.McpService",
        "rpc.method": rpc.capitalize(),
    }
    assert attributes(spans.one("CLIENT tools/call add"))["jsonrpc.request.id"] == request_id


@WIRES
async def test_the_trace_of_a_request_is_an_exemplar_on_the_page_of_metrics(
    spans: Collected, mode: str, rpc: str
) -> None:
    server = Server(adding(), ["127.0.0.1:0"], settings=ServerSettings(metrics="127.0.0.1:0"))
    async with server:
        async with client(server.addresses[0], mode, rpc) as caller:
            await caller.call_tool("add", {"a": 1, "b": 2})
        page = await scraped(server.metrics_address)
    shown = [
        each.exemplar.labels["trace_id"]
        for each in page.samples
        if each.exemplar is not None and each.labels.get("method") == "tools/call"
    ]
    span = spans.one("SERVER tools/call add")
    assert shown == [f"{span.context.trace_id:032x}"]


async def test_prompts_and_resources_are_named_as_the_sdk_names_them(spans: Collected) -> None:
    async with serving(adding()) as address, client(address) as caller:
        await caller.get_prompt("greet", {"name": "Ada"})
        await caller.read_resource("book://one")
        await caller.list_tools()
    assert attributes(spans.one("SERVER prompts/get greet"))["gen_ai.prompt.name"] == "greet"
    assert attributes(spans.one("SERVER resources/read"))["mcp.resource.uri"] == "book://one"
    assert spans.tree("SERVER tools/list") == ["CLIENT tools/list", "  SERVER tools/list"]


async def test_the_clients_span_hangs_below_the_programs_own(spans: Collected) -> None:
    async with serving(adding()) as address, client(address) as caller:
        with trace.get_tracer("agent").start_as_current_span("answering"):
            await caller.call_tool("add", {"a": 1, "b": 2})
    assert spans.tree("INTERNAL adding") == ["INTERNAL answering", *("  " + line for line in TREE)]


async def test_many_calls_on_one_stream_do_not_mix_their_traces(spans: Collected) -> None:
    async with serving(adding()) as address, client(address) as caller:
        calls = [caller.call_tool("add", {"a": number, "b": 0}) for number in range(20)]
        await asyncio.gather(*calls)
    parents = {span.parent.span_id for span in spans.named("INTERNAL adding") if span.parent}
    served = spans.named("SERVER tools/call add")
    assert parents == {span.context.span_id for span in served if span.context}
    assert len({span.context.trace_id for span in served if span.context}) == 20


async def test_a_program_without_an_event_loop_is_traced_as_well(spans: Collected) -> None:
    def work(address: str) -> None:
        agent = trace.get_tracer("agent").start_as_current_span("answering")
        with mcpgrpc.SyncClient(address, mode=MODERN) as caller, agent:
            caller.call_tool("add", {"a": 1, "b": 2})

    async with serving(adding()) as address:
        await asyncio.to_thread(work, address)
    assert spans.tree("INTERNAL adding") == ["INTERNAL answering", *("  " + line for line in TREE)]


@pytest.mark.parametrize("kind", [mcp.Client, mcpgrpc.SdkClient], ids=["the SDK's", "ours"])
async def test_the_sdks_client_has_its_own_span_above(spans: Collected, kind: Any) -> None:
    async with serving(adding()) as address, kind(mcpgrpc.transport(address)) as caller:
        await caller.call_tool("add", {"a": 1, "b": 2})
    assert spans.tree("INTERNAL adding") == [
        TREE[0].replace("CLIENT", "CLIENT MCP send"),
        *TREE[1:],
    ]


async def test_a_typed_call_takes_its_parent_from_the_metadata(spans: Collected) -> None:
    async with serving(adding()) as address, grpc.aio.insecure_channel(address) as channel:
        stub: Any = tools_service_pb2_grpc.ToolsServiceStub(channel)
        call = tools_service_pb2.CallToolRequest(name="add", arguments_json='{"a":1,"b":2}')
        await stub.CallTool(call, timeout=SECONDS, metadata=(("traceparent", PARENT),))
    served = spans.one("SERVER tools/call add")
    assert served.parent is not None
    assert f"{served.parent.trace_id:032x}-{served.parent.span_id:016x}" == PARENT[3:-3]
    assert attributes(served)["rpc.service"] == "mcpgrpc.v1.ToolsService"
    assert attributes(served)["rpc.method"] == "CallTool"
    assert spans.tree("INTERNAL adding") == ["SERVER tools/call add", "  INTERNAL adding"]


async def test_meta_goes_before_metadata(spans: Collected) -> None:
    other = (("traceparent", "00-" + "1" * 32 + "-" + "2" * 16 + "-01"),)
    async with serving(adding()) as address, client(address, metadata=other) as caller:
        await caller.call_tool("add", {"a": 1, "b": 2})
    assert spans.tree("INTERNAL adding") == TREE


async def test_a_tool_is_told_of_the_clients_span_and_nothing_else_of_meta_changes(
    spans: Collected,
) -> None:
    async with serving(adding()) as address, client(address) as caller:
        said = await caller.call_tool("sent", {}, meta={"x": 1})
    told = traceparent(spans.one("CLIENT tools/call sent"))
    assert f'"meta": {{"traceparent": "{told}"}}' in str(said.content[0].text)


async def test_a_tool_that_fails_sets_the_status_on_both_sides(spans: Collected) -> None:
    async with serving(adding()) as address, client(address) as caller:
        assert (await caller.call_tool("fail", {})).is_error
    for name in ("SERVER tools/call fail", "CLIENT tools/call fail"):
        assert spans.one(name).status.status_code is StatusCode.ERROR
        assert attributes(spans.one(name))["error.type"] == "tool_error"


async def test_an_error_sets_the_status_with_its_code(spans: Collected) -> None:
    async with serving(adding()) as address, client(address) as caller:
        with pytest.raises(RemoteError):
            await caller.request("no/method", {})
    for name in ("SERVER no/method", "CLIENT no/method"):
        assert spans.one(name).status.description == "Method not found"
        assert attributes(spans.one(name))["rpc.response.status_code"] == "-32601"


async def test_what_the_service_refuses_has_a_span_too(spans: Collected) -> None:
    settings = ServerSettings(rate_limit="1/hour")
    server = Server(adding(), ["127.0.0.1:0"], settings=settings)
    async with server, client(server.addresses[0]) as caller:
        await caller.call_tool("add", {"a": 1, "b": 2})
        with pytest.raises(ServiceError):
            await caller.call_tool("sent", {})
    for name in ("SERVER tools/call sent", "CLIENT tools/call sent"):
        assert attributes(spans.one(name))["rpc.grpc.status_code"] == 8
        assert spans.one(name).status.status_code is StatusCode.ERROR


async def test_a_call_that_is_given_up_ends_its_spans(spans: Collected) -> None:
    async with serving(adding()) as address, client(address) as caller:
        begun = asyncio.Event()
        call = asyncio.create_task(caller.call_tool("wait", {}, on_progress=lambda *_: begun.set()))
        await begun.wait()
        call.cancel()
        served = await spans.ended("SERVER tools/call wait")
        await spans.ended("CLIENT tools/call wait")
    assert attributes(served)["error.type"] == "cancelled"
    assert served.status.status_code is StatusCode.UNSET
    assert attributes(spans.one("CLIENT tools/call wait"))["error.type"] == "cancelled"


async def test_a_call_that_takes_too_long_ends_its_spans(spans: Collected) -> None:
    async with serving(adding()) as address, client(address) as caller:
        with pytest.raises(RequestTimeout):
            await caller.call_tool("wait", {}, timeout=0.2)
        served = await spans.ended("SERVER tools/call wait")
    # Either end may have been the first to look at its clock.
    assert attributes(served)["error.type"] in {"cancelled", "ended_early"}
    assert attributes(spans.one("CLIENT tools/call wait"))["error.type"] == "timeout"


async def test_the_trace_is_known_while_its_tool_runs(spans: Collected) -> None:
    async with serving(adding()) as address, client(address) as caller:
        said = (await caller.call_tool("trace_id", {})).content[0].text
    context = spans.one("SERVER tools/call trace_id").context
    assert context is not None
    assert said == f"{context.trace_id:032x}"
