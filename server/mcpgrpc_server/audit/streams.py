"""The lines about streams, and about who was turned away before there was one.

It listens to telemetry; requests are the stage's.
"""

from __future__ import annotations

from typing import Any

from mcpgrpc_server.audit import record
from mcpgrpc_server.telemetry import NoTelemetry, Outcome, RequestInfo, StreamInfo
from mcpgrpc_server.telemetry.events import Subject


class AuditTelemetry(NoTelemetry):
    """Writes down streams that open and end, and refusals of streams and Calls."""

    def stream_opened(self, stream: StreamInfo) -> None:
        """One line."""
        record.write("stream_opened", _facts(stream))

    def stream_closed(
        self, stream: StreamInfo, outcome: Outcome, duration_seconds: float, reason: str = ""
    ) -> None:
        """One line."""
        ending = {
            "outcome": outcome.value,
            "reason": reason,
            "duration_seconds": round(duration_seconds, 6),
        }
        record.write("stream_closed", _facts(stream) | ending)

    def refused(self, subject: Subject, reason: str) -> None:
        """One line for an RPC; a request's refusal stands in its own."""
        if isinstance(subject, RequestInfo):
            return
        record.write("refused", _facts(subject) | {"outcome": "refused", "reason": reason})


def _facts(stream: StreamInfo) -> dict[str, Any]:
    return {
        "subject": stream.subject,
        "peer": stream.peer,
        "rpc": stream.rpc,
        "stream_id": stream.stream_id,
    }
