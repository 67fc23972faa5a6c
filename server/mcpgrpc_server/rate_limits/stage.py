"""The stage of the pipeline that keeps callers to their budgets.

It judges no identity: who is anonymous is counted by where it connects from, each other caller by
who it is. What a client needs in order to find out how to talk to a server is never counted: a
refusal there would be read as another era.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from mcpgrpc.binding.errors import Refusal
from mcpgrpc.v1 import envelope_pb2, errors_pb2
from mcpgrpc_server.backend import ServerCall
from mcpgrpc_server.caller import Caller
from mcpgrpc_server.caller_key import caller_key
from mcpgrpc_server.pipeline import Next
from mcpgrpc_server.rate_limits.budgets import EVERY_TOOL, Budget
from mcpgrpc_server.rate_limits.counters import Counters, CountersAwayError

UNCOUNTED: Final = frozenset({"initialize", "ping", "server/discover"})

MAX_TOOL_CHARACTERS: Final = 128
"""Of a tool's name in a counter's key; MCP allows no longer ones, and callers make names up."""


class RateLimitStage:
    """Refuses what is beyond a caller's budget, RESOURCE_EXHAUSTED with when to try again.

    Args:
        budgets: in the order in which they are asked.
        counters: where requests are counted.
        open_without_counters: when nothing can be counted, let requests through; else refuse them.
    """

    def __init__(
        self, budgets: Sequence[Budget], counters: Counters, *, open_without_counters: bool
    ) -> None:
        self._budgets = tuple(budgets)
        self._counters = counters
        self._open = open_without_counters

    async def handle(
        self, call: ServerCall, caller: Caller, proceed: Next
    ) -> envelope_pb2.JsonRpcResponse:
        """Count the request, and answer it where there is no room for it."""
        if call.request.method not in UNCOUNTED:
            refusal = await self._refusal(call, caller)
            if refusal is not None:
                return refusal.response()
        return await proceed(call)

    async def close(self) -> None:
        """Let go of what counts."""
        await self._counters.close()

    async def _refusal(self, call: ServerCall, caller: Caller) -> Refusal | None:
        tool = _tool_of(call)
        who = caller_key(caller)
        try:
            for budget in self._budgets:
                counted = _counted(budget, tool)
                if counted is None:
                    continue
                wait_seconds = await self._counters.take(budget.item, *who, counted)
                if wait_seconds is not None:
                    return _beyond(budget, tool, wait_seconds)
        except CountersAwayError:
            return None if self._open else _AWAY
        return None


_AWAY: Final = Refusal(
    errors_pb2.ERROR_REASON_OVERLOADED, "rate limits cannot be kept now; try again later"
)


def _tool_of(call: ServerCall) -> str | None:
    if call.request.method != "tools/call":
        return None
    name = (call.params or {}).get("name")
    return name[:MAX_TOOL_CHARACTERS] if isinstance(name, str) else None


def _counted(budget: Budget, tool: str | None) -> str | None:
    """The counter of a budget that a request goes to; None when it is not of its kind."""
    if budget.tool is None:
        return "requests"
    if tool is None or budget.tool not in (EVERY_TOOL, tool):
        return None
    return f"tool:{tool}"


def _beyond(budget: Budget, tool: str | None, wait_seconds: float) -> Refusal:
    of_what = "" if budget.tool is None else f" for the tool {tool!r}"
    return Refusal(
        errors_pb2.ERROR_REASON_RATE_LIMITED,
        f"the rate limit of {budget.text}{of_what} is reached; try again in {wait_seconds:.3g} s",
        retry_after_seconds=wait_seconds,
    )
