"""The spans of a door, where spans are wanted; made when the door opens a way for a host.

It loads nothing of OpenTelemetry until then.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from mcpgrpc.tracing import switch

if TYPE_CHECKING:
    from mcpgrpc.tracing.door_spans import DoorSpans


def door_spans(protocol: str, headers: Mapping[str, str] | None = None) -> DoorSpans | None:
    """What makes the spans; None while nobody collects any. As `DoorSpans`."""
    tracer = switch.tracer()
    if tracer is None:
        return None
    from mcpgrpc.tracing.door_spans import DoorSpans

    return DoorSpans(tracer, protocol, headers)
