"""A trace's context out of what a peer sent, and the fields that carry it to the next one.

It knows neither gRPC nor MCP. Which propagators read and write is the program's choice
(`OTEL_PROPAGATORS`); that of W3C is OpenTelemetry's default. Import it once `switch` has a tracer.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, Final

from opentelemetry import baggage, propagate
from opentelemetry.context import Context
from opentelemetry.trace import (
    NonRecordingSpan,
    SpanContext,
    TraceFlags,
    get_current_span,
    set_span_in_context,
)

from mcpgrpc.tracing.fields import TRACEPARENT, W3C_FIELDS, bounded

_W3C: Final = frozenset(W3C_FIELDS)
_TRACEPARENT_ALONE: Final = {TRACEPARENT}


class _Fields:
    """The fields of the propagator last seen, which it collects anew each time it is asked."""

    def __init__(self) -> None:
        self._last: tuple[Any, frozenset[str]] = (None, _W3C)

    def now(self) -> frozenset[str]:
        propagator = propagate.get_global_textmap()
        known, fields = self._last
        if known is not propagator:
            fields = frozenset(field.lower() for field in propagator.fields)
            # One object where they are W3C's, so that it is known without a look at each.
            fields = _W3C if fields == _W3C else fields
            self._last = propagator, fields
        return fields


_FIELDS: Final = _Fields()


def carried_fields() -> Collection[str]:
    """The names of the fields in use, in lower case."""
    return _FIELDS.now()


def parent_of(*sources: Mapping[str, Any] | None) -> Context | None:
    """The context in the first source that has a valid one; None for the current one.

    Args:
        sources: `_meta`, a door's headers and metadata, in that order; names in lower case. What is
            malformed or too large in them counts as absent.
    """
    fields = _FIELDS.now()
    beside: Context | None = None
    for source in sources:
        carrier = bounded(source, fields) if source else None
        if not carrier:
            continue
        if fields is _W3C and carrier.keys() == _TRACEPARENT_ALONE:
            return _parsed(carrier[TRACEPARENT])
        context = propagate.extract(carrier)
        if get_current_span(context).get_span_context().is_remote:
            return context
        beside = beside or context
    # Baggage without a trace.
    return beside


def fields_of(context: Context | None = None) -> dict[str, str]:
    """The fields that tell a peer about a context, the current one when left out."""
    fields = _FIELDS.now()
    if fields is _W3C:
        about = get_current_span(context).get_span_context()
        if about.is_valid and not about.trace_state and not baggage.get_all(context):
            return {TRACEPARENT: _written(about)}
    written: dict[str, str] = {}
    propagate.inject(written, context)
    return bounded(written, fields)


# The two below do for a traceparent alone, nearly every one, what the propagators do in five times
# the time.


def _parsed(traceparent: str) -> Context:
    """The context of a well-formed field, from nothing, as the propagators begin."""
    about = SpanContext(
        int(traceparent[3:35], 16),
        int(traceparent[36:52], 16),
        is_remote=True,
        trace_flags=TraceFlags(int(traceparent[53:55], 16)),
    )
    return set_span_in_context(NonRecordingSpan(about), Context())


def _written(about: SpanContext) -> str:
    return f"00-{about.trace_id:032x}-{about.span_id:016x}-{about.trace_flags:02x}"
