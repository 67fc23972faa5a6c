"""Errors of MCP as gRPC statuses, with what was said of them in bounded trailers.

Errors of the service itself are not here: they are statuses already (`mcpgrpc_server.status`).
"""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any, Final
from urllib.parse import quote

import grpc
from google.protobuf import any_pb2
from google.rpc import error_details_pb2, status_pb2

from mcpgrpc.binding import errors
from mcpgrpc.v1 import envelope_pb2
from mcpgrpc_server.status import ERROR_CODE_KEY, STATUS_TIMEOUT_SECONDS, bounded

MCP_DOMAIN: Final = "mcp"
"""`google.rpc.ErrorInfo.domain` of errors of MCP: whatever an application says there, it is no
refusal of the service, whose domain is another."""

DATA_KEY: Final = "data_json"
"""`ErrorInfo.metadata` with the error's `data`, where the trailers have room for it."""

DATA_BYTES_KEY: Final = "data_bytes"
"""`ErrorInfo.metadata` with the size of a `data` for which they have none."""

CODE_KEY: Final = "code"
"""`ErrorInfo.metadata` with the JSON-RPC code."""

MAX_TRAILER_BYTES: Final = 3584
"""Message and details, as they go over the wire. gRPC rejects metadata above 8 KiB at random."""

MISSING_CLIENT_CAPABILITY: Final = -32021

_Code = grpc.StatusCode

STATUSES: Final[dict[int, tuple[grpc.StatusCode, str]]] = {
    errors.PARSE_ERROR: (_Code.INVALID_ARGUMENT, "PARSE_ERROR"),
    errors.INVALID_REQUEST: (_Code.INVALID_ARGUMENT, "INVALID_REQUEST"),
    errors.METHOD_NOT_FOUND: (_Code.UNIMPLEMENTED, "METHOD_NOT_FOUND"),
    errors.INVALID_PARAMS: (_Code.INVALID_ARGUMENT, "INVALID_PARAMS"),
    errors.INTERNAL_ERROR: (_Code.INTERNAL, "INTERNAL_ERROR"),
    errors.HEADER_MISMATCH: (_Code.INVALID_ARGUMENT, "HEADER_MISMATCH"),
    MISSING_CLIENT_CAPABILITY: (_Code.FAILED_PRECONDITION, "MISSING_REQUIRED_CLIENT_CAPABILITY"),
    errors.UNSUPPORTED_PROTOCOL_VERSION: (
        _Code.FAILED_PRECONDITION,
        "UNSUPPORTED_PROTOCOL_VERSION",
    ),
}
"""Status and `ErrorInfo.reason` of the codes that JSON-RPC and MCP define."""

OTHER: Final = (_Code.UNKNOWN, "APPLICATION_ERROR")
"""Those of every other code, which is the application's own."""


async def abort_with(
    context: grpc.aio.ServicerContext[Any, Any], error: envelope_pb2.JsonRpcError
) -> None:
    """End an RPC with an error of MCP; raises what gRPC raises to end it.

    It returns when the client, which may not be reading, does not take the status in time.
    """
    code, _ = STATUSES.get(error.code, OTHER)
    trailers = (
        (errors.STATUS_DETAILS_KEY, details(error)),
        (ERROR_CODE_KEY, str(error.code)),
    )
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(STATUS_TIMEOUT_SECONDS):
            await context.abort(code, bounded(error.message), trailers)


def details(error: envelope_pb2.JsonRpcError) -> bytes:
    """The `google.rpc.Status` of an error, serialised, with its data if there is room for it."""
    whole = _status(error, DATA_KEY, error.data_json)
    # On the wire the message goes percent-encoded beside the details, which go in base64.
    size = len(quote(bounded(error.message))) + len(whole) * 4 // 3
    if size <= MAX_TRAILER_BYTES:
        return whole
    return _status(error, DATA_BYTES_KEY, str(len(error.data_json.encode())))


def _status(error: envelope_pb2.JsonRpcError, data_key: str, data: str) -> bytes:
    code, reason = STATUSES.get(error.code, OTHER)
    info = error_details_pb2.ErrorInfo(
        reason=reason, domain=MCP_DOMAIN, metadata={CODE_KEY: str(error.code)}
    )
    if error.HasField("data_json"):
        info.metadata[data_key] = data
    packed = any_pb2.Any()
    packed.Pack(info)
    status = status_pb2.Status(code=code.value[0], message=bounded(error.message), details=[packed])
    return bytes(status.SerializeToString())
