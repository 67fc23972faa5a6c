"""Spans of this process, collected in memory and drawn as trees.

OpenTelemetry's global provider is set once in a process, which other tests share; here it is put in
its place for one test and taken away again.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pytest
from mcp.shared import _otel
from opentelemetry import trace
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.sdk.trace.sampling import ALWAYS_ON, Sampler

FINISH_SECONDS = 30


class Collected(SpanExporter):
    """Every span that has ended."""

    def __init__(self) -> None:
        self.spans: list[ReadableSpan] = []
        self._waiting: list[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = []
        self._lock = threading.Lock()

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Keep them, and wake whoever waits for one."""
        with self._lock:
            self.spans += spans
            waiting, self._waiting = self._waiting, []
        for loop, event in waiting:
            loop.call_soon_threadsafe(event.set)
        return SpanExportResult.SUCCESS

    def named(self, name: str) -> list[ReadableSpan]:
        """Those of a kind and a name, as the trees show them: `SERVER tools/call add`."""
        return [span for span in self.spans if title(span) == name]

    def one(self, name: str) -> ReadableSpan:
        """The only one of a name."""
        [span] = self.named(name)
        return span

    async def ended(self, name: str) -> ReadableSpan:
        """The first of a name, waited for."""
        async with asyncio.timeout(FINISH_SECONDS):
            while not (found := self.named(name)):
                event = asyncio.Event()
                with self._lock:
                    self._waiting.append((asyncio.get_running_loop(), event))
                if not self.named(name):
                    await event.wait()
        return found[0]

    def tree(self, name: str) -> list[str]:
        """The whole trace in which a span of this name stands, a line each, children indented."""
        return self.tree_of(_context(self.one(name)).trace_id)

    def tree_of(self, trace_id: int) -> list[str]:
        """The trace of an id, drawn so."""
        return drawn([span for span in self.spans if _context(span).trace_id == trace_id])


def drawn(spans: Sequence[ReadableSpan]) -> list[str]:
    """Spans of one trace as lines; whoever has no parent among them begins at the left."""
    known = {_context(span).span_id for span in spans}
    lines: list[str] = []

    def draw(span: ReadableSpan, depth: int) -> None:
        lines.append("  " * depth + title(span))
        own = _context(span).span_id
        for child in spans:
            if child.parent is not None and child.parent.span_id == own:
                draw(child, depth + 1)

    for span in sorted(spans, key=lambda each: each.start_time or 0):
        if span.parent is None or span.parent.span_id not in known:
            draw(span, 0)
    return lines


def title(span: ReadableSpan) -> str:
    """Its kind and its name."""
    return f"{span.kind.name} {span.name}"


def attributes(span: ReadableSpan) -> dict[str, Any]:
    """What it says."""
    return dict(span.attributes or {})


def traceparent(span: ReadableSpan) -> str:
    """The field that names it."""
    context = _context(span)
    flags = context.trace_flags
    return f"00-{context.trace_id:032x}-{context.span_id:016x}-{flags:02x}"


def _context(span: ReadableSpan) -> trace.SpanContext:
    context = span.get_span_context()
    assert context is not None
    return context


@contextmanager
def collecting(sampler: Sampler = ALWAYS_ON) -> Iterator[Collected]:
    """Collect the spans of this process."""
    collected = Collected()
    provider = TracerProvider(sampler=sampler, shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(collected))
    with pytest.MonkeyPatch.context() as patch:
        # The SDK's tracer is a stand-in that finds the real one once, and keeps it.
        patch.setattr(_otel._tracer, "_real_tracer", None)
        patch.setattr(trace, "_TRACER_PROVIDER", provider)
        yield collected
    provider.shutdown()
