"""The SERVER span of each request that passes a door, and the trace's fields behind it.

It carries no message. Behind the door the context stands in `_meta`, where every server looks
first, and in nothing else of the message; params keep the rest of their text.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, TypeAlias

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.trace import SpanKind, Tracer

from mcpgrpc.binding import ids
from mcpgrpc.tracing import meta_text, propagation, request_spans
from mcpgrpc.v1 import envelope_pb2

Metadata: TypeAlias = tuple[tuple[str, str], ...]


class DoorRequest:
    """One request on its way through the door. Must be ended.

    Args:
        span: its span.
        envelope: the request; its `_meta` tells of the span from here on.
    """

    def __init__(self, span: trace.Span, context: Context, envelope: envelope_pb2.Envelope) -> None:
        self._span = span
        self._method = envelope.request.method
        self._is_over = False
        self._fields = propagation.fields_of(context)
        _rewrite(envelope.request, self._fields)

    def metadata(self, metadata: Iterable[tuple[str, str]]) -> Metadata:
        """The RPC's metadata with the context in it, for proxies on the way that trace as well."""
        names = propagation.carried_fields()
        kept = (pair for pair in metadata if pair[0] not in names)
        return (*kept, *self._fields.items())

    def answered(self, response: envelope_pb2.JsonRpcResponse) -> None:
        """It is answered."""
        if not self._is_over:
            self._is_over = True
            request_spans.end_with(self._span, self._method, response)
            self._span.end()

    def unanswered(self) -> None:
        """It gets no answer any more; nothing happens where it has one."""
        if not self._is_over:
            self._is_over = True
            request_spans.end_unanswered(self._span, request_spans.CANCELLED)
            self._span.end()


class DoorSpans:
    """Makes the spans of one door.

    Args:
        tracer: makes them.
        protocol: what is spoken in front of the door: `http`, `websocket`, `stdio`.
        headers: those that every request shares, such as a WebSocket's; names in lower case.
    """

    def __init__(
        self, tracer: Tracer, protocol: str, headers: Mapping[str, str] | None = None
    ) -> None:
        self._tracer = tracer
        self._protocol = protocol
        self._headers = headers

    def begin(self, envelope: envelope_pb2.Envelope) -> DoorRequest:
        """A request has arrived."""
        request = envelope.request
        params = _read(request)
        headers = {each.name.lower(): each.value for each in envelope.door.headers}
        parent = propagation.parent_of(params.get("_meta"), headers, self._headers)
        span = self._tracer.start_span(
            request_spans.span_name(request.method, params),
            context=parent,
            kind=SpanKind.SERVER,
            attributes=request_spans.RequestAttributes(
                request.method,
                ids.from_message(request.id),
                params,
                beside={
                    **request_spans.session_attributes(headers),
                    "network.protocol.name": self._protocol,
                },
            ),
        )
        return DoorRequest(span, trace.set_span_in_context(span, parent), envelope)


def _read(request: envelope_pb2.JsonRpcRequest) -> dict[str, Any]:
    params_json = request.params_json if request.HasField("params_json") else None
    params = meta_text.read_members(params_json, ("name", "uri", meta_text.META))
    if not isinstance(params.get(meta_text.META, {}), dict):
        del params[meta_text.META]
    return params


def _rewrite(request: envelope_pb2.JsonRpcRequest, fields: Mapping[str, str]) -> None:
    params_json = request.params_json if request.HasField("params_json") else None
    written = meta_text.with_fields(params_json, fields, propagation.carried_fields())
    if written is not None:
        request.params_json = written
