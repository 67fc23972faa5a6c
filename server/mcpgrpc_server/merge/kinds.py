"""The four lists of MCP: what their methods and members are called.

It does not list anything.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of thing that servers list.

    Attributes:
        noun: what a person calls it.
        list_method: the request that lists it.
        items: the member of the result that holds the items.
        key: the member of an item that tells it from others.
        capability: the capability of a server that has some.
        changed_method: the notification that the list has changed.
    """

    noun: str
    list_method: str
    items: str
    key: str
    capability: str
    changed_method: str

    @property
    def is_uri(self) -> bool:
        """Whether the key is a URI, or a template of one."""
        return self.key != "name"


TOOLS: Final = Kind(
    "tool", "tools/list", "tools", "name", "tools", "notifications/tools/list_changed"
)
PROMPTS: Final = Kind(
    "prompt", "prompts/list", "prompts", "name", "prompts", "notifications/prompts/list_changed"
)
RESOURCES: Final = Kind(
    "resource",
    "resources/list",
    "resources",
    "uri",
    "resources",
    "notifications/resources/list_changed",
)
TEMPLATES: Final = Kind(
    "resource template",
    "resources/templates/list",
    "resourceTemplates",
    "uriTemplate",
    "resources",
    "notifications/resources/list_changed",
)

KINDS: Final = (TOOLS, PROMPTS, RESOURCES, TEMPLATES)
BY_LIST_METHOD: Final = {kind.list_method: kind for kind in KINDS}

CHANGED_METHODS: Final = {
    "toolsListChanged": TOOLS.changed_method,
    "promptsListChanged": PROMPTS.changed_method,
    "resourcesListChanged": RESOURCES.changed_method,
}
"""The notification that each flag of a subscription's filter asks for."""

UPDATED_METHOD: Final = "notifications/resources/updated"


def changed_kinds(method: str) -> tuple[Kind, ...]:
    """The lists that a notification says have changed; none for any other notification."""
    return tuple(kind for kind in KINDS if kind.changed_method == method)
