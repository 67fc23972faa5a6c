"""The bounds of one stdio upstream: what it may send, leave unread and be asked at once.

They are not settings; whoever has settings makes one of these.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from mcpgrpc.binding.limits import MIB


@dataclass(frozen=True, slots=True)
class StdioLimits:
    """The bounds of one carrier.

    Attributes:
        max_message_bytes: the longest message taken from the upstream, the same as over gRPC.
        high_water_bytes: bytes waiting for the upstream to read beyond which requests and
            notifications wait; enough to keep a reading upstream busy.
        max_unread_bytes: bytes waiting in all, answers to its own requests included, which cannot
            wait; an upstream that leaves more unread is ended.
        max_exchanges: requests under way at once, subscriptions included; each costs a few
            kilobytes here and more in the upstream.
        max_server_requests: requests of the upstream unanswered at once, as on a stream.
        settle_seconds: for how long after a cancellation a message that names no request is not
            attributed to the only one under way, since the cancelled one may still be speaking;
            0 where one client has the process for itself.
    """

    max_message_bytes: int = 16 * MIB
    high_water_bytes: int = 1 * MIB
    max_unread_bytes: int = 64 * MIB
    max_exchanges: int = 4096
    max_server_requests: int = 1024
    settle_seconds: float = 5.0


DEFAULT_LIMITS: Final = StdioLimits()
