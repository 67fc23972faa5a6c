"""Whether spans are wanted: it notices a tracer provider that the program has set.

It loads nothing: a program that sets a provider has loaded OpenTelemetry itself, and every other is
to pay neither for its import nor for spans that nobody collects.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from opentelemetry.trace import Tracer

SCOPE: Final = "mcpgrpc"
"""The name under which the spans are made."""

_API: Final = "opentelemetry.trace"


class _Tracers:
    """The tracer of the last provider seen: making one takes a lock, and looks at the scope."""

    def __init__(self) -> None:
        self._last: tuple[Any, Tracer | None] = (None, None)

    def of(self, api: Any, provider: Any) -> Tracer | None:
        known, tracer = self._last
        if known is not provider:
            is_none = isinstance(provider, api.NoOpTracerProvider)
            tracer = None if is_none else provider.get_tracer(SCOPE, _version())
            self._last = provider, tracer
        return tracer


_TRACERS: Final = _Tracers()


def tracer() -> Tracer | None:
    """What makes spans; None while the program has set no tracer provider."""
    api = sys.modules.get(_API)
    # By its private name: the public function gives a stand-in, and looks at the environment.
    provider = getattr(api, "_TRACER_PROVIDER", None)
    return None if provider is None else _TRACERS.of(api, provider)


def _version() -> str:
    from mcpgrpc import __version__

    return __version__
