"""The outermost stage of the pipeline where spans are wanted: the SERVER span of each request.

It changes nothing about a request or its answer. The SDK's own SERVER span is left out inside of
it (`served`), so a request has one, whatever answers it and whoever refuses it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Final

from opentelemetry import context as contexts
from opentelemetry import trace
from opentelemetry.trace import SpanKind, StatusCode

from mcpgrpc.tracing import propagation, request_spans, switch
from mcpgrpc.v1 import envelope_pb2
from mcpgrpc_server.backend import ServerCall
from mcpgrpc_server.caller import Caller
from mcpgrpc_server.pipeline import Next
from mcpgrpc_server.tracing.served import is_served
from mcpgrpc_server.tracing.trace_ids import trace_id_of

ENDED_EARLY: Final = "ended_early"
"""This service answered in the handler's place: a timeout, or the end of a drain."""


class TracingStage:
    """Makes a span of every request, and the current one of it while it is answered."""

    async def handle(
        self, call: ServerCall, caller: Caller, proceed: Next
    ) -> envelope_pb2.JsonRpcResponse:
        """Let it be answered, in a span."""
        tracer = switch.tracer()
        if tracer is None:
            return await proceed(call)
        request, params = call.request, call.params
        headers = _door_headers(call.door)
        parent = propagation.parent_of(_meta(call), headers, caller.headers)
        span = tracer.start_span(
            request_spans.span_name(request.method, params),
            context=parent,
            kind=SpanKind.SERVER,
            attributes=request_spans.RequestAttributes(
                request.method,
                request.id,
                params,
                caller.rpc,
                request_spans.session_attributes(headers),
            ),
        )
        call.trace_id = trace_id_of(span)
        token = contexts.attach(trace.set_span_in_context(span, parent))
        served = is_served.set(True)
        try:
            response = await proceed(call)
        except asyncio.CancelledError:
            _end_cancelled(span, call)
            raise
        except Exception as error:
            span.record_exception(error)
            request_spans.end_unanswered(span, type(error).__qualname__, "Internal server error")
            raise
        else:
            request_spans.end_with(span, request.method, response)
            return response
        finally:
            is_served.reset(served)
            contexts.detach(token)
            span.end()


def _end_cancelled(span: trace.Span, call: ServerCall) -> None:
    if call.request.cancelled:
        span.set_attribute("error.type", request_spans.CANCELLED)
    elif not call.request.is_listen:
        span.set_attribute("error.type", ENDED_EARLY)
        span.set_status(StatusCode.ERROR, "it had not ended when this service answered for it")


def _meta(call: ServerCall) -> Mapping[str, object] | None:
    meta = (call.params or {}).get("_meta")
    return meta if isinstance(meta, dict) else None


def _door_headers(door: envelope_pb2.DoorContext | None) -> Mapping[str, str] | None:
    if door is None:
        return None
    return {header.name.lower(): header.value for header in door.headers}
