"""The steps that a request passes between the stream and the backend.

It does not know streams. Rights, rate limits, caches and traces are stages, each an object with one
method; the order of the list is the order in which a request meets them.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol, TypeAlias, runtime_checkable

from mcpgrpc.logs.correlation import current
from mcpgrpc.v1 import envelope_pb2
from mcpgrpc_server.backend import BackendConnection, Client, ServerCall
from mcpgrpc_server.caller import Caller

Next: TypeAlias = Callable[[ServerCall], Awaitable[envelope_pb2.JsonRpcResponse]]


class Stage(Protocol):
    """One step of the pipeline."""

    async def handle(
        self, call: ServerCall, caller: Caller, proceed: Next
    ) -> envelope_pb2.JsonRpcResponse:
        """Answer the call, or let `proceed` answer it."""
        ...


@runtime_checkable
class ClosableStage(Protocol):
    """A stage that holds something, such as connections."""

    async def close(self) -> None:
        """Let go of it: the server has stopped."""
        ...


def bind(stages: Sequence[Stage], client: Client, connection: BackendConnection) -> Next:
    """The pipeline of one connection: the stages, and then its backend."""
    proceed: Next = connection.handle_request
    for stage in reversed(stages):
        proceed = _step(stage, client, proceed)
    return _correlated(proceed)


def _correlated(proceed: Next) -> Next:
    def correlated(call: ServerCall) -> Awaitable[envelope_pb2.JsonRpcResponse]:
        # For the rest of the request's task: what is logged is logged on its behalf.
        current.set(call)
        return proceed(call)

    return correlated


def _step(stage: Stage, client: Client, proceed: Next) -> Next:
    def step(call: ServerCall) -> Awaitable[envelope_pb2.JsonRpcResponse]:
        # Read now: a stream's identity can be renewed while it is open.
        return stage.handle(call, client.caller, proceed)

    return step
