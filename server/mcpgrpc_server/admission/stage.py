"""The stage of the pipeline that bounds the requests which one caller has running at once.

It counts over every stream and Call of a caller; the window of a single stream is the binding's.
"""

from __future__ import annotations

from mcpgrpc.binding.errors import Refusal
from mcpgrpc.v1 import envelope_pb2, errors_pb2
from mcpgrpc_server.backend import ServerCall
from mcpgrpc_server.caller import Caller
from mcpgrpc_server.caller_key import CallerKey, caller_key
from mcpgrpc_server.pipeline import Next


class ConcurrencyStage:
    """Refuses what one caller asks beyond so many running requests. Subscriptions do not count.

    Args:
        max_requests: of one caller.
    """

    def __init__(self, max_requests: int) -> None:
        self._max_requests = max_requests
        self._running: dict[CallerKey, int] = {}

    async def handle(
        self, call: ServerCall, caller: Caller, proceed: Next
    ) -> envelope_pb2.JsonRpcResponse:
        """Let it run, or refuse it, RESOURCE_EXHAUSTED."""
        if call.request.is_listen:
            return await proceed(call)
        who = caller_key(caller)
        running = self._running.get(who, 0)
        if running >= self._max_requests:
            return self._refusal().response()
        self._running[who] = running + 1
        try:
            return await proceed(call)
        finally:
            self._ended(who)

    def _ended(self, who: CallerKey) -> None:
        left = self._running[who] - 1
        if left:
            self._running[who] = left
        else:
            # Nobody's count is kept who has nothing running.
            del self._running[who]

    def _refusal(self) -> Refusal:
        return Refusal(
            errors_pb2.ERROR_REASON_RATE_LIMITED,
            f"{self._max_requests} requests of this caller are running, its limit;"
            " wait for one to end",
        )
