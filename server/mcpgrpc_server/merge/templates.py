"""Whether a URI can come from a URI template (RFC 6570), in time that grows with its length alone.

It does not expand templates and gives no values of variables: a router needs neither. It is
lenient where servers are: a value may hold any character but those that end its part of a URI.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, TypeAlias

MAX_URI_CHARACTERS: Final = 8192
"""Longer URIs match no template; what they cost is bounded with them."""

_EXPRESSION: Final = re.compile(r"\{([^{}]+)\}")


@dataclass(frozen=True, slots=True)
class _Run:
    """Where an expression stands: a first text, then characters that are not excluded."""

    first: str
    excluded: str
    optional: bool


_RUNS: Final = {
    "+": _Run("", "", optional=False),
    "#": _Run("#", "", optional=True),
    ".": _Run(".", "/?#", optional=True),
    "/": _Run("/", "?#", optional=True),
    ";": _Run(";", "/?#", optional=True),
    "?": _Run("?", "#", optional=True),
    "&": _Run("&", "#", optional=True),
}
"""By operator. With one, an expression whose variables have no value leaves nothing behind."""

_SIMPLE: Final = _Run("", "/?#", optional=False)

_Token: TypeAlias = str | _Run


def matches(template: str, uri: str) -> bool:
    """Whether values of its variables make the template this URI."""
    if len(uri) > MAX_URI_CHARACTERS:
        return False
    # Every index of the URI that what came of the template so far can reach.
    reached = {0}
    for token in _tokens(template):
        if isinstance(token, str):
            reached = _after_text(reached, token, uri)
        else:
            run = _after_run(_after_text(reached, token.first, uri), token.excluded, uri)
            reached = run | reached if token.optional else run
        if not reached:
            return False
    return len(uri) in reached


@lru_cache(maxsize=1024)
def _tokens(template: str) -> tuple[_Token, ...]:
    tokens: list[_Token] = []
    at = 0
    for found in _EXPRESSION.finditer(template):
        tokens += [template[at : found.start()], _RUNS.get(found[1][0], _SIMPLE)]
        at = found.end()
    return tuple(token for token in (*tokens, template[at:]) if token != "")


def _after_text(reached: set[int], text: str, uri: str) -> set[int]:
    return {at + len(text) for at in reached if uri.startswith(text, at)}


def _after_run(reached: set[int], excluded: str, uri: str) -> set[int]:
    """Behind one character or more that are not excluded."""
    behind = set()
    running = False
    for at, character in enumerate(uri):
        running = (running or at in reached) and character not in excluded
        if running:
            behind.add(at + 1)
    return behind
