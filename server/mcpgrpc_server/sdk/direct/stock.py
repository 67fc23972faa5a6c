"""Whether the SDK's own steps between a request and a handler are those that were read.

It does not look at apps or requests: `tools`, `listings` and `handlers` do. A direct way leaves
steps out, so it may only be taken while nobody has put others in their place.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from operator import attrgetter, is_
from typing import Any, Final

from mcpgrpc_server.sdk import internals

_KERNEL: Final = (
    "ServerRunner.on_request",
    "ServerRunner._on_request",
    "ServerRunner._compose_server_middleware",
    "ServerRunner._serialize",
    "ServerRunner._stamp_server_info",
    "OpenTelemetryMiddleware.__call__",
    "RequestStateBoundary.__call__",
)
_TOOLS: Final = (
    "MCPServer._handle_call_tool",
    "MCPServer.call_tool",
    "ToolManager.get_tool",
    "ToolManager.call_tool",
    "Tool.run",
)
_CONVERSION: Final = (
    "FuncMetadata.convert_result",
    "FuncMetadata._output_adapter",
    "tool_metadata._convert_to_content",
)


class Steps:
    """Functions of the SDK as they were when this module was imported.

    Args:
        names: dotted, within `internals`.
    """

    def __init__(self, *names: str) -> None:
        self._read: Callable[[Any], tuple[Any, ...]] = attrgetter(*names)
        self._imported = self._read(internals)
        self._as_released = all(map(_is_as_released, self._imported))

    def untouched(self) -> bool:
        """Nobody replaced one of them, before or since."""
        # Functions are equal when they are the same.
        return self._as_released and self._imported == self._read(internals)


def _is_as_released(step: Any) -> bool:
    """Whether a function's code stands in the file of the module that it says it is from."""
    function = getattr(step, "func", step)  # what a cached_property wraps
    code = getattr(function, "__code__", None)
    module = sys.modules.get(getattr(function, "__module__", None) or "")
    return code is not None and code.co_filename == getattr(module, "__file__", None)


KERNEL: Final = Steps(*_KERNEL)
TOOLS: Final = Steps(*_TOOLS)
CONVERSION: Final = Steps(*_CONVERSION)

_TRACER: Final = internals.sdk_tracing._tracer


def tracing_is_off() -> bool:
    """Whether the SDK's spans are none: its tracer is a proxy, and stands for nothing.

    Even then a request with a trace context of its own hands that on to what its tool calls, so
    such a request takes no direct way (`envelopes`).
    """
    return (
        internals.tracing._TRACER_PROVIDER is None
        and internals.sdk_tracing._tracer is _TRACER
        and getattr(_TRACER, "_real_tracer", _TRACER) is None
    )


class Middleware:
    """The middleware of one server, as long as it is nobody's but the SDK's own.

    Args:
        server: whose.
    """

    def __init__(self, server: internals.LowlevelServer) -> None:
        self._server = server
        self._read: list[Any] = []
        self._is_own = True
        self.boundary: internals.RequestStateBoundary | None = None
        """What seals `requestState`, where there is one."""

    def is_own(self) -> bool:
        """Nothing but the SDK's tracing, then its seal of `requestState`; neither must be there."""
        now = self._server.middleware
        if len(now) != len(self._read) or not all(map(is_, now, self._read)):
            self._look(list(now))
        return self._is_own

    def _look(self, middleware: list[Any]) -> None:
        self._read = middleware
        kinds = [type(each) for each in middleware]
        own = (internals.OpenTelemetryMiddleware, internals.RequestStateBoundary)
        self._is_own = all(kind in own for kind in kinds) and len(set(kinds)) == len(kinds)
        self.boundary = next(
            (each for each in middleware if type(each) is internals.RequestStateBoundary), None
        )
