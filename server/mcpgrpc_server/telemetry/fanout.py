"""Several listeners behind one.

It does not queue: listeners are called on the spot, and are quick.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final

from mcpgrpc_server.telemetry.events import (
    NoTelemetry,
    Outcome,
    RequestInfo,
    StreamCounter,
    StreamInfo,
    Subject,
    Telemetry,
)

_log: Final = logging.getLogger("mcpgrpc.telemetry")
_QUESTIONS: Final = ("hears_frames", "hears_requests", "counter")
_EVENTS: Final = tuple(
    name for name in vars(NoTelemetry) if not name.startswith("_") and name not in _QUESTIONS
)


class Fanout:
    """Several listeners in their order; one that raises harms neither the request nor the others.

    An event costs nothing for a listener that leaves it to `NoTelemetry`. The first failure is
    logged as an error with its traceback; all are counted in `failures`.
    """

    def __init__(self, *listeners: Telemetry) -> None:
        self.failures = 0
        self._listeners = listeners
        self._heard = {event: _those_who_hear(event, listeners) for event in _EVENTS}
        self._asked_of_frames = _asked("hears_frames", listeners)
        self._asked_of_requests = _asked("hears_requests", listeners)

    def hears_frames(self) -> bool:
        """When one of them does."""
        return self._asked_of_frames()

    def hears_requests(self) -> bool:
        """When one of them does."""
        return self._asked_of_requests()

    def counter(self, stream: StreamInfo) -> StreamCounter | None:
        """Everybody's."""
        found = [each.counter(stream) for each in self._listeners]
        counters = [each for each in found if each is not None]
        return Counters(counters) if len(counters) > 1 else next(iter(counters), None)

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


class Counters:
    """Several counters behind one."""

    def __init__(self, counters: Sequence[StreamCounter]) -> None:
        self._counters = counters

    def frame_received(self, items: int, size_bytes: int) -> None:
        """To every counter."""
        for each in self._counters:
            each.frame_received(items, size_bytes)

    def frame_sent(self, items: int, size_bytes: int) -> None:
        """To every counter."""
        for each in self._counters:
            each.frame_sent(items, size_bytes)

    def request_began(self) -> None:
        """To every counter."""
        for each in self._counters:
            each.request_began()

    def request_ended(
        self,
        method: str,
        name: str | None,
        era: str,
        outcome: Outcome,
        duration_seconds: float,
        trace_id: str,
    ) -> None:
        """To every counter."""
        for each in self._counters:
            each.request_ended(method, name, era, outcome, duration_seconds, trace_id)


def _asked(question: str, listeners: Sequence[Telemetry]) -> Callable[[], bool]:
    """Who has to be asked each time. What `NoTelemetry` answers never changes, so it is not."""
    changing: list[Callable[[], bool]] = []
    for each in listeners:
        asks: Callable[[], bool] = getattr(each, question)
        if getattr(type(each), question, None) is not getattr(NoTelemetry, question):
            changing.append(asks)
        elif asks():
            return lambda: True
    if len(changing) == 1:
        return changing[0]
    return lambda: any(asks() for asks in changing)


def _those_who_hear(event: str, listeners: Iterable[Telemetry]) -> list[Callable[..., None]]:
    nothing = getattr(NoTelemetry, event)
    return [
        getattr(each, event)
        for each in listeners
        if getattr(type(each), event, None) is not nothing
    ]
