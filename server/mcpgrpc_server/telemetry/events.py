"""What is reported, and the seam over which: streams, frames, requests, refusals.

It reports and hears nothing itself. Above the seam lie the stream driver and the pipeline, which
report and go on; below it whatever listens.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Protocol, TypeAlias


class Outcome(Enum):
    """How a request or a stream ended."""

    OK = "ok"
    """Answered with a result; a stream: ended by its client, nothing lost."""
    TOOL_ERROR = "tool_error"
    """Answered with the result of a tool that says it failed; told to those who hear all requests,
    to others it is OK."""
    ERROR = "error"
    """Answered with an error of the application or the protocol."""
    REFUSED = "refused"
    """Turned away by this service; it was not executed."""
    CANCELLED = "cancelled"
    """Given up by its client, or lost with its connection."""
    TIMEOUT = "timeout"
    """Its time ran out; a stream: its peer stalled."""
    FAILED = "failed"
    """A fault on this side: the handler raised, or a drain ended it."""


@dataclass(frozen=True, slots=True)
class StreamInfo:
    """One stream, or one unary RPC.

    Attributes:
        stream_id: unique in the process.
        rpc: the method's name, such as "Session" or "Call".
        peer: gRPC's name of the other end, such as "ipv4:127.0.0.1:39412".
        subject: who was authenticated; empty for an anonymous caller.
    """

    stream_id: int
    rpc: str
    peer: str
    subject: str


@dataclass(frozen=True, slots=True)
class RequestInfo:
    """One request of a client.

    Attributes:
        stream: where it came from.
        request_id: the client's own id; unique on its stream only.
        method: the JSON-RPC method, as sent: metrics must not use it as a label unchecked.
        name: the tool's or prompt's name or the resource's uri, where the method has one.
        era: "modern", "legacy", or "open" before it is decided.
    """

    stream: StreamInfo
    request_id: str | int
    method: str
    name: str | None
    era: str


Subject: TypeAlias = RequestInfo | StreamInfo


class StreamCounter(Protocol):
    """Counts what happens on one stream, or on several of its kind.

    It is called for every frame and every request, so it is handed plain values and no object is
    made for it. It returns at once and raises nothing.
    """

    def frame_received(self, items: int, size_bytes: int) -> None:
        """A frame arrived, before its items are looked at."""
        ...

    def frame_sent(self, items: int, size_bytes: int) -> None:
        """A frame was handed to gRPC."""
        ...

    def request_began(self) -> None:
        """A request was accepted. Exactly one `request_ended` follows."""
        ...

    def request_ended(
        self,
        method: str,
        name: str | None,
        era: str,
        outcome: Outcome,
        duration_seconds: float,
        trace_id: str,
    ) -> None:
        """A request is over; the first three are as in `RequestInfo`.

        `trace_id` is that of its trace, in hexadecimal digits; empty where it has none.
        """
        ...


class Telemetry(Protocol):
    """What a listener hears. Each method returns at once; what it raises is the caller's bug.

    Frames and requests are many, so whoever reports asks first whether their facts are wanted.
    """

    def hears_frames(self) -> bool:
        """Whether it wants to hear of frames now; it may be told of one all the same."""
        ...

    def hears_requests(self) -> bool:
        """Whether it wants to hear of every request that starts now.

        Of others it is told only when they do not end well: without their start.
        """
        ...

    def counter(self, stream: StreamInfo) -> StreamCounter | None:
        """Who counts what happens on a stream that is being accepted; None when nobody does."""
        ...

    def stream_opened(self, stream: StreamInfo) -> None:
        """A stream was accepted. Exactly one `stream_closed` follows."""

    def stream_closed(
        self, stream: StreamInfo, outcome: Outcome, duration_seconds: float, reason: str = ""
    ) -> None:
        """A stream ended; `reason` says why in words, for people."""

    def frame_received(self, stream: StreamInfo, items: int, size_bytes: int) -> None:
        """A frame arrived, before its items are looked at."""

    def frame_sent(self, stream: StreamInfo, items: int, size_bytes: int) -> None:
        """A frame was handed to gRPC."""

    def request_started(self, request: RequestInfo) -> None:
        """A request was accepted into the window. Exactly one `request_finished` follows."""

    def request_finished(
        self, request: RequestInfo, outcome: Outcome, duration_seconds: float
    ) -> None:
        """A request is over, and its response, if it gets one, is queued."""

    def let_in(self, rpc: str, kind: str) -> None:
        """The caller of an RPC of MCP is known; `kind` is a value of `IdentityKind`."""

    def refused(self, subject: Subject, reason: str) -> None:
        """This service turned a request or a stream away: alone before a start, else beside it.

        `reason` is the name of an `ErrorReason`, or of the check that failed.
        """

    def ignored(self, stream: StreamInfo, what: str) -> None:
        """Something was dropped without an answer: an unknown item, a malformed notification.

        `what` is one of a few fixed phrases, so that it can be counted by.
        """

    def drain_started(self, grace_seconds: float) -> None:
        """The server takes no new work."""

    def drain_finished(self, duration_seconds: float, ended_requests: int) -> None:
        """Every stream is over; so many requests outlived the grace and were ended."""


class NoTelemetry:
    """Hears nothing; the base of listeners that want some of the events."""

    def hears_frames(self) -> bool:
        """When a method for them was written."""
        return self._listens("frame_received") or self._listens("frame_sent")

    def hears_requests(self) -> bool:
        """When a method for them was written."""
        return self._listens("request_started") or self._listens("request_finished")

    def _listens(self, event: str) -> bool:
        return getattr(type(self), event) is not getattr(NoTelemetry, event)

    def counter(self, stream: StreamInfo) -> StreamCounter | None:
        """Nobody."""
        return None

    def stream_opened(self, stream: StreamInfo) -> None:
        """Nothing."""

    def stream_closed(
        self, stream: StreamInfo, outcome: Outcome, duration_seconds: float, reason: str = ""
    ) -> None:
        """Nothing."""

    def frame_received(self, stream: StreamInfo, items: int, size_bytes: int) -> None:
        """Nothing."""

    def frame_sent(self, stream: StreamInfo, items: int, size_bytes: int) -> None:
        """Nothing."""

    def request_started(self, request: RequestInfo) -> None:
        """Nothing."""

    def request_finished(
        self, request: RequestInfo, outcome: Outcome, duration_seconds: float
    ) -> None:
        """Nothing."""

    def let_in(self, rpc: str, kind: str) -> None:
        """Nothing."""

    def refused(self, subject: Subject, reason: str) -> None:
        """Nothing."""

    def ignored(self, stream: StreamInfo, what: str) -> None:
        """Nothing."""

    def drain_started(self, grace_seconds: float) -> None:
        """Nothing."""

    def drain_finished(self, duration_seconds: float, ended_requests: int) -> None:
        """Nothing."""
