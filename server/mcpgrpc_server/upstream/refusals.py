"""What the service itself says when an upstream cannot answer.

An upstream's own errors never pass through here: they are its own, whatever they claim.
"""

from __future__ import annotations

from typing import Final

from mcpgrpc.binding import errors
from mcpgrpc.binding.errors import Refusal
from mcpgrpc.errors import ConnectionLost, McpGrpcError, ServiceError
from mcpgrpc.v1 import envelope_pb2, errors_pb2

MALFORMED_ANSWER: Final = "the upstream's answer cannot be passed on: it is no JSON-RPC response"


class RefusedError(Exception):
    """A request is refused by this service, for a reason that is its own."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.message)
        self.refusal = refusal


def of_lost(error: McpGrpcError) -> Refusal:
    """The refusal of a request that an upstream did not answer.

    UPSTREAM_UNAVAILABLE where it certainly did not run, UPSTREAM_LOST otherwise; an error that has
    a reason of its own keeps it.
    """
    if isinstance(error, ServiceError):
        reason = errors.reason_number(error.reason)
        ran = errors.NOT_STARTED if error.execution == "NOT_STARTED" else errors.MAYBE
        return Refusal(reason, error.message, execution=ran)
    if isinstance(error, ConnectionLost) and error.execution != "NOT_STARTED":
        return Refusal(errors_pb2.ERROR_REASON_UPSTREAM_LOST, str(error))
    return Refusal(errors_pb2.ERROR_REASON_UPSTREAM_UNAVAILABLE, str(error))


def in_words(error: McpGrpcError) -> str:
    """What an error says to people, without its reason and execution."""
    return error.message if isinstance(error, ServiceError) else str(error)


def outcome_of(answer: envelope_pb2.JsonRpcResponse) -> envelope_pb2.JsonRpcResponse:
    """What a carrier gives as an answer, without its id, which is no client's.

    A reason in it is one that the carrier itself has set, about itself: an upstream's JSON has no
    member that becomes one, whatever its `data` says.
    """
    if answer.WhichOneof("outcome") is None:
        return malformed()
    answer.ClearField("id")
    return answer


def malformed() -> envelope_pb2.JsonRpcResponse:
    """The response where an upstream's answer is none."""
    return errors.failure(errors.INTERNAL_ERROR, MALFORMED_ANSWER)
