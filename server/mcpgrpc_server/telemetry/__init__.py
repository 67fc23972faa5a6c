"""The one place where streams, frames, requests and refusals are reported.

It logs now; metrics and traces are further implementations of `Telemetry`, put beside the log with
`Fanout`. Listeners are called on the event loop, in the order things happen, and must not block.
"""

from mcpgrpc_server.telemetry.events import (
    NoTelemetry,
    Outcome,
    RequestInfo,
    StreamCounter,
    StreamInfo,
    Subject,
    Telemetry,
)
from mcpgrpc_server.telemetry.fanout import Fanout
from mcpgrpc_server.telemetry.log import LoggingTelemetry

__all__ = [
    "Fanout",
    "LoggingTelemetry",
    "NoTelemetry",
    "Outcome",
    "RequestInfo",
    "StreamCounter",
    "StreamInfo",
    "Subject",
    "Telemetry",
]
