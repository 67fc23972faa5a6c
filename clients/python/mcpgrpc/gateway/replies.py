"""What the door answers by itself, and the HTTP status of what the service refuses.

It never looks at an application's error for a refusal: only `reason`, which the service alone sets,
makes a status other than those that MCP gives to its own codes.
"""

from __future__ import annotations

import math
from typing import Any, Final

from starlette.responses import Response

from mcpgrpc.binding import errors, ids, json_text
from mcpgrpc.binding.ids import Id
from mcpgrpc.errors import McpGrpcError, ServiceError
from mcpgrpc.gateway.sdk_framing import ERROR_CODE_HTTP_STATUS
from mcpgrpc.relay.failures import failed
from mcpgrpc.relay.line import host_text
from mcpgrpc.v1 import envelope_pb2, errors_pb2

JSON: Final = "application/json"

OK: Final = 200
BAD_GATEWAY: Final = 502
SERVICE_UNAVAILABLE: Final = 503
_UNAUTHORIZED: Final = 401
_TOO_LARGE: Final = 413
_TOO_MANY_REQUESTS: Final = 429

_STATUS_OF_GRPC: Final = {
    errors.INVALID_ARGUMENT: 400,
    errors.UNAUTHENTICATED: _UNAUTHORIZED,
    errors.PERMISSION_DENIED: 403,
    errors.RESOURCE_EXHAUSTED: _TOO_MANY_REQUESTS,
    errors.UNAVAILABLE: SERVICE_UNAVAILABLE,
    errors.DEADLINE_EXCEEDED: 504,
}


class HttpRefusalError(Exception):
    """An HTTP request that the door does not carry to the server.

    Attributes:
        status: the HTTP status.
        text: the JSON-RPC error that is the body.
        headers: further fields of the response.
    """

    def __init__(
        self,
        status: int,
        message: str,
        *,
        code: int = errors.INVALID_REQUEST,
        request_id: Id | None = None,
        data: Any = ...,
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.text = error_text(code, message, request_id, data)
        self.headers = headers

    def response(self) -> Response:
        """The response that says so."""
        return json_response(self.text, self.status, self.headers)


class FailedOpeningError(HttpRefusalError):
    """The server could not be reached or refused a caller before anything ran."""

    def __init__(self, error: McpGrpcError, request_id: envelope_pb2.RequestId) -> None:
        super().__init__(status_of_error(error), str(error))
        response = failed(error)
        response.id.CopyFrom(request_id)
        self.text = host_text(envelope_pb2.Envelope(response=response))


def error_text(code: int, message: str, request_id: Id | None, data: Any = ...) -> str:
    """A JSON-RPC error; without an id it is null."""
    response = errors.failure(code, message, data)
    if request_id is None:
        response.id.SetInParent()
    else:
        response.id.CopyFrom(ids.to_message(request_id))
    return host_text(envelope_pb2.Envelope(response=response))


def json_response(text: str, status: int, headers: dict[str, str] | None = None) -> Response:
    """A JSON body; a 429 and a 503 say when to try again."""
    asked = {**_retry_after(text, status), **(headers or {})}
    return Response(text, status, asked, media_type=JSON)


def _retry_after(text: str, status: int) -> dict[str, str]:
    """What the error in a body says of trying again, as HTTP says it: in whole seconds."""
    if status not in (_TOO_MANY_REQUESTS, SERVICE_UNAVAILABLE):
        return {}
    error = (json_text.parse_object(text) or {}).get("error")
    seconds = errors.retry_after_seconds(error.get("data")) if isinstance(error, dict) else None
    return {} if seconds is None else {"retry-after": str(math.ceil(seconds))}


def refusal_status(response: envelope_pb2.JsonRpcResponse) -> int | None:
    """The HTTP status of a response in which the service speaks of itself; None for any other."""
    not_started = response.execution == errors.NOT_STARTED
    if response.reason == errors_pb2.ERROR_REASON_UNSPECIFIED:
        return None
    match errors.reason_name(response.reason):
        case "CONNECTION_LOST":
            # A proxy may send again what is answered 503, and only what certainly did not run.
            return SERVICE_UNAVAILABLE if not_started else BAD_GATEWAY
        case "MESSAGE_TOO_LARGE" if not_started:
            return _TOO_LARGE
    return _STATUS_OF_GRPC.get(response.error.code, BAD_GATEWAY)


def status_of_answer(response: envelope_pb2.JsonRpcResponse) -> int:
    """The HTTP status of the answer to a modern request, as MCP and the binding have it."""
    refused = refusal_status(response)
    if refused is not None:
        return refused
    if response.WhichOneof("outcome") == "error":
        return ERROR_CODE_HTTP_STATUS.get(response.error.code, OK)
    return OK


def status_of_error(error: McpGrpcError) -> int:
    """The HTTP status of a request that got no answer."""
    if isinstance(error, ServiceError):
        return _STATUS_OF_GRPC.get(error.code, BAD_GATEWAY)
    return refusal_status(failed(error)) or BAD_GATEWAY
