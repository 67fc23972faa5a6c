"""The stage of the pipeline that bounds how many requests run at once: of a caller, and of all.

It counts over every stream and Call; the window of a single stream is the binding's. It queues
nothing: whoever is refused can ask another replica at once, and knows that nothing has run.
"""

from __future__ import annotations

import random
import sys
from typing import Final

from mcpgrpc.binding.errors import Refusal
from mcpgrpc.binding.in_flight import LISTEN_METHOD
from mcpgrpc.v1 import envelope_pb2, errors_pb2
from mcpgrpc_server.admission.counts import BoundedCounts
from mcpgrpc_server.backend import ServerCall
from mcpgrpc_server.caller import Caller
from mcpgrpc_server.pipeline import Next

HANDSHAKE: Final = frozenset({"initialize", "ping", "server/discover"})
"""Never refused for what others do: a client would take the refusal for another era."""

RETRY_SECONDS: Final = (0.25, 0.75)
"""When it is worth to try again, at random in between: who is refused together does not come back
together."""


class ConcurrencyStage:
    """Refuses what is asked beyond so many running requests. Subscriptions do not count.

    Args:
        max_requests_per_caller: of one caller.
        max_requests_per_server: of all of them; 0 for no bound.
    """

    def __init__(self, max_requests_per_caller: int, max_requests_per_server: int = 0) -> None:
        self._callers = BoundedCounts(max_requests_per_caller)
        self._most = max_requests_per_server or sys.maxsize
        self.running = 0
        """The requests of all callers that run now."""

    async def handle(
        self, call: ServerCall, caller: Caller, proceed: Next
    ) -> envelope_pb2.JsonRpcResponse:
        """Let it run, or refuse it: RESOURCE_EXHAUSTED for a caller, UNAVAILABLE for all."""
        method = call.request.method
        if method == LISTEN_METHOD:
            return await proceed(call)
        if self.running >= self._most and method not in HANDSHAKE:
            return self._overloaded().response()
        who = caller.key
        callers = self._callers
        if not callers.take(who):
            return self._caller_at_limit().response()
        self.running += 1
        try:
            return await proceed(call)
        finally:
            self.running -= 1
            callers.give_back(who)

    def _caller_at_limit(self) -> Refusal:
        return Refusal(
            errors_pb2.ERROR_REASON_RATE_LIMITED,
            f"{self._callers.most} requests of this caller are running, its limit;"
            " wait for one to end",
        )

    def _overloaded(self) -> Refusal:
        return Refusal(
            errors_pb2.ERROR_REASON_OVERLOADED,
            f"{self._most} requests are running, the limit of this server;"
            " send it again elsewhere, or in a while",
            retry_after_seconds=random.uniform(*RETRY_SECONDS),  # noqa: S311  # no secret
        )
