"""Off there is nothing: no stage, no span, no import; and what the SDK does on its own stays."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF

from mcpgrpc import Client
from mcpgrpc.testing import serving
from mcpgrpc.tracing import switch
from mcpgrpc_server.sdk.direct.ways import Ways
from mcpgrpc_server.tracing import current_trace_id, tracing_stages
from tests.tracing.app import adding
from tests.tracing.collected import Collected, collecting

MODERN = "2026-07-28"
MODES = pytest.mark.parametrize("mode", ["legacy", MODERN], ids=["legacy", "modern"])


def test_without_a_provider_there_is_no_stage() -> None:
    assert switch.tracer() is None
    assert tracing_stages() == ()
    assert current_trace_id() == ""


def test_a_provider_that_makes_none_counts_as_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trace, "_TRACER_PROVIDER", trace.NoOpTracerProvider())
    assert switch.tracer() is None
    assert tracing_stages() == ()


def test_a_client_loads_no_opentelemetry() -> None:
    source = (
        "import sys, mcpgrpc; mcpgrpc.Client, mcpgrpc.SyncClient;"
        "print([name for name in sys.modules if name.startswith('opentelemetry')])"
    )
    found = subprocess.run(
        [sys.executable, "-c", source], capture_output=True, text=True, check=True, timeout=60
    )
    assert found.stdout == "[]\n"


@MODES
async def test_a_provider_that_comes_late_finds_the_sdks_own_spans(mode: str) -> None:
    async with serving(adding()) as address, Client(address, mode=mode) as client:
        with collecting() as spans:
            await client.call_tool("add", {"a": 1, "b": 2})
    assert spans.tree("INTERNAL adding") == [
        "CLIENT tools/call add",
        "  SERVER tools/call add",
        "    INTERNAL adding",
    ]
    scope = spans.one("SERVER tools/call add").instrumentation_scope
    assert scope is not None
    assert scope.name == "mcp-python-sdk"


@MODES
async def test_a_traced_call_of_a_plain_tool_takes_the_direct_way(
    spans: Collected, mode: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    ways: list[str] = []

    def noting(self: Any, *asked: Any, **how: Any) -> Any:
        way = (kept_modern if mode == MODERN else kept_legacy)(self, *asked, **how)
        ways.append("kernel" if way is None else way.kind)
        return way

    kept_modern, kept_legacy = Ways.modern, Ways.legacy
    monkeypatch.setattr(Ways, "modern" if mode == MODERN else "legacy", noting)
    async with serving(adding()) as address, Client(address, mode=mode) as client:
        ways.clear()
        await client.call_tool("add", {"a": 1, "b": 2})
    assert ways == ["tool"]
    assert len(spans.named("SERVER tools/call add")) == 1


async def test_what_no_sampler_takes_has_no_id_for_exemplars() -> None:
    with collecting(ALWAYS_OFF) as spans:
        async with serving(adding()) as address, Client(address) as client:
            said = await client.call_tool("trace_id", {})
    assert said.content[0].text == ""
    assert spans.spans == []
