"""MCP's methods as rights see them: which one names a thing, of which kind, and which lists it.

It knows no policy and reads no request.
"""

from __future__ import annotations

from enum import Enum
from typing import Final


class Kind(Enum):
    """What a name is the name of; the value is the word in a policy."""

    TOOL = "tools"
    PROMPT = "prompts"
    RESOURCE = "resources"


LISTS: Final = {
    "tools/list": Kind.TOOL,
    "prompts/list": Kind.PROMPT,
    "resources/list": Kind.RESOURCE,
    "resources/templates/list": Kind.RESOURCE,
}
"""Methods whose result lists things of a kind."""

NAMING: Final = {
    "tools/call": Kind.TOOL,
    "prompts/get": Kind.PROMPT,
    "resources/read": Kind.RESOURCE,
    "resources/subscribe": Kind.RESOURCE,
    "resources/unsubscribe": Kind.RESOURCE,
}
"""Methods whose params name one thing of a kind."""

COMPLETION: Final = "completion/complete"
LISTEN: Final = "subscriptions/listen"

BASE: Final = frozenset(
    {
        "initialize",
        "ping",
        "server/discover",
        "logging/setLevel",
        COMPLETION,
        LISTEN,
        "notifications/cancelled",
        "notifications/initialized",
        "notifications/progress",
        "notifications/roots/list_changed",
    }
)
"""Methods that name nothing of their own: any rule that fits a caller gives them."""


def implied_methods(kinds: set[Kind]) -> frozenset[str]:
    """The methods that a rule gives by naming things of these kinds, with no word of methods."""
    named = {method for method, kind in (LISTS | NAMING).items() if kind in kinds}
    return BASE | named
