"""The CLIENT span of one request of the lean client.

It sends nothing: it gives the fields that the request is to carry, and hears how that ended.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self

from opentelemetry import context as contexts
from opentelemetry import trace
from opentelemetry.trace import SpanKind, Tracer

from mcpgrpc.binding.ids import Id
from mcpgrpc.errors import McpGrpcError, RemoteError, RequestTimeout, ServiceError
from mcpgrpc.tracing import propagation, request_spans


class RequestSpan:
    """Around a request and its answer; what is raised in it is how it ended.

    Args:
        tracer: makes the span, a child of the current one.
        method: its method.
        request_id: its id.
        params: as they are sent, but for the trace's fields.
        rpc: what it goes over, `session` or `call`.
    """

    def __init__(
        self,
        tracer: Tracer,
        method: str,
        request_id: Id,
        params: Mapping[str, Any] | None,
        rpc: str,
    ) -> None:
        self._is_call = method == "tools/call"
        self._span = tracer.start_span(
            request_spans.span_name(method, params),
            kind=SpanKind.CLIENT,
            attributes=request_spans.RequestAttributes(
                method, request_id, params, rpc.capitalize()
            ),
        )
        context = trace.set_span_in_context(self._span)
        self._token = contexts.attach(context)
        self.fields = propagation.fields_of(context)
        """What the request's `_meta` is to carry."""

    def answered(self, result: Mapping[str, Any]) -> None:
        """It has a result."""
        if self._is_call and result.get("isError") is True:
            request_spans.end_with_tool_error(self._span)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        contexts.detach(self._token)
        if isinstance(exc, asyncio.CancelledError):
            request_spans.end_unanswered(self._span, request_spans.CANCELLED)
        elif isinstance(exc, McpGrpcError):
            _end_with(self._span, exc)
        self._span.end()


def _end_with(span: trace.Span, error: McpGrpcError) -> None:
    if isinstance(error, RequestTimeout):
        request_spans.end_unanswered(span, request_spans.TIMEOUT, str(error))
    elif isinstance(error, RemoteError):
        by_service = isinstance(error, ServiceError)
        request_spans.end_with_error(span, error.code, error.message, by_service=by_service)
    else:
        request_spans.end_unanswered(span, type(error).__name__, str(error))
