"""Subscriptions of the lean client: a `subscriptions/listen` request as an async iterator.

It exists in the modern era only, as the request does.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Self

from mcpgrpc.binding.in_flight import LISTEN_METHOD
from mcpgrpc.errors import McpGrpcError, RequestTimeout

ACKNOWLEDGED_METHOD: Final = "notifications/subscriptions/acknowledged"

MAX_WAITING_EVENTS: Final = 1024
"""Events that may wait for their reader; beyond it the subscription ends, as its events are no use
without each other and nothing is replayed."""


@dataclass(frozen=True, slots=True)
class Notification:
    """What a server told."""

    method: str
    params: dict[str, Any] | None


class Subscription:
    """An open subscription: iterate over it for what changed.

    The iteration ends when the server closes it, and raises when the connection is lost or the
    reader falls too far behind. Nothing is replayed: listen again and fetch anew.
    """

    def __init__(self) -> None:
        self._events: deque[Notification] = deque()
        self._changed = asyncio.Event()
        self._acknowledged: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._ended = False
        self._error: McpGrpcError | None = None

    def deliver(self, notification: Notification) -> None:
        """The server sent something on it."""
        if notification.method == ACKNOWLEDGED_METHOD:
            if not self._acknowledged.done():
                self._acknowledged.set_result(None)
        elif len(self._events) >= MAX_WAITING_EVENTS:
            self.end(McpGrpcError(f"{MAX_WAITING_EVENTS} events wait unread: listen again"))
        elif not self._ended:
            self._events.append(notification)
            self._changed.set()

    def end(self, error: McpGrpcError | None) -> None:
        """It is over; what waits is still read."""
        if self._ended:
            return
        self._ended = True
        self._error = error
        self._changed.set()
        if not self._acknowledged.done():
            refused = error or McpGrpcError("the server closed the subscription at once")
            self._acknowledged.set_exception(refused)
            self._acknowledged.exception()

    async def wait_acknowledged(self, timeout_seconds: float) -> None:
        """Wait until the server says that it listens; raises why it does not.

        Raises:
            RequestTimeout: it did not say so in time.
        """
        try:
            async with asyncio.timeout(timeout_seconds):
                await asyncio.shield(self._acknowledged)
        except TimeoutError:
            raise RequestTimeout(
                f"{LISTEN_METHOD} was not acknowledged within {timeout_seconds:g} s;"
                " the server was told to stop"
            ) from None

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Notification:
        while not self._events:
            if self._ended:
                if self._error is not None:
                    raise self._error
                raise StopAsyncIteration
            self._changed.clear()
            await self._changed.wait()
        return self._events.popleft()


def wanted_changes(
    tools: bool, prompts: bool, resources: bool, resource_uris: Sequence[str]
) -> dict[str, Any]:
    """The filter of a subscription as the protocol has it: what is not wanted is left out."""
    lists = {
        "toolsListChanged": tools,
        "promptsListChanged": prompts,
        "resourcesListChanged": resources,
    }
    wanted: dict[str, Any] = {kind: True for kind, wants in lists.items() if wants}
    if resource_uris:
        wanted["resourceSubscriptions"] = list(resource_uris)
    return wanted
