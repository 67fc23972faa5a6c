"""The one table of errors: reasons of the service, gRPC status numbers and JSON-RPC codes.

It does not raise or send anything. Errors of MCP applications pass by untouched; only what the
service itself refuses or ends has a `Refusal`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Final, cast

from mcpgrpc.binding import json_text
from mcpgrpc.v1 import envelope_pb2, errors_pb2

ERROR_DOMAIN: Final = "mcpgrpc"
"""`google.rpc.ErrorInfo.domain` of this service's own errors."""

STATUS_DETAILS_KEY: Final = "grpc-status-details-bin"
"""The trailer of a failed RPC that holds the `google.rpc.Status` with that ErrorInfo."""

PARSE_ERROR: Final = -32700
INVALID_REQUEST: Final = -32600
METHOD_NOT_FOUND: Final = -32601
INVALID_PARAMS: Final = -32602
INTERNAL_ERROR: Final = -32603
HEADER_MISMATCH: Final = -32020
UNSUPPORTED_PROTOCOL_VERSION: Final = -32022

NOT_STARTED: Final = errors_pb2.EXECUTION_NOT_STARTED
MAYBE: Final = errors_pb2.EXECUTION_MAYBE

# gRPC status numbers, which are the JSON-RPC codes of the service's own errors. MCP asks that codes
# of one's own lie outside of the reserved -32xxx range.
INVALID_ARGUMENT: Final = 3
DEADLINE_EXCEEDED: Final = 4
PERMISSION_DENIED: Final = 7
RESOURCE_EXHAUSTED: Final = 8
ABORTED: Final = 10
UNAVAILABLE: Final = 14
UNAUTHENTICATED: Final = 16

_Reason = errors_pb2.ErrorReason

_STATUS: Final[dict[int, tuple[int, errors_pb2.Execution]]] = {
    _Reason.ERROR_REASON_DRAINING: (UNAVAILABLE, NOT_STARTED),
    _Reason.ERROR_REASON_DRAIN_DEADLINE: (ABORTED, MAYBE),
    _Reason.ERROR_REASON_WINDOW_EXCEEDED: (RESOURCE_EXHAUSTED, NOT_STARTED),
    _Reason.ERROR_REASON_RATE_LIMITED: (RESOURCE_EXHAUSTED, NOT_STARTED),
    _Reason.ERROR_REASON_TIMEOUT: (DEADLINE_EXCEEDED, MAYBE),
    _Reason.ERROR_REASON_TOKEN_EXPIRED: (UNAUTHENTICATED, NOT_STARTED),
    _Reason.ERROR_REASON_FORBIDDEN: (PERMISSION_DENIED, NOT_STARTED),
    _Reason.ERROR_REASON_DUPLICATE_ID: (INVALID_ARGUMENT, NOT_STARTED),
    _Reason.ERROR_REASON_UPSTREAM_LOST: (ABORTED, MAYBE),
    _Reason.ERROR_REASON_UNAUTHENTICATED: (UNAUTHENTICATED, NOT_STARTED),
    _Reason.ERROR_REASON_OVERLOADED: (UNAVAILABLE, NOT_STARTED),
    _Reason.ERROR_REASON_UPSTREAM_UNAVAILABLE: (UNAVAILABLE, NOT_STARTED),
    _Reason.ERROR_REASON_MESSAGE_TOO_LARGE: (RESOURCE_EXHAUSTED, MAYBE),
    _Reason.ERROR_REASON_LISTEN_LIMIT: (RESOURCE_EXHAUSTED, NOT_STARTED),
    _Reason.ERROR_REASON_STREAM_LIMIT: (RESOURCE_EXHAUSTED, NOT_STARTED),
    _Reason.ERROR_REASON_STREAM_STALLED: (ABORTED, MAYBE),
    _Reason.ERROR_REASON_INVALID_FRAME: (INVALID_ARGUMENT, MAYBE),
    _Reason.ERROR_REASON_STREAM_IDLE: (ABORTED, MAYBE),
    _Reason.ERROR_REASON_CONNECTION_LOST: (UNAVAILABLE, MAYBE),
}


RETRY_AFTER_MEMBER: Final = "retryAfterMs"
"""The member of `data` that says in how many milliseconds it is worth to try again."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why the service itself refused or ended a request or a stream.

    `execution` unset takes the reason's own from the table. `retry_after_seconds` stands in `data`
    as `retryAfterMs`, and in a status as RetryInfo.
    """

    reason: errors_pb2.ErrorReason
    message: str
    data: dict[str, Any] | None = None
    execution: errors_pb2.Execution = errors_pb2.EXECUTION_UNSPECIFIED
    retry_after_seconds: float | None = None

    @property
    def status(self) -> int:
        """The gRPC status number, which is the JSON-RPC code as well."""
        return _STATUS[self.reason][0]

    @property
    def what_ran(self) -> errors_pb2.Execution:
        """What a caller may conclude about execution."""
        return self.execution or _STATUS[self.reason][1]

    def response(self) -> envelope_pb2.JsonRpcResponse:
        """The JSON-RPC response of it, still without an id."""
        error = envelope_pb2.JsonRpcError(code=self.status, message=self.message)
        data = self.data
        if self.retry_after_seconds is not None:
            data = {**(data or {}), RETRY_AFTER_MEMBER: math.ceil(self.retry_after_seconds * 1000)}
        if data is not None:
            error.data_json = json_text.dump(data)
        return envelope_pb2.JsonRpcResponse(
            error=error, reason=self.reason, execution=self.what_ran
        )


def retry_after_seconds(data: Any) -> float | None:
    """When an error's parsed `data` says that it is worth to try again; None when it does not."""
    after_ms = data.get(RETRY_AFTER_MEMBER) if isinstance(data, dict) else None
    if isinstance(after_ms, bool) or not isinstance(after_ms, int | float):
        return None
    return after_ms / 1000 if 0 <= after_ms < math.inf else None


def reason_name(reason: int) -> str:
    """A reason as it stands on the wire: its name without the prefix ("WINDOW_EXCEEDED").

    A number newer than this schema is given as it is.
    """
    try:
        return _Reason.Name(reason).removeprefix("ERROR_REASON_")
    except ValueError:
        return str(reason)


def reason_number(name: str) -> errors_pb2.ErrorReason:
    """The reason of a wire name; unspecified for one that this schema does not know."""
    try:
        return cast("errors_pb2.ErrorReason", _Reason.Value(f"ERROR_REASON_{name}"))
    except ValueError:
        return _Reason.ERROR_REASON_UNSPECIFIED


def execution_name(execution: int) -> str:
    """An execution as it stands on the wire ("NOT_STARTED"); unspecified counts as "MAYBE"."""
    if execution == NOT_STARTED:
        return "NOT_STARTED"
    return "MAYBE"


def failure(code: int, message: str, data: Any = ...) -> envelope_pb2.JsonRpcResponse:
    """An error response of JSON-RPC or MCP itself, without an id, reason or execution.

    `data` left out is an absent member; None is JSON null.
    """
    error = envelope_pb2.JsonRpcError(code=code, message=message)
    if data is not ...:
        error.data_json = json_text.dump(data)
    return envelope_pb2.JsonRpcResponse(error=error)
