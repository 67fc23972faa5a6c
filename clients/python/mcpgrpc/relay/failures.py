"""Requests that got no answer, and answers of the service, as plain JSON-RPC has room for them.

It sends nothing.
"""

from __future__ import annotations

from typing import Any

from mcpgrpc.binding import errors, json_text
from mcpgrpc.errors import ConnectionLost, McpGrpcError, RemoteError, ServiceError
from mcpgrpc.v1 import envelope_pb2, errors_pb2

CONNECTION_CLOSED = -32000
"""The code under which hosts know a lost connection; it lies in JSON-RPC's range for servers."""


def failed(error: McpGrpcError) -> envelope_pb2.JsonRpcResponse:
    """The response of a request that got no answer; its id is still to be set.

    `reason` and `execution` stand in it as the binding has them, and in `data` for the host.
    """
    if isinstance(error, ServiceError):
        return _failed(error.code, error.message, error.reason, error.execution, error.data)
    if isinstance(error, RemoteError):
        return errors.failure(error.code, error.message, error.data)
    execution = error.execution if isinstance(error, ConnectionLost) else "NOT_STARTED"
    return _failed(CONNECTION_CLOSED, str(error), "CONNECTION_LOST", execution)


def plain(envelope: envelope_pb2.Envelope) -> envelope_pb2.Envelope:
    """An answer with what the service said about itself copied to where plain JSON-RPC has room."""
    response = envelope.response
    if response.reason != errors_pb2.ERROR_REASON_UNSPECIFIED:
        data = _data_object(response.error)
        data["reason"] = errors.reason_name(response.reason)
        data["execution"] = errors.execution_name(response.execution)
        response.error.data_json = json_text.dump(data)
    return envelope


def _failed(
    code: int, message: str, reason: str, execution: str, data: Any = None
) -> envelope_pb2.JsonRpcResponse:
    said = data if isinstance(data, dict) else {}
    response = errors.failure(code, message, {**said, "reason": reason, "execution": execution})
    response.reason = errors.reason_number(reason)
    response.execution = errors.NOT_STARTED if execution == "NOT_STARTED" else errors.MAYBE
    return response


def _data_object(error: envelope_pb2.JsonRpcError) -> dict[str, Any]:
    try:
        return json_text.parse_object(error.data_json) or {}
    except json_text.JsonTextError:
        return {}
