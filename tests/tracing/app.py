"""Apps whose tools make spans of their own, and say what they were sent."""

from __future__ import annotations

import asyncio
import json

from mcp.server import MCPServer
from mcp.server.mcpserver import Context
from opentelemetry import trace

from mcpgrpc_server.tracing import current_trace_id


def adding() -> MCPServer:
    """An app with a tool that works, one that fails and one that waits."""
    server = MCPServer("adding")

    @server.tool()
    async def add(a: int, b: int) -> int:
        with trace.get_tracer("app").start_as_current_span("adding"):
            return a + b

    @server.tool()
    async def fail() -> str:
        raise ValueError("not today")

    @server.tool()
    async def wait(ctx: Context) -> str:
        await ctx.report_progress(1)
        await asyncio.Event().wait()
        return "never"

    @server.tool()
    async def sent(ctx: Context) -> str:
        """What `_meta` and the headers say of the trace."""
        meta = dict(ctx.request_context.meta or {})
        request = ctx.request_context.request
        assert request is not None
        headers = dict(request.headers)
        return json.dumps(
            {
                "meta": {key: meta[key] for key in meta if key in FIELDS},
                "headers": {key: headers[key] for key in headers if key in FIELDS},
            }
        )

    @server.tool()
    async def trace_id() -> str:
        return current_trace_id()

    @server.resource("book://one")
    def book() -> str:
        return "text"

    @server.prompt()
    def greet(name: str) -> str:
        return f"hello {name}"

    return server


FIELDS = frozenset({"traceparent", "tracestate", "baggage"})
