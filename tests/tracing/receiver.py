"""A collector on loopback: the gRPC service that OTLP exporters send spans to."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Final

import grpc
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2, trace_service_pb2_grpc
from opentelemetry.proto.trace.v1 import trace_pb2

WAIT_SECONDS: Final = 60
"""A batch is sent every five seconds, and when a command ends."""


@dataclass
class Received:
    """A span, and the service whose it is."""

    service: str
    span: trace_pb2.Span

    @property
    def title(self) -> str:
        """As the trees of this room show it."""
        kind = trace_pb2.Span.SpanKind.Name(self.span.kind).removeprefix("SPAN_KIND_")
        return f"{self.service}: {kind} {self.span.name}"


@dataclass
class Receiver(trace_service_pb2_grpc.TraceServiceServicer):
    """What arrived."""

    endpoint: str = ""
    received: list[Received] = field(default_factory=list)
    _arrived: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def Export(  # noqa: N802  # gRPC's name
        self, request: trace_service_pb2.ExportTraceServiceRequest, context: Any
    ) -> trace_service_pb2.ExportTraceServiceResponse:
        """Take a batch."""
        async with self._arrived:
            self.received += [
                Received(_service(resource), span)
                for resource in request.resource_spans
                for scope in resource.scope_spans
                for span in scope.spans
            ]
            self._arrived.notify_all()
        return trace_service_pb2.ExportTraceServiceResponse()

    async def tree(self, title: str, count: int) -> list[str]:
        """The trace in which such a span stands, once it has so many."""
        async with asyncio.timeout(WAIT_SECONDS), self._arrived:
            await self._arrived.wait_for(lambda: len(self._trace(title)) >= count)
        return _drawn(self._trace(title))

    def _trace(self, title: str) -> list[Received]:
        ids = {each.span.trace_id for each in self.received if each.title == title}
        return [each for each in self.received if each.span.trace_id in ids]


def _service(resource: trace_pb2.ResourceSpans) -> str:
    said = {each.key: each.value.string_value for each in resource.resource.attributes}
    return said["service.name"]


def _drawn(spans: list[Received]) -> list[str]:
    known = {each.span.span_id for each in spans}
    lines: list[str] = []

    def draw(one: Received, depth: int) -> None:
        lines.append("  " * depth + one.title)
        for child in spans:
            if child.span.parent_span_id == one.span.span_id:
                draw(child, depth + 1)

    for one in sorted(spans, key=lambda each: each.span.start_time_unix_nano):
        if one.span.parent_span_id not in known:
            draw(one, 0)
    return lines


@asynccontextmanager
async def receiving() -> AsyncIterator[Receiver]:
    """A receiver that listens; `endpoint` is what `OTEL_EXPORTER_OTLP_ENDPOINT` is to be."""
    receiver = Receiver()
    server = grpc.aio.server()
    add: Any = trace_service_pb2_grpc.add_TraceServiceServicer_to_server
    add(receiver, server)
    port = server.add_insecure_port("127.0.0.1:0")
    receiver.endpoint = f"http://127.0.0.1:{port}"
    await server.start()
    try:
        yield receiver
    finally:
        await server.stop(None)
