"""The subscriptions of the modern era that a legacy session serves.

It sends nothing to the upstream: whoever subscribes there asks here what is still wanted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from mcpgrpc.binding import json_text
from mcpgrpc_server.upstream import addressing
from mcpgrpc_server.upstream.session import Asked

ACKNOWLEDGED_METHOD: Final = "notifications/subscriptions/acknowledged"
UPDATED_METHOD: Final = "notifications/resources/updated"
URIS: Final = "resourceSubscriptions"

MAX_URIS: Final = 256
"""Resources of one subscription; each is a request to the upstream."""

MAX_EARLY: Final = 256
"""What may come before a subscription is acknowledged."""

LIST_KINDS: Final[Mapping[str, str]] = {
    "notifications/tools/list_changed": "toolsListChanged",
    "notifications/prompts/list_changed": "promptsListChanged",
    "notifications/resources/list_changed": "resourcesListChanged",
}
"""Notifications about lists, and the member of a filter that asks for each."""

_CAPABILITIES: Final = {
    "toolsListChanged": ("tools", "listChanged"),
    "promptsListChanged": ("prompts", "listChanged"),
    "resourcesListChanged": ("resources", "listChanged"),
    URIS: ("resources", "subscribe"),
}


@dataclass(slots=True, eq=False)
class Listen:
    """One subscription.

    Attributes:
        asked: the client's request.
        kinds: members of the filter that are honoured, but for URIs.
        uris: resources whose changes it is told.
        early: what came before the acknowledgement, which goes first; None when that is sent.
    """

    asked: Asked
    kinds: frozenset[str]
    uris: tuple[str, ...]
    early: list[tuple[str, str]] | None = field(default_factory=list)

    def wants(self, method: str, params: Mapping[str, Any]) -> bool:
        """Whether a notification is for it."""
        if method == UPDATED_METHOD:
            uri = params.get("uri")
            return isinstance(uri, str) and any(_covers(own, uri) for own in self.uris)
        return LIST_KINDS.get(method) in self.kinds


def honoured(
    params: Mapping[str, Any] | None, capabilities: Mapping[str, Any]
) -> tuple[frozenset[str], tuple[str, ...]]:
    """The kinds and the resources that a listen asks for and its upstream can tell of.

    Raises:
        ValueError: it asks for no notifications in the form of an object, or for too many URIs.
    """
    wanted = (params or {}).get("notifications")
    if not isinstance(wanted, dict):
        raise ValueError("params.notifications must be an object")
    offered = {kind for kind, path in _CAPABILITIES.items() if _offers(capabilities, *path)}
    kinds = frozenset(kind for kind in LIST_KINDS.values() if wanted.get(kind) is True) & offered
    uris = wanted.get(URIS) if URIS in offered else None
    listed = uris if isinstance(uris, list) else []
    named = dict.fromkeys(uri for uri in listed if isinstance(uri, str))
    if len(named) > MAX_URIS:
        raise ValueError(f"a subscription has at most {MAX_URIS} resources")
    return kinds, tuple(named)


class ListenTable:
    """The subscriptions that are open on one session.

    Args:
        pass_on: gives a client what belongs to its request.
    """

    def __init__(self, pass_on: Callable[[Asked, str, str | None], None]) -> None:
        self._pass_on = pass_on
        self._open: list[Listen] = []
        self._subscribers: Counter[str] = Counter()

    def add(self, listen: Listen) -> list[str]:
        """Enter a subscription; gives the resources that none before it has asked for."""
        self._open.append(listen)
        new = [uri for uri in listen.uris if not self._subscribers[uri]]
        self._subscribers.update(listen.uris)
        return new

    def remove(self, listen: Listen) -> list[str]:
        """Take a subscription out; gives the resources that nobody asks for any more."""
        self._open.remove(listen)
        self._subscribers.subtract(listen.uris)
        gone = [uri for uri in listen.uris if not self._subscribers[uri]]
        for uri in gone:
            del self._subscribers[uri]
        return gone

    def is_wanted(self, uri: str) -> bool:
        """Whether an open subscription has asked for a resource."""
        return self._subscribers[uri] > 0

    def refuse(self, listen: Listen, uri: str) -> None:
        """The upstream has no such subscription."""
        listen.uris = tuple(each for each in listen.uris if each != uri)
        self._subscribers.subtract([uri])

    def acknowledge(self, listen: Listen) -> None:
        """Tell a client what it will hear of; then what came meanwhile."""
        filter_: dict[str, Any] = dict.fromkeys(sorted(listen.kinds), True)
        if listen.uris:
            filter_[URIS] = list(listen.uris)
        self._tell(listen, ACKNOWLEDGED_METHOD, json_text.dump({"notifications": filter_}))
        early, listen.early = listen.early, None
        for method, params_json in early or ():
            self._tell(listen, method, params_json)

    def heard(self, method: str, params_json: str) -> None:
        """Tell everybody who wants to hear it."""
        params = json_text.parse_object(params_json) or {}
        for listen in self._open:
            if not listen.wants(method, params):
                continue
            if listen.early is None:
                self._tell(listen, method, params_json)
            elif len(listen.early) < MAX_EARLY:
                listen.early.append((method, params_json))
            else:
                listen.asked.fall_behind()

    def _tell(self, listen: Listen, method: str, params_json: str) -> None:
        client_id = listen.asked.client_id
        if client_id is not None:
            addressed = addressing.with_subscription_id(params_json, client_id)
            self._pass_on(listen.asked, method, addressed)


def _offers(capabilities: Mapping[str, Any], name: str, what: str) -> bool:
    capability = capabilities.get(name)
    return isinstance(capability, dict) and capability.get(what) is True


def _covers(subscribed: str, updated: str) -> bool:
    """A server may report a part of what was subscribed to."""
    return updated == subscribed or updated.startswith(subscribed.rstrip("/") + "/")
