"""The changes that an app publishes on the SDK's bus, heard by others than its listeners too.

It replaces nothing of the app: it listens on the app's own bus and publishes on it. So what an
author publishes from wherever is heard, and whoever listens hears what comes from elsewhere.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Final

from mcpgrpc_server.fleet.change import EVERYTHING, LISTS_CHANGED, UPDATED, Change
from mcpgrpc_server.sdk import internals

LISTEN: Final = "subscriptions/listen"

_METHODS: Final = {
    internals.ToolsListChanged: LISTS_CHANGED[0],
    internals.PromptsListChanged: LISTS_CHANGED[1],
    internals.ResourcesListChanged: LISTS_CHANGED[2],
}

_from_elsewhere: ContextVar[bool] = ContextVar("from_elsewhere", default=False)
"""Whether what is published now is a change that another server made. The SDK's bus in memory calls
its listeners before it returns, in the context of whoever publishes."""


class AppChanges:
    """The changes of one app.

    Args:
        server: the app's low-level server.
        heard: called with each change, or EVERYTHING, before the app's listeners are; must not
            block.
        made_here: called with each change that was not `publish`ed here; must not block.
    """

    def __init__(
        self,
        server: internals.LowlevelServer,
        heard: Callable[[Change], None],
        made_here: Callable[[Change], None],
    ) -> None:
        self._server = server
        self._heard = heard
        self._made_here = made_here
        self._bus = _bus_of(server)
        self._uris: Counter[str] = Counter()

    @property
    def are_shareable(self) -> bool:
        """Whether the app has a bus, and it reaches this process alone; else it is its author's."""
        return self._bus is not None

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Hear of changes, and know which resources are listened for."""
        entry = self._server.get_request_handler(LISTEN)
        if self._bus is None or entry is None:
            yield
            return
        # First among the listeners, as long as nobody listens yet.
        stop = self._bus.subscribe(self._on_event)
        self._server.add_request_handler(LISTEN, entry.params_type, self._noting(entry.handler))
        try:
            yield
        finally:
            self._server.add_request_handler(LISTEN, entry.params_type, entry.handler)
            stop()

    async def publish(self, change: Change) -> None:
        """Tell the app's listeners of a change that another server made."""
        event = _event_of(change)
        if self._bus is None or event is None:
            return
        before = _from_elsewhere.set(True)
        try:
            await self._bus.publish(event)
        finally:
            _from_elsewhere.reset(before)

    async def publish_everything(self) -> None:
        """Tell them that every list and every resource that they listen for may have changed."""
        self._heard(EVERYTHING)
        for method in LISTS_CHANGED:
            await self.publish(Change(method))
        for uri in tuple(self._uris):
            await self.publish(Change(UPDATED, uri))

    def _on_event(self, event: internals.ServerEvent) -> None:
        change = _change_of(event)
        self._heard(change)
        if not _from_elsewhere.get():
            self._made_here(change)

    def _noting(self, handler: Any) -> Callable[[Any, Any], Any]:
        async def listen(context: Any, params: Any) -> Any:
            # Each is held by the SDK as well, in as many subscriptions.
            uris = frozenset(params.notifications.resource_subscriptions or ())
            self._uris.update(uris)
            try:
                return await handler(context, params)
            finally:
                self._uris.subtract(uris)
                self._uris = +self._uris

        return listen


def _bus_of(server: internals.LowlevelServer) -> internals.InMemorySubscriptionBus | None:
    entry = server.get_request_handler(LISTEN)
    handler: Any = None if entry is None else entry.handler
    bus = handler._bus if isinstance(handler, internals.ListenHandler) else None
    # Any other class may reach further by itself.
    return bus if type(bus) is internals.InMemorySubscriptionBus else None


def _change_of(event: internals.ServerEvent) -> Change:
    if isinstance(event, internals.ResourceUpdated):
        return Change(UPDATED, event.uri)
    return Change(_METHODS[type(event)])


def _event_of(change: Change) -> internals.ServerEvent | None:
    params = None if change.uri is None else {"uri": change.uri}
    return internals.event_from_wire(change.method, params)
