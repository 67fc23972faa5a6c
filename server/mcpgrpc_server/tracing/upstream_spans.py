"""The CLIENT span of each request that goes on to an upstream, and the trace's fields in it.

It carries nothing itself. Upstreams are told by `_meta` alone, which every carrier takes along.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace

from opentelemetry.trace import SpanKind, Tracer

from mcpgrpc.tracing import meta_text, propagation, request_spans
from mcpgrpc.v1 import envelope_pb2
from mcpgrpc_server.backend import ServerCall


async def carried(
    tracer: Tracer,
    call: ServerCall,
    upstream: str,
    answer: Callable[[ServerCall], Awaitable[envelope_pb2.JsonRpcResponse]],
) -> envelope_pb2.JsonRpcResponse:
    """Have an upstream answer a request, in a span that is the parent of the upstream's own.

    Args:
        tracer: makes the span, a child of the current one.
        call: the request.
        upstream: its name.
        answer: carries the request; given the call that tells of the span.
    """
    request, params = call.request, call.params
    with tracer.start_as_current_span(
        request_spans.span_name(request.method, params),
        kind=SpanKind.CLIENT,
        attributes=request_spans.RequestAttributes(
            request.method, request.id, params, beside={"peer.service": upstream}
        ),
        record_exception=False,
        set_status_on_exception=False,
    ) as span:
        fields = propagation.fields_of()
        replaced = propagation.carried_fields()
        told = meta_text.with_fields(call.params_json, fields, replaced)
        try:
            response = await answer(replace(call, params_json=told))
        except asyncio.CancelledError:
            request_spans.end_unanswered(span, request_spans.CANCELLED)
            raise
        request_spans.end_with(span, request.method, response)
        return response
