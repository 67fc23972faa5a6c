"""Lists of an app, and what it says of itself, from text that was encoded before.

It holds no list of its own making: the text is what the SDK answered last, kept with the text of
everything it was made from. That is read anew for each request, since registries change by any
route, and their items in place.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from operator import attrgetter
from typing import Any, Final, NamedTuple

import orjson
from pydantic import BaseModel

from mcpgrpc_server.sdk import internals
from mcpgrpc_server.sdk.direct.results import Results
from mcpgrpc_server.sdk.direct.stock import Steps

_STRICT: Final = (
    orjson.OPT_PASSTHROUGH_DATACLASS
    | orjson.OPT_PASSTHROUGH_DATETIME
    | orjson.OPT_PASSTHROUGH_SUBCLASS
)


class _Listing:
    """One kind of list: the steps that make it, and what of each item goes into it.

    Args:
        name: of the app's method that gives the list; its handler is called after it.
        manager: the app's attribute that holds the items.
        kind: the manager's class.
        listed: the manager's method that gives them.
        members: all that a manager of the SDK's own has.
        fields: of each item.
    """

    def __init__(
        self,
        name: str,
        manager: str,
        kind: type[Any],
        listed: str,
        members: frozenset[str],
        *fields: str,
    ) -> None:
        self._name = name
        self._manager = manager
        self._kind = kind
        self._listed = listed
        self._members = members
        self._handler = getattr(internals.MCPServer, f"_handle_{name}")
        self._method = getattr(internals.MCPServer, name)
        self._steps = Steps(
            f"MCPServer._handle_{name}", f"MCPServer.{name}", f"{kind.__name__}.{listed}"
        )
        self._logger = logging.getLogger(kind.__module__)
        self._fields: Callable[[Any], tuple[Any, ...]] = attrgetter(*fields)

    def sources(self, entry: Any) -> list[Any] | None:
        """What the list is made from; None when it is not made as the SDK does."""
        handler = entry.handler
        if (
            getattr(handler, "__func__", None) is not self._handler
            or entry.params_type is not internals.PaginatedRequestParams
            or not self._steps.untouched()
        ):
            return None
        app = handler.__self__
        if getattr(type(app), self._name) is not self._method or self._name in vars(app):
            return None
        manager = getattr(app, self._manager)
        if type(manager) is not self._kind or vars(manager).keys() != self._members:
            return None
        if self._logger.isEnabledFor(logging.DEBUG):
            # The SDK would say that it lists.
            return None
        return list(map(self._fields, getattr(manager, self._listed)()))


_RESOURCE_MEMBERS: Final = frozenset({"_resources", "_templates", "warn_on_duplicate_resources"})
_LISTINGS: Final = {
    "tools/list": _Listing(
        "list_tools",
        "_tool_manager",
        internals.ToolManager,
        "list_tools",
        frozenset({"_tools", "warn_on_duplicate_tools"}),
        *("name", "title", "description", "parameters", "output_schema"),
        *("annotations", "icons", "meta"),
    ),
    "prompts/list": _Listing(
        "list_prompts",
        "_prompt_manager",
        internals.PromptManager,
        "list_prompts",
        frozenset({"_prompts", "warn_on_duplicate_prompts"}),
        *("name", "title", "description", "arguments", "icons"),
    ),
    "resources/list": _Listing(
        "list_resources",
        "_resource_manager",
        internals.ResourceManager,
        "list_resources",
        _RESOURCE_MEMBERS,
        *("uri", "name", "title", "description", "mime_type", "icons", "annotations", "meta"),
    ),
    "resources/templates/list": _Listing(
        "list_resource_templates",
        "_resource_manager",
        internals.ResourceManager,
        "list_templates",
        _RESOURCE_MEMBERS,
        *("uri_template", "name", "title", "description", "mime_type"),
        *("icons", "annotations", "meta"),
    ),
}


class _Discovery:
    """What `server/discover` is made from, by the SDK's own handler."""

    def __init__(self) -> None:
        self._steps = Steps("LowlevelServer._handle_discover", "LowlevelServer.get_capabilities")
        self._handler = internals.LowlevelServer._handle_discover
        self._capabilities = internals.LowlevelServer.get_capabilities

    def sources(self, entry: Any) -> list[Any] | None:
        """As `_Listing.sources`."""
        handler = entry.handler
        if (
            getattr(handler, "__func__", None) is not self._handler
            or entry.params_type is not internals.RequestParams
        ):
            return None
        server = handler.__self__
        if (
            not self._steps.untouched()
            or type(server).get_capabilities is not self._capabilities
            or "get_capabilities" in vars(server)
        ):
            return None
        return [server.instructions, list(server._request_handlers), server.extensions]


_SOURCES: Final[dict[str, _Listing | _Discovery]] = {**_LISTINGS, "server/discover": _Discovery()}


class Made(NamedTuple):
    """What a text was made from. Two are the same when `is_same` says so."""

    sources: bytes
    hint: object
    stamp: object

    def is_same(self, other: Made) -> bool:
        """Whether the same text would come of both."""
        return (
            self.hint is other.hint and self.stamp is other.stamp and self.sources == other.sources
        )


class Listings:
    """The texts of one server's lists: one for each method and revision.

    Args:
        server: whose.
        results: knows the server's name in results.
    """

    def __init__(self, server: internals.LowlevelServer, results: Results) -> None:
        self._server = server
        self._results = results
        self._texts: dict[tuple[str, str], tuple[Made, str]] = {}

    def made_from(self, method: str, entry: Any) -> Made | None:
        """What the answer to a method is made from now; None when that cannot be known."""
        listing = _SOURCES.get(method)
        sources = None if listing is None else listing.sources(entry)
        stamp = self._results.stamp()
        if sources is None or stamp is None:
            return None
        try:
            text = orjson.dumps(sources, default=_model_members, option=_STRICT)
        except TypeError:
            return None
        return Made(text, self._server.cache_hints.get(method), stamp)

    def text(self, method: str, version: str, made: Made) -> str | None:
        """The text that was made from the same; None when none was."""
        kept = self._texts.get((method, version))
        return kept[1] if kept is not None and kept[0].is_same(made) else None

    def keep(self, method: str, version: str, made: Made, text: str) -> None:
        """Remember what was made from it."""
        self._texts[method, version] = (made, text)


def _model_members(value: object) -> Any:
    """A model's class and members, for what orjson does not write by itself."""
    if isinstance(value, BaseModel):
        kind = type(value)
        extra = value.__pydantic_extra__
        return [f"{kind.__module__}.{kind.__qualname__}", id(kind), value.__dict__, extra]
    raise TypeError(f"no text of {type(value).__name__}")
