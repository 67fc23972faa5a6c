"""Errors of the service as gRPC statuses, with bounded details.

It does not decide what is an error; `mcpgrpc.binding.errors` has the table.
"""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any, Final, NoReturn

import grpc
from google.protobuf import any_pb2
from google.protobuf.message import Message
from google.rpc import error_details_pb2, status_pb2

from mcpgrpc.binding.errors import (
    ERROR_DOMAIN,
    STATUS_DETAILS_KEY,
    Refusal,
    execution_name,
    reason_name,
)
from mcpgrpc.binding.limits import seconds

MAX_MESSAGE_BYTES: Final = 768
"""gRPC rejects metadata above 8 KiB in all at random, so the trailers of an error stay below half
of that: the message goes twice, in base64 and percent-encoded, which takes 4.4 times its bytes."""

STATUS_TIMEOUT_SECONDS: Final = 5.0
"""How long an RPC that is ended by force may take to accept its status."""

ERROR_CODE_KEY: Final = "mcpgrpc-error-code"
"""The trailer that repeats an MCP error's code: proxies see nothing but status and trailers."""

_STATUS_CODES: Final = {code.value[0]: code for code in grpc.StatusCode}


def bounded(message: str, max_bytes: int = MAX_MESSAGE_BYTES) -> str:
    """A message cut to so many bytes of UTF-8."""
    encoded = message.encode("utf-8", "replace")
    if len(encoded) <= max_bytes:
        return message
    return encoded[: max_bytes - 3].decode("utf-8", "ignore") + "..."


def details(refusal: Refusal) -> bytes:
    """The `google.rpc.Status` of a refusal, serialised."""
    info = error_details_pb2.ErrorInfo(
        reason=reason_name(refusal.reason),
        domain=ERROR_DOMAIN,
        metadata={"execution": execution_name(refusal.what_ran)},
    )
    packed = [_packed(info)]
    if refusal.retry_after_seconds is not None:
        retry = error_details_pb2.RetryInfo(retry_delay=seconds(refusal.retry_after_seconds))
        packed.append(_packed(retry))
    status = status_pb2.Status(
        code=refusal.status, message=bounded(refusal.message), details=packed
    )
    return bytes(status.SerializeToString())


def _packed(detail: Message) -> any_pb2.Any:
    packed = any_pb2.Any()
    packed.Pack(detail)
    return packed


async def abort(context: grpc.aio.ServicerContext[Any, Any], refusal: Refusal) -> NoReturn:
    """End an RPC with a refusal; raises what gRPC raises to end it."""
    await context.abort(
        _STATUS_CODES[refusal.status],
        bounded(refusal.message),
        ((STATUS_DETAILS_KEY, details(refusal)),),
    )


async def abort_unread(
    context: grpc.aio.ServicerContext[Any, Any], refusal: Refusal, timeout_seconds: float
) -> None:
    """End an RPC whose peer may not be reading with a refusal; raises as `abort`, or returns.

    A status goes behind the data that the peer has not taken, so gRPC holds it for as long as the
    peer keeps the connection. When it is not taken in time this returns: the status is gRPC's, and
    the handler has nothing more to wait for.
    """
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(timeout_seconds):
            await abort(context, refusal)
