"""The listener that logs: what happens, as records of the standard library's logging.

It is not the format of a line (`mcpgrpc.logs`), and decides nothing about where lines go.
"""

from __future__ import annotations

import logging
from typing import Any, Final

from mcpgrpc_server.telemetry.allowance import Allowance
from mcpgrpc_server.telemetry.events import (
    NoTelemetry,
    Outcome,
    RequestInfo,
    StreamInfo,
    Subject,
)

# What an operator wants to see unasked: failures. A caller that gives up is everyday life.
OUTCOME_LEVELS: Final = {
    Outcome.OK: logging.DEBUG,
    Outcome.TOOL_ERROR: logging.DEBUG,
    Outcome.CANCELLED: logging.DEBUG,
    Outcome.REFUSED: logging.DEBUG,  # `refused` has warned already
    Outcome.ERROR: logging.INFO,
    Outcome.TIMEOUT: logging.INFO,
    Outcome.FAILED: logging.INFO,
}


class LoggingTelemetry(NoTelemetry):
    """Writes to the loggers "mcpgrpc.requests", ".streams", ".frames" and ".server".

    Refusals are warnings, failed requests and streams and drains information, all else is for
    debugging. The facts are `extra` fields, put together only for a level that is written.
    """

    def __init__(self) -> None:
        self._requests = logging.getLogger("mcpgrpc.requests")
        self._streams = logging.getLogger("mcpgrpc.streams")
        self._frames = logging.getLogger("mcpgrpc.frames")
        self._server = logging.getLogger("mcpgrpc.server")
        self._refusals = Allowance()

    def hears_frames(self) -> bool:
        """For debugging."""
        return self._frames.isEnabledFor(logging.DEBUG)

    def hears_requests(self) -> bool:
        """For debugging; those that fail are told anyhow."""
        return self._requests.isEnabledFor(logging.DEBUG)

    def stream_opened(self, stream: StreamInfo) -> None:
        """Debugging."""
        if self._streams.isEnabledFor(logging.DEBUG):
            self._streams.debug("stream opened", extra=_facts(stream))

    def stream_closed(
        self, stream: StreamInfo, outcome: Outcome, duration_seconds: float, reason: str = ""
    ) -> None:
        """As the outcome: information for failures."""
        level = OUTCOME_LEVELS[outcome]
        if self._streams.isEnabledFor(level):
            facts = _facts(stream) | _ending(outcome, duration_seconds) | {"reason": reason}
            self._streams.log(level, "stream closed", extra=facts)

    def frame_received(self, stream: StreamInfo, items: int, size_bytes: int) -> None:
        """Debugging."""
        if self._frames.isEnabledFor(logging.DEBUG):
            self._frames.debug("frame received", extra=_frame(stream, items, size_bytes))

    def frame_sent(self, stream: StreamInfo, items: int, size_bytes: int) -> None:
        """Debugging."""
        if self._frames.isEnabledFor(logging.DEBUG):
            self._frames.debug("frame sent", extra=_frame(stream, items, size_bytes))

    def request_started(self, request: RequestInfo) -> None:
        """Debugging."""
        if self._requests.isEnabledFor(logging.DEBUG):
            self._requests.debug("request started", extra=_facts(request))

    def request_finished(
        self, request: RequestInfo, outcome: Outcome, duration_seconds: float
    ) -> None:
        """As the outcome: information for failures."""
        level = OUTCOME_LEVELS[outcome]
        if self._requests.isEnabledFor(level):
            facts = _facts(request) | _ending(outcome, duration_seconds)
            self._requests.log(level, "request finished", extra=facts)

    def refused(self, subject: Subject, reason: str) -> None:
        """A warning, of each reason a few in a while: whoever is refused can ask for ever."""
        suppressed = self._refusals.take(reason)
        if suppressed is None:
            return
        logger = self._streams if isinstance(subject, StreamInfo) else self._requests
        facts = _facts(subject) | {"reason": reason}
        logger.warning("refused", extra=facts | {"suppressed": suppressed} if suppressed else facts)

    def ignored(self, stream: StreamInfo, what: str) -> None:
        """Debugging."""
        if self._streams.isEnabledFor(logging.DEBUG):
            self._streams.debug("ignored", extra=_facts(stream) | {"what": what})

    def drain_started(self, grace_seconds: float) -> None:
        """Information."""
        self._server.info("drain started", extra={"grace_seconds": grace_seconds})

    def drain_finished(self, duration_seconds: float, ended_requests: int) -> None:
        """Information."""
        facts = {"duration_seconds": round(duration_seconds, 6), "ended_requests": ended_requests}
        self._server.info("drain finished", extra=facts)


def _facts(subject: Subject) -> dict[str, Any]:
    if isinstance(subject, StreamInfo):
        return {
            "stream_id": subject.stream_id,
            "rpc": subject.rpc,
            "peer": subject.peer,
            "subject": subject.subject,
        }
    # `name` is taken by the log record itself.
    return _facts(subject.stream) | {
        "request_id": subject.request_id,
        "method": subject.method,
        "target": subject.name,
        "era": subject.era,
    }


def _ending(outcome: Outcome, duration_seconds: float) -> dict[str, Any]:
    return {"outcome": outcome.value, "duration_seconds": round(duration_seconds, 6)}


def _frame(stream: StreamInfo, items: int, size_bytes: int) -> dict[str, Any]:
    return _facts(stream) | {"items": items, "size_bytes": size_bytes}
