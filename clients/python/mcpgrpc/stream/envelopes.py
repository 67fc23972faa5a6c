"""What carriers write into a request's envelope, and read off its answer and off a GoAway.

It keeps no state and sends nothing.
"""

from __future__ import annotations

from typing import Final

from mcpgrpc.binding.errors import Refusal
from mcpgrpc.v1 import envelope_pb2, errors_pb2, session_pb2

_NANOS: Final = 1_000_000_000
_ELSEWHERE: Final = frozenset(
    {errors_pb2.ERROR_REASON_DRAINING, errors_pb2.ERROR_REASON_TOKEN_EXPIRED}
)


def set_timeout(request: envelope_pb2.Envelope, timeout_seconds: float) -> None:
    """How long the server may work on a request."""
    whole_seconds, nanos = divmod(round(timeout_seconds * _NANOS), _NANOS)
    timeout = request.timeout
    timeout.seconds = whole_seconds
    timeout.nanos = nanos
    timeout.SetInParent()


def too_large(size_bytes: int, limit_bytes: int) -> Refusal:
    """What a request gets that is larger than the server takes."""
    return Refusal(
        errors_pb2.ERROR_REASON_MESSAGE_TOO_LARGE,
        f"a message of {size_bytes} bytes is beyond the {limit_bytes} bytes that the server takes",
        execution=errors_pb2.EXECUTION_NOT_STARTED,
    )


def answer_of(
    response: envelope_pb2.JsonRpcResponse, request: envelope_pb2.Envelope
) -> envelope_pb2.Envelope:
    """The envelope of a response that this end gives to a request of its own."""
    response.id.CopyFrom(request.request.id)
    return envelope_pb2.Envelope(response=response)


def is_draining(answer: envelope_pb2.Envelope) -> bool:
    """Refused because the stream takes no more: another one, with a fresh token, does."""
    return answer.response.reason in _ELSEWHERE


def why_drained(go_away: session_pb2.GoAway) -> str:
    """Why a server takes no more requests on a stream."""
    if go_away.reason == session_pb2.GO_AWAY_REASON_TOKEN_EXPIRING:
        return "its credential has ended"
    return "the server drains it"
