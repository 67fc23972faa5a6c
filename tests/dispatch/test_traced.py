"""What tracing changes under a direct way: it is noticed, and the answer stays the SDK's."""

from __future__ import annotations

from typing import Any

import pytest
from mcp.server import MCPServer
from mcp.shared import _otel
from opentelemetry import trace

from tests.dispatch.app import FEW, app
from tests.dispatch.sides import ENVELOPE, MODERN, Both, Ours


async def begun(server: Any) -> Both:
    both = Both(server, MODERN)
    await both.start()
    return both


@pytest.fixture
def spans(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A tracer provider that is set in the middle of things."""
    started: list[str] = []

    class Tracer(trace.NoOpTracer):
        def start_as_current_span(self, name: str, *_: Any, **__: Any) -> Any:
            started.append(name)
            return super().start_as_current_span(name)

    class Provider(trace.NoOpTracerProvider):
        def get_tracer(self, *_: Any, **__: Any) -> trace.Tracer:
            return Tracer()

    monkeypatch.setattr(_otel._tracer, "_real_tracer", None)
    monkeypatch.setattr(trace, "_TRACER_PROVIDER", Provider())
    return started


async def test_with_tracing_on_each_request_has_its_span(spans: list[str]) -> None:
    ours = Ours(app(FEW), MODERN)
    call = {"name": "add", "arguments": {"a": 1, "b": 2}, "_meta": ENVELOPE}
    # Ours alone, and first: the SDK's own side would make the tracer a real one.
    found = await ours.answer("tools/call", call)
    assert found.ways == ["kernel"]
    assert spans == ["tools/call add"]


async def test_a_trace_of_the_client_reaches_what_a_tool_calls() -> None:
    server = MCPServer("traced")

    @server.tool()
    async def trace_id() -> str:
        return f"{trace.get_current_span().get_span_context().trace_id:x}"

    both = await begun(server)
    assert (await both.call("trace_id")).ways == ["tool"]
    parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    call = {"name": "trace_id", "arguments": {}}
    found = await both.same("tools/call", both.params(call, traceparent=parent))
    assert "af7651916cd43dd8448eb211c80319c" in found.answer


async def test_a_tracer_put_in_the_place_of_the_sdks_is_used(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    both = await begun(app(FEW))
    await both.call("add", a=1, b=2)
    monkeypatch.setattr(_otel, "_tracer", trace.NoOpTracer())
    assert (await both.call("add", a=1, b=2)).ways == ["kernel"]


async def test_a_tracer_that_was_made_real_stays_in_use(monkeypatch: pytest.MonkeyPatch) -> None:
    both = await begun(app(FEW))
    await both.call("add", a=1, b=2)
    monkeypatch.setattr(_otel._tracer, "_real_tracer", trace.NoOpTracer())
    assert (await both.call("add", a=1, b=2)).ways == ["kernel"]
