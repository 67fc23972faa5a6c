"""How the door's RPCs to the server end, by gRPC's status.

It carries nothing. A Call is told by whoever makes it, since it is given up as soon as its answer
is there, before its status; what else a channel opens is told here.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any, Final, TypeAlias, cast

import grpc

from mcpgrpc.errors import McpGrpcError, ServiceError
from mcpgrpc.v1 import envelope_pb2, errors_pb2

RpcEnded: TypeAlias = Callable[[str, str], None]
"""Hears of the end of an RPC: its name, and the name of its status."""

_CODES: Final = {each.value[0]: each.name for each in grpc.StatusCode}

OK: Final = grpc.StatusCode.OK.name
CANCELLED: Final = grpc.StatusCode.CANCELLED.name
_UNAVAILABLE: Final = grpc.StatusCode.UNAVAILABLE.name
_UNKNOWN: Final = grpc.StatusCode.UNKNOWN.name


def code_of_answer(response: envelope_pb2.JsonRpcResponse) -> str:
    """The status of a Call with this answer: an error of the application is none of gRPC's."""
    if response.reason == errors_pb2.ERROR_REASON_UNSPECIFIED:
        return OK
    return _CODES.get(response.error.code, _UNKNOWN)


def code_of_error(error: McpGrpcError) -> str:
    """The status of a Call that failed so."""
    if isinstance(error, ServiceError):
        return _CODES.get(error.code, _UNKNOWN)
    return _UNAVAILABLE


def told(channel: grpc.aio.Channel, ended: RpcEnded) -> grpc.aio.Channel:
    """A channel whose streams and whose RPCs with one answer are told when they end."""
    return cast("grpc.aio.Channel", _ToldChannel(channel, ended))


class _ToldChannel:
    """Whatever is not here is the channel's own."""

    def __init__(self, channel: grpc.aio.Channel, ended: RpcEnded) -> None:
        self._channel = channel
        self._ended = ended

    def __getattr__(self, name: str) -> Any:
        return getattr(self._channel, name)

    def unary_unary(self, method: str, *given: Any, **named: Any) -> Callable[..., Any]:
        opens: Any = self._channel.unary_unary(method, *given, **named)
        return self._told(method, opens)

    def stream_stream(self, method: str, *given: Any, **named: Any) -> Callable[..., Any]:
        opens: Any = self._channel.stream_stream(method, *given, **named)
        return self._told(method, opens)

    def _told(self, method: str, opens: Callable[..., Any]) -> Callable[..., Any]:
        rpc = method.rpartition("/")[2]

        def opened(*given: Any, **named: Any) -> Any:
            call = opens(*given, **named)
            call.add_done_callback(lambda done: self._ended(rpc, _code_of(done)))
            return call

        return opened


def _code_of(done: Any) -> str:
    """The status of an RPC that is over, which its coroutine gives without waiting for anything."""
    asking: Coroutine[Any, Any, grpc.StatusCode] = done.code()
    try:
        asking.send(None)
    except StopIteration as given:
        return cast("grpc.StatusCode", given.value).name
    asking.close()
    return _UNKNOWN
