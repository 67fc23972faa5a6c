"""Typed RPCs carried out as Calls: what a Call would be answered, in messages of their own.

It holds no rule of a Call. Identity, admission, deadlines, drains and refusals are the Call's,
which runs on the same RPC and writes to it through `CallReplies`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias, TypeVar, cast

from google.protobuf.message import Message

from mcpgrpc.v1 import envelope_pb2, mcp_service_pb2
from mcpgrpc_server.typed.error_status import abort_with
from mcpgrpc_server.typed.params import REQUEST_ID, TypedRequest
from mcpgrpc_server.typed.results import read_result
from mcpgrpc_server.typed.serve_call import Context, ServeCall
from mcpgrpc_server.typed.writing import BadRequestError

Prepare: TypeAlias = Callable[[], TypedRequest]
"""Makes the request; raises BadRequestError."""

Event: TypeAlias = Callable[[mcp_service_pb2.CallResponse], Message | None]
"""The typed message of one message of a Call; None where it has none."""

Answer = TypeVar("Answer", bound=Message)


class CallReplies:
    """An RPC as a Call sees it: what it writes is typed, and an error waits for the end.

    Whatever is not here is the RPC's own.

    Args:
        context: the RPC.
        event: makes a typed message of one of the Call's.
    """

    def __init__(self, context: Context, event: Event | None) -> None:
        self._context = context
        self._event = event
        self.response: envelope_pb2.JsonRpcResponse | None = None
        """The response of the Call, once there is one."""

    def __getattr__(self, name: str) -> Any:
        return getattr(self._context, name)

    async def send_initial_metadata(self, metadata: Any) -> None:
        """Open the answer of a stream; a single message opens its own."""
        if self._event is not None:
            await self._context.send_initial_metadata(metadata)

    async def write(self, message: mcp_service_pb2.CallResponse) -> None:
        """Write a message of the Call in its typed form; one response is only kept."""
        if message.HasField("response"):
            self.response = message.response
            if message.response.HasField("error"):
                return
        typed = self._event(message) if self._event is not None else None
        if typed is not None:
            await self._context.write(typed)


class TypedCalls:
    """Answers typed RPCs.

    Args:
        serve_call: how a Call is answered.
    """

    def __init__(self, serve_call: ServeCall) -> None:
        self._serve_call = serve_call

    async def unary(self, rpc: str, context: Context, prepare: Prepare, response: Answer) -> Answer:
        """Fill a new response with the result; an error ends the RPC with its status.

        Args:
            rpc: its name as `rpc_names` has it, for whoever reports on it.
            context: gRPC's side of it.
            prepare: makes the request.
            response: a new one.
        """
        answered = await self._exchange(rpc, context, prepare, None)
        if answered is not None:
            read_result(answered.result_json, response)
        return response

    async def stream(self, rpc: str, context: Context, prepare: Prepare, event: Event) -> None:
        """Write an event for each message of the Call; the rest is as for `unary`."""
        await self._exchange(rpc, context, prepare, event)

    async def _exchange(
        self, rpc: str, context: Context, prepare: Prepare, event: Event | None
    ) -> envelope_pb2.JsonRpcResponse | None:
        """The response with a result; None when the RPC is over without one."""
        try:
            request = prepare()
        except BadRequestError as error:
            await abort_with(context, _error(error.code, error.message))
            return None
        replies = CallReplies(context, event)
        await self._serve_call(_call(request), cast("Context", replies), rpc)
        response = replies.response
        if response is None or not response.HasField("error"):
            return response
        await abort_with(context, response.error)
        return None


def _call(request: TypedRequest) -> mcp_service_pb2.CallRequest:
    return mcp_service_pb2.CallRequest(
        request=envelope_pb2.JsonRpcRequest(
            id=envelope_pb2.RequestId(integer=REQUEST_ID),
            method=request.method,
            params_json=request.params_json,
        )
    )


def _error(code: int, message: str) -> envelope_pb2.JsonRpcError:
    return envelope_pb2.JsonRpcError(code=code, message=message)
