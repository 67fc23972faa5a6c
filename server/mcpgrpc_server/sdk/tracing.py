"""The SDK's kernel inside of a request that has a SERVER span of this service.

It makes no span: the tracing stage does. Outside of one the SDK's own spans stay as they are.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

from opentelemetry import trace
from pydantic import ValidationError

from mcpgrpc_server.sdk import internals
from mcpgrpc_server.tracing.served import is_served


class SpanlessRunner(internals.ServerRunner[Any]):
    """The SDK's kernel without its middleware that makes spans; every other runs, in its order."""

    def _compose_server_middleware(
        self, inner: Callable[..., Awaitable[Any]]
    ) -> Callable[..., Awaitable[Any]]:
        call = inner
        for middleware in reversed(self.server.middleware):
            if type(middleware) is not internals.OpenTelemetryMiddleware:
                call = partial(internals.apply_middleware, middleware, call)
        return call


def spanless(runner: internals.ServerRunner[Any]) -> internals.ServerRunner[Any]:
    """The kernel for a request that is handled now: itself, or one that makes no span."""
    if not is_served.get():
        return runner
    return SpanlessRunner(runner.server, runner.connection, runner.lifespan_state)


def note_version(connection: internals.Connection) -> None:
    """Put the revision of a legacy session, which its requests do not say, on the span."""
    if is_served.get():
        span = trace.get_current_span()
        span.set_attribute("mcp.protocol.version", connection.protocol_version)


def note_exception(error: Exception) -> None:
    """Put what a handler raised unforeseen on the span, as the SDK does."""
    if is_served.get() and not isinstance(error, internals.MCPError | ValidationError):
        span = trace.get_current_span()
        span.record_exception(error)
        span.set_attribute("error.type", type(error).__qualname__)
