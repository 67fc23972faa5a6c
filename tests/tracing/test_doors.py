"""One tree through the doors: HTTP at both eras, WebSocket and standard input."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import mcp
from opentelemetry.sdk.trace import ReadableSpan
from websockets.asyncio.client import connect

from mcpgrpc.connection import ConnectionOptions
from mcpgrpc.relay.host import TextHost
from mcpgrpc.testing import serving
from tests.doors.door import META, MODERN, Door, messages_of, open_door, tool_call
from tests.tracing.app import adding
from tests.tracing.collected import Collected, attributes, title, traceparent

SECONDS = 20
PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
BELOW = ["SERVER tools/call add", "  SERVER tools/call add", "    INTERNAL adding"]
ADD = {"name": "add", "arguments": {"a": 1, "b": 2}}


def is_child_of_parent(spans: Collected) -> bool:
    """Whether the outermost span's parent is the one that `PARENT` names."""
    outermost = [span for span in spans.named("SERVER tools/call add") if span.parent]
    return any(f"{span.parent.span_id:016x}" == PARENT[36:52] for span in outermost if span.parent)


def in_order(spans: Collected, name: str) -> list[ReadableSpan]:
    """The spans of a name as they began."""
    return sorted(spans.named(name), key=lambda span: span.start_time or 0)


async def test_a_modern_request_passes_the_door(spans: Collected) -> None:
    async with serving(adding()) as address, open_door(address) as door:
        # The door asks once what headers the tools want.
        await door.modern("tools/call", {"name": "trace_id", "arguments": {"x": 1}})
        answer = await door.modern("tools/call", ADD, traceparent=PARENT)
    assert answer.status_code == 200, answer.text
    assert spans.tree("INTERNAL adding") == BELOW
    assert is_child_of_parent(spans)
    outer, _ = in_order(spans, "SERVER tools/call add")
    assert attributes(outer)["network.protocol.name"] == "http"
    assert attributes(outer)["mcp.protocol.version"] == MODERN


async def test_meta_goes_before_the_http_headers(spans: Collected) -> None:
    other = "00-" + "1" * 32 + "-" + "2" * 16 + "-01"
    params = {**ADD, "_meta": {"traceparent": PARENT}}
    async with serving(adding()) as address, open_door(address) as door:
        await door.modern("tools/call", params, traceparent=other)
    assert is_child_of_parent(spans)


async def test_a_request_of_a_legacy_session_passes_the_door(spans: Collected) -> None:
    async with serving(adding()) as address, open_door(address) as door:
        session = await door.initialize()
        answer = await door.legacy(tool_call(1, "add", a=1, b=2), session, traceparent=PARENT)
    assert answer.status_code == 200, answer.text
    assert spans.tree("INTERNAL adding") == BELOW
    assert is_child_of_parent(spans)
    assert {attributes(span)["mcp.session.id"] for span in spans.named(BELOW[0])} == {session}


async def test_the_official_client_over_http_is_one_tree(spans: Collected) -> None:
    async with (
        serving(adding()) as address,
        open_door(address) as door,
        mcp.Client(door.mcp) as caller,
    ):
        await caller.call_tool("add", {"a": 1, "b": 2})
    assert spans.tree("INTERNAL adding") == [
        "CLIENT MCP send tools/call add",
        *("  " + line for line in BELOW),
    ]


async def on_a_socket(door: Door, headers: dict[str, str], *messages: dict[str, Any]) -> None:
    """Send messages, each a request, and read until each is answered."""
    async with connect(door.ws, proxy=None, additional_headers=headers) as socket:
        for message in messages:
            await socket.send(json.dumps({"jsonrpc": "2.0", **message}))
            async with asyncio.timeout(SECONDS):
                answer = json.loads(await socket.recv(decode=True))
            assert answer["id"] == message["id"]


async def test_a_request_passes_the_websocket_door(spans: Collected) -> None:
    call = {"id": 1, "method": "tools/call", "params": {**ADD, "_meta": META}}
    async with serving(adding()) as address, open_door(address) as door:
        await on_a_socket(door, {"traceparent": PARENT}, call)
    assert spans.tree("INTERNAL adding") == BELOW
    assert is_child_of_parent(spans)


async def test_a_request_passes_the_stdio_door(spans: Collected) -> None:
    meta = {**META, "traceparent": PARENT}
    call = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {**ADD, "_meta": meta}}
    async with serving(adding()) as address:
        options = ConnectionOptions(target=address)
        channel = options.open_door_channel()
        host = TextHost(options, channel)
        await host.receive(json.dumps(call))
        async with asyncio.timeout(SECONDS):
            assert '"result":3' in str(await host.next_text()).replace(" ", "")
        await host.close()
        await channel.close()
    assert spans.tree("INTERNAL adding") == BELOW
    assert is_child_of_parent(spans)


async def test_what_a_door_passes_on_keeps_its_text(spans: Collected) -> None:
    async with serving(adding()) as address, open_door(address) as door:
        answer = await door.modern("tools/call", {"name": "sent"}, tracestate="a=b", baggage="c=d")
        [message] = messages_of(answer)
    outer, _inner = sorted(
        spans.named("SERVER tools/call sent"), key=lambda span: span.start_time or 0
    )
    told = json.loads(message["result"]["content"][0]["text"])
    # No tracestate without its traceparent; baggage stands by itself.
    assert told["meta"] == {"traceparent": traceparent(outer), "baggage": "c=d"}


async def test_a_session_that_ends_under_a_request_ends_its_span(spans: Collected) -> None:
    async with serving(adding()) as address, open_door(address) as door:
        session = await door.initialize()
        call = asyncio.create_task(door.legacy(tool_call(1, "wait"), session))
        params = {"requestId": 1}
        cancel = {"method": "notifications/cancelled", "params": params}
        while title_of_running(spans) and not call.done():
            await door.legacy(cancel, session)
        await call
        assert attributes(await spans.ended("SERVER tools/call wait"))["error.type"] == "cancelled"


def title_of_running(spans: Collected) -> bool:
    """Whether the call has not ended yet."""
    return "SERVER tools/call wait" not in map(title, spans.spans)
