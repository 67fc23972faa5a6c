"""Several listeners behind one.

It does not queue: listeners are called on the spot, and are quick.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from typing import Any, Final

from mcpgrpc_server.telemetry.events import (
    NoTelemetry,
    Outcome,
    RequestInfo,
    StreamInfo,
    Subject,
    Telemetry,
)

_log: Final = logging.getLogger("mcpgrpc.telemetry")
_EVENTS: Final = tuple(name for name in vars(NoTelemetry) if not name.startswith(("_", "hears_")))


class Fanout:
    """Several listeners in their order; one that raises harms neither the request nor the others.

    An event costs nothing for a listener that leaves it to `NoTelemetry`. The first failure is
    logged as an error with its traceback; all are counted in `failures`.
    """

    def __init__(self, *listeners: Telemetry) -> None:
        self.failures = 0
        self._listeners = listeners
        self._heard = {event: _those_who_hear(event, listeners) for event in _EVENTS}

    def hears_frames(self) -> bool:
        """When one of them does."""
        return any(each.hears_frames() for each in self._listeners)

    def hears_requests(self) -> bool:
        """When one of them does."""
        return any(each.hears_requests() for each in self._listeners)

    def _tell(self, event: str, *facts: Any) -> None:
        for report in self._heard[event]:
            try:
                report(*facts)
            except Exception:  # noqa: BLE001 - it is logged once; the work must go on
                self.failures += 1
                if self.failures == 1:
                    _log.exception("a listener failed at %s; more will only be counted", event)

    def stream_opened(self, stream: StreamInfo) -> None:
        """To every listener."""
        self._tell("stream_opened", stream)

    def stream_closed(
        self, stream: StreamInfo, outcome: Outcome, duration_seconds: float, reason: str = ""
    ) -> None:
        """To every listener."""
        self._tell("stream_closed", stream, outcome, duration_seconds, reason)

    def frame_received(self, stream: StreamInfo, items: int, size_bytes: int) -> None:
        """To every listener."""
        self._tell("frame_received", stream, items, size_bytes)

    def frame_sent(self, stream: StreamInfo, items: int, size_bytes: int) -> None:
        """To every listener."""
        self._tell("frame_sent", stream, items, size_bytes)

    def request_started(self, request: RequestInfo) -> None:
        """To every listener."""
        self._tell("request_started", request)

    def request_finished(
        self, request: RequestInfo, outcome: Outcome, duration_seconds: float
    ) -> None:
        """To every listener."""
        self._tell("request_finished", request, outcome, duration_seconds)

    def let_in(self, rpc: str, kind: str) -> None:
        """To every listener."""
        self._tell("let_in", rpc, kind)

    def refused(self, subject: Subject, reason: str) -> None:
        """To every listener."""
        self._tell("refused", subject, reason)

    def ignored(self, stream: StreamInfo, what: str) -> None:
        """To every listener."""
        self._tell("ignored", stream, what)

    def drain_started(self, grace_seconds: float) -> None:
        """To every listener."""
        self._tell("drain_started", grace_seconds)

    def drain_finished(self, duration_seconds: float, ended_requests: int) -> None:
        """To every listener."""
        self._tell("drain_finished", duration_seconds, ended_requests)


def _those_who_hear(event: str, listeners: Iterable[Telemetry]) -> list[Callable[..., None]]:
    nothing = getattr(NoTelemetry, event)
    return [
        getattr(each, event)
        for each in listeners
        if getattr(type(each), event, None) is not nothing
    ]
