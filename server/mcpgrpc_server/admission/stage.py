"""The stage of the pipeline that bounds the requests which one caller has running at once.

It counts over every stream and Call of a caller; the window of a single stream is the binding's.
"""

from __future__ import annotations

from mcpgrpc.binding.errors import Refusal
from mcpgrpc.binding.in_flight import LISTEN_METHOD
from mcpgrpc.v1 import envelope_pb2, errors_pb2
from mcpgrpc_server.admission.counts import BoundedCounts
from mcpgrpc_server.backend import ServerCall
from mcpgrpc_server.caller import Caller
from mcpgrpc_server.pipeline import Next


class ConcurrencyStage:
    """Refuses what one caller asks beyond so many running requests. Subscriptions do not count.

    Args:
        max_requests: of one caller.
    """

    def __init__(self, max_requests: int) -> None:
        self._running = BoundedCounts(max_requests)

    async def handle(
        self, call: ServerCall, caller: Caller, proceed: Next
    ) -> envelope_pb2.JsonRpcResponse:
        """Let it run, or refuse it, RESOURCE_EXHAUSTED."""
        if call.request.method == LISTEN_METHOD:
            return await proceed(call)
        who = caller.key
        running = self._running
        if not running.take(who):
            return self._refusal().response()
        try:
            return await proceed(call)
        finally:
            running.give_back(who)

    def _refusal(self) -> Refusal:
        return Refusal(
            errors_pb2.ERROR_REASON_RATE_LIMITED,
            f"{self._running.most} requests of this caller are running, its limit;"
            " wait for one to end",
        )
