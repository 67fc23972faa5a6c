"""Tools that may run twice, as their annotations say, and their calls sent again after a loss.

Annotations are the server's word and nobody else's, so whoever wants this says so. It decides
nothing about requests that certainly did not run: those go again in any case.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import Any, Final

from mcpgrpc.client.results import Tool
from mcpgrpc.errors import ConnectionLost, ServiceError

MAX_TOOLS: Final = 10_000
"""Names that are kept; a tool beyond them is called once."""

MAX_SENDS: Final = 3
"""How often a call is sent in all that may have run."""

_LOST_REASONS: Final = frozenset({"DRAIN_DEADLINE", "UPSTREAM_LOST"})
"""What the service says of a call that it could not finish."""


class SafeTools:
    """The tools that were listed as read-only or idempotent."""

    def __init__(self) -> None:
        self._names: frozenset[str] = frozenset()

    def learn(self, tools: Iterable[Tool]) -> None:
        """The server offers these now; what was learned before holds no more."""
        safe = [tool.name for tool in tools if _is_safe(tool.raw.get("annotations"))]
        self._names = frozenset(safe[:MAX_TOOLS])

    async def call(
        self,
        name: str,
        timeout_seconds: float,
        send: Callable[[float], Awaitable[dict[str, Any]]],
    ) -> dict[str, Any]:
        """Send a call, and again where it was lost and may run twice.

        Args:
            name: the tool.
            timeout_seconds: for all attempts together.
            send: sends it once, with the time that is left.

        Raises:
            RequestTimeout: no answer came in time.
            Exception: what the last attempt raised.
        """
        loop = asyncio.get_running_loop()
        ends = loop.time() + timeout_seconds
        for _ in range(MAX_SENDS - 1):
            try:
                return await send(ends - loop.time())
            except (ConnectionLost, ServiceError) as error:
                if loop.time() >= ends or name not in self._names or not _is_lost(error):
                    raise
        return await send(ends - loop.time())


def _is_safe(annotations: Any) -> bool:
    if not isinstance(annotations, dict):
        return False
    return annotations.get("readOnlyHint") is True or annotations.get("idempotentHint") is True


def _is_lost(error: ConnectionLost | ServiceError) -> bool:
    return isinstance(error, ConnectionLost) or error.reason in _LOST_REASONS
