"""Whose a line of the log is: the id of the request that is being handled, found as it is written.

A request that nobody writes about costs a note of where to look, and no id is made for it. Nothing
is decided by an id: whoever calls may choose it.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Final

from mcpgrpc.binding import json_text
from mcpgrpc.logs.correlation import HEADER, current, given_id, new_id
from mcpgrpc.tracing.fields import TRACEPARENT
from mcpgrpc.v1 import mcp_service_pb2
from mcpgrpc_server.caller import Caller

if TYPE_CHECKING:
    from mcpgrpc_server.backend import ServerCall

_making: Final = threading.Lock()


class RpcCorrelation:
    """What an RPC says about whose its lines are.

    Args:
        caller: who opened it.
        message: its one request; None for a stream of many.
    """

    __slots__ = ("_id", "_message", "caller")

    def __init__(self, caller: Caller, message: mcp_service_pb2.CallRequest | None) -> None:
        self.caller = caller
        self._message = message
        self._id = ""

    @property
    def correlation_id(self) -> str:
        """The id of its one request."""
        return self._id or self.settled(None)

    @property
    def is_one_request(self) -> bool:
        """Whether it carries one request alone, so that all of its lines are that request's."""
        return self._message is not None

    def settled(self, call: ServerCall | None) -> str:
        """The id of its one request, which may not have been admitted yet."""
        # A tool may log from several threads at once.
        with _making:
            if not self._id:
                self._id = _found(self.caller, call if call is not None else self._message)
            return self._id


_rpc: Final[ContextVar[RpcCorrelation | None]] = ContextVar("rpc", default=None)


def begin_rpc(caller: Caller, message: mcp_service_pb2.CallRequest | None = None) -> None:
    """From here on this task, and what it starts, serves an RPC.

    Args:
        caller: who opened it.
        message: its one request, on whose behalf it logs; None for a stream of many.
    """
    rpc = RpcCorrelation(caller, message)
    _rpc.set(rpc)
    if message is not None:
        current.set(rpc)


def id_of(call: ServerCall) -> str:
    """The id of a request; asked in its task, in what that starts, or in their threads."""
    rpc = _rpc.get()
    if rpc is not None and rpc.is_one_request:
        return rpc.settled(call)
    with _making:
        if not call.noted_id:
            call.noted_id = _found(None if rpc is None else rpc.caller, call)
        return call.noted_id


def traceparents(
    caller: Caller | None, said: ServerCall | mcp_service_pb2.CallRequest | None
) -> Iterator[object]:
    """What says which trace a request belongs to: `_meta` before a door before metadata."""
    meta = (_params(said) or {}).get("_meta")
    yield meta.get(TRACEPARENT) if isinstance(meta, dict) else None
    yield from _headers(caller, said, TRACEPARENT)


def _found(caller: Caller | None, said: ServerCall | mcp_service_pb2.CallRequest | None) -> str:
    given = given_id(_headers(caller, said, HEADER), traceparents(caller, said))
    return given or getattr(said, "trace_id", "") or new_id()


def _headers(
    caller: Caller | None, said: ServerCall | mcp_service_pb2.CallRequest | None, name: str
) -> list[object]:
    door = None if said is None else said.door
    found: list[object] = []
    if door is not None:
        found += [each.value for each in door.headers if each.name == name]
    if caller is not None:
        found.append(caller.headers.get(name))
    return found


def _params(said: ServerCall | mcp_service_pb2.CallRequest | None) -> dict[str, Any] | None:
    if not isinstance(said, mcp_service_pb2.CallRequest):
        return None if said is None else said.params
    try:
        return json_text.parse_object(said.request.params_json or "{}")
    except json_text.JsonTextError:
        return None
