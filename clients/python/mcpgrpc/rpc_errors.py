"""The status of a failed RPC turned into the client's exceptions.

It decides nothing about sending again: `execution` says what may be concluded.
"""

from __future__ import annotations

import contextlib
from typing import Final

import grpc
from google.protobuf.message import DecodeError
from google.rpc import error_details_pb2, status_pb2

from mcpgrpc.binding.errors import ERROR_DOMAIN, RETRY_AFTER_MEMBER, STATUS_DETAILS_KEY
from mcpgrpc.errors import ConnectError, ConnectionLost, McpGrpcError, ServiceError

_CONNECTION_STATUSES: Final = frozenset(
    {grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.CANCELLED, grpc.StatusCode.UNKNOWN}
)


def error_info(error: grpc.aio.AioRpcError) -> error_details_pb2.ErrorInfo | None:
    """The service's own ErrorInfo of a failed RPC; None when a proxy or gRPC itself failed it."""
    status = _status(error)
    return None if status is None else _info_of(status)


def _status(error: grpc.aio.AioRpcError) -> status_pb2.Status | None:
    metadata = error.trailing_metadata() or ()
    for key, value in metadata:
        if key == STATUS_DETAILS_KEY and isinstance(value, bytes):
            with contextlib.suppress(DecodeError):
                return status_pb2.Status.FromString(value)
    return None


def _info_of(status: status_pb2.Status) -> error_details_pb2.ErrorInfo | None:
    for detail in status.details:
        info = error_details_pb2.ErrorInfo()
        if detail.Is(info.DESCRIPTOR):
            detail.Unpack(info)
            if info.domain == ERROR_DOMAIN:
                return info
    return None


def open_error(error: grpc.aio.AioRpcError, target: str) -> McpGrpcError:
    """Why a stream could not be opened; nothing ran."""
    refused = service_error(error, execution="NOT_STARTED")
    if refused is not None:
        return refused
    if error.code() in _CONNECTION_STATUSES:
        return ConnectError(f"no server answers at {target}: {_details(error)}")
    if error.code() is grpc.StatusCode.UNIMPLEMENTED:
        return ConnectError(f"the server at {target} does not serve mcpgrpc.v1.McpService")
    return ServiceError(
        error.code().value[0], _details(error), reason=error.code().name, execution="NOT_STARTED"
    )


def call_error(error: grpc.aio.AioRpcError, target: str, method: str) -> McpGrpcError:
    """Why a Call failed of which the service itself says nothing: a proxy or gRPC failed it."""
    if error.code() in _CONNECTION_STATUSES:
        return lost(error, target, method, "MAYBE")
    return ServiceError(
        error.code().value[0],
        f"{target} could not answer {method}: {_details(error)}",
        reason=error.code().name,
        execution="MAYBE",
    )


def lost(error: Exception | None, target: str, method: str, execution: str) -> ConnectionLost:
    """The connection broke under a request."""
    why = "it ended" if error is None else describe(error)
    ran = "it was not executed" if execution == "NOT_STARTED" else "it may have been executed"
    return ConnectionLost(
        f"the connection to {target} was lost under {method}, and {ran}: {why}",
        execution=execution,
    )


def describe(error: Exception) -> str:
    """An error in one line."""
    if isinstance(error, grpc.aio.AioRpcError):
        return f"{error.code().name}: {_details(error)}"
    return str(error)


def service_error(error: grpc.aio.AioRpcError, execution: str = "MAYBE") -> ServiceError | None:
    """The service's own refusal in a failed RPC; None when it carries none."""
    info = error_info(error)
    if info is None:
        return None
    return ServiceError(
        error.code().value[0],
        _details(error),
        _retry_data(error),
        reason=info.reason,
        execution=info.metadata.get("execution", execution),
    )


def _retry_data(error: grpc.aio.AioRpcError) -> dict[str, int] | None:
    """What a status says of trying again, as a response on a Session says it."""
    status = _status(error)
    for detail in status.details if status is not None else ():
        retry = error_details_pb2.RetryInfo()
        if detail.Is(retry.DESCRIPTOR):
            detail.Unpack(retry)
            return {RETRY_AFTER_MEMBER: retry.retry_delay.ToMilliseconds()}
    return None


def _details(error: grpc.aio.AioRpcError) -> str:
    return error.details() or error.code().name
