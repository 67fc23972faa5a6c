"""The hop to an upstream: a span of its own, and the upstream's spans below it."""

from __future__ import annotations

import json
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

import mcpgrpc
from mcpgrpc.testing import serving
from mcpgrpc_server import Server, ServerSettings
from tests.doors.door import open_door
from tests.tracing.app import adding
from tests.tracing.collected import Collected, attributes, traceparent
from tests.upstream.http_servers import served

MODERN = "2026-07-28"
SECONDS = 20
PLAIN = Path(__file__).parents[1] / "upstream" / "plain_upstream.py"


@asynccontextmanager
async def client_of(
    mode: str, upstreams: dict[str, Any], app: object = None
) -> AsyncIterator[mcpgrpc.Client]:
    settings = ServerSettings.model_validate({"upstreams": upstreams})
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(Server(app, ["127.0.0.1:0"], settings=settings))
        client = mcpgrpc.Client(server.addresses[0], mode=mode, timeout_seconds=SECONDS)
        yield await stack.enter_async_context(client)


MODES = pytest.mark.parametrize("mode", ["legacy", MODERN], ids=["legacy", "modern"])


@MODES
async def test_a_url_is_one_tree_down_to_the_upstreams_tool(spans: Collected, mode: str) -> None:
    app = adding().streamable_http_app()
    async with (
        served(app) as url,
        client_of(mode, {"far": {"url": url}}) as caller,
    ):
        assert (await caller.call_tool("add", {"a": 1, "b": 2})).structured_content == {"result": 3}
    assert spans.tree("INTERNAL adding") == [
        "CLIENT tools/call add",
        "  SERVER tools/call add",
        "    CLIENT tools/call add",
        "      SERVER tools/call add",
        "        INTERNAL adding",
    ]
    hop = spans.named("CLIENT tools/call add")[0]
    assert attributes(hop)["peer.service"] == "far"


@MODES
async def test_a_command_is_told_of_the_hops_span(spans: Collected, mode: str) -> None:
    command = [
        sys.executable,
        "-S",
        "-E",
        str(PLAIN),
        "modern" if mode == MODERN else "legacy",
        "p",
    ]
    async with client_of(mode, {"near": {"command": command}}) as caller:
        said = await caller.call_tool("seen", {})
    received = json.loads(str(said.content[0].text))
    [call] = [each for each in received if each.get("method") == "tools/call"]
    hop = next(
        span for span in spans.named("CLIENT tools/call seen") if "peer.service" in attributes(span)
    )
    assert call["params"]["_meta"]["traceparent"] == traceparent(hop)


@MODES
async def test_a_merge_is_one_tree_to_whoever_answers(spans: Collected, mode: str) -> None:
    async with serving(adding()) as address, open_door(address) as door:
        merged = {"far": {"url": door.mcp}}
        async with client_of(mode, merged, mcp_app()) as caller:
            # Under whatever call is the first, the service asks whose tools are whose, and the door
            # what headers they want.
            await caller.call_tool("trace_id", {"x": 1})
            await caller.call_tool("own", {})
            await caller.call_tool("add", {"a": 1, "b": 2})
    assert spans.tree("SERVER tools/call own") == [
        "CLIENT tools/call own",
        "  SERVER tools/call own",
    ]
    assert spans.tree("INTERNAL adding") == [
        "CLIENT tools/call add",
        "  SERVER tools/call add",
        "    CLIENT tools/call add",
        "      SERVER tools/call add",
        "        SERVER tools/call add",
        "          INTERNAL adding",
    ]


def mcp_app() -> Any:
    from mcp.server import MCPServer

    server = MCPServer("own")

    @server.tool()
    async def own() -> str:
        return "mine"

    return server
