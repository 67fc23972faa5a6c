"""The id under which a trace is found, for logs, metrics and exemplars."""

from __future__ import annotations

from opentelemetry import trace
from opentelemetry.trace import Span


def recorded_trace_id() -> str:
    """That of the current span; empty where there is none, or nobody records it."""
    return trace_id_of(trace.get_current_span())


def trace_id_of(span: Span) -> str:
    """That of a span, in 32 hexadecimal digits; empty where nobody records it."""
    context = span.get_span_context()
    return format(context.trace_id, "032x") if context.trace_flags.sampled else ""
