"""Spans of the requests that a server is asked, and of what it asks upstreams.

What is imported here loads no OpenTelemetry: who collects no spans has no stage for them.
"""

from __future__ import annotations

from mcpgrpc.tracing import switch
from mcpgrpc_server.pipeline import Stage

NONE = ""


def tracing_stages() -> tuple[Stage, ...]:
    """The outermost stage, where the program has set a tracer provider by now; else none."""
    if switch.tracer() is None:
        return ()
    from mcpgrpc_server.tracing.stage import TracingStage

    return (TracingStage(),)


def current_trace_id() -> str:
    """The trace of what runs now, in 32 hexadecimal digits; empty unless it is recorded."""
    if switch.tracer() is None:
        return NONE
    from mcpgrpc_server.tracing.trace_ids import recorded_trace_id

    return recorded_trace_id()
