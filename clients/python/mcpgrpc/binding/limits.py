"""What one end of a stream accepts, and what it announces about it in `Settings`.

It is not configuration: the server's settings model and the client's options make one of these.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Final

from google.protobuf import duration_pb2

from mcpgrpc.v1 import session_pb2

KIB: Final = 1024
MIB: Final = 1024 * KIB

UNANNOUNCED_MAX_IN_FLIGHT: Final = 16
"""The window towards a peer whose Settings have not arrived."""

DEFAULT_MAX_FRAME_BYTES: Final = 4 * MIB
"""The frame that a peer takes when it says nothing: gRPC's own message limit."""


FRAME_OVERHEAD_BYTES: Final = 64
"""What a frame adds around a single envelope, at most."""


@dataclass(frozen=True, slots=True)
class Limits:
    """The bounds that one end of a stream keeps for what it receives and what it sends.

    Attributes:
        max_in_flight: the peer's requests unsettled at once.
        max_listens: the peer's subscriptions/listen open at once; not part of the window.
        max_frame_bytes: the largest frame received, as serialised.
        max_envelope_bytes: the largest envelope received, after reassembly.
        max_open_fragments: envelopes received in pieces at once; 0 takes none.
        max_frame_items: items in one frame received; more of them end the stream.
        max_json_depth: nesting of params that is parsed.
        keepalive_interval_seconds: how often at least a frame is written; 0 makes no promise.
        fragment_bytes: envelopes sent that are larger travel in pieces of this size, to peers that
            take pieces.
        coalesce_items: envelopes sent in one frame at most. Measured: 32 gave 1.46 times the
            throughput of no bound, which puts the two ends in lockstep.
        coalesce_bytes: bytes of a frame at which no further envelope joins it.
    """

    max_in_flight: int = 1024
    max_listens: int = 64
    max_frame_bytes: int = 16 * MIB
    max_envelope_bytes: int = 16 * MIB
    max_open_fragments: int = 16
    max_frame_items: int = 1024
    max_json_depth: int = 512
    keepalive_interval_seconds: float = 30.0
    fragment_bytes: int = 256 * KIB
    coalesce_items: int = 32
    coalesce_bytes: int = 64 * KIB

    def settings(self) -> session_pb2.Settings:
        """The announcement of what is received."""
        settings = session_pb2.Settings(
            max_in_flight=self.max_in_flight,
            max_frame_bytes=self.max_frame_bytes,
            max_envelope_bytes=self.max_envelope_bytes,
            max_open_fragments=self.max_open_fragments,
        )
        if self.keepalive_interval_seconds > 0:
            settings.keepalive_interval.CopyFrom(seconds(self.keepalive_interval_seconds))
        return settings


@dataclass(frozen=True)
class PeerLimits:
    """What the peer announced, with the binding's defaults for what it left out."""

    max_in_flight: int = UNANNOUNCED_MAX_IN_FLIGHT
    max_frame_bytes: int = DEFAULT_MAX_FRAME_BYTES
    max_envelope_bytes: int = DEFAULT_MAX_FRAME_BYTES
    max_open_fragments: int = 0
    keepalive_interval_seconds: float = 0.0

    @cached_property
    def largest_envelope_bytes(self) -> int:
        """The largest envelope that can be sent; without pieces it has to fit into a frame."""
        if self.max_open_fragments > 0:
            return self.max_envelope_bytes
        return min(self.max_envelope_bytes, self.max_frame_bytes - FRAME_OVERHEAD_BYTES)

    @classmethod
    def announced(cls, settings: session_pb2.Settings) -> PeerLimits:
        """The limits that a peer's Settings announce."""
        max_frame_bytes = settings.max_frame_bytes or DEFAULT_MAX_FRAME_BYTES
        return cls(
            max_in_flight=settings.max_in_flight or UNANNOUNCED_MAX_IN_FLIGHT,
            max_frame_bytes=max_frame_bytes,
            max_envelope_bytes=settings.max_envelope_bytes or max_frame_bytes,
            max_open_fragments=settings.max_open_fragments,
            keepalive_interval_seconds=to_seconds(settings.keepalive_interval),
        )


def seconds(value: float) -> duration_pb2.Duration:
    """A duration of so many seconds."""
    duration = duration_pb2.Duration()
    duration.FromNanoseconds(round(value * 1_000_000_000))
    return duration


def to_seconds(duration: duration_pb2.Duration) -> float:
    """A duration in seconds; negative ones count as 0."""
    return max(0.0, duration.seconds + duration.nanos / 1_000_000_000)
