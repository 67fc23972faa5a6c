"""Names and URIs against patterns, in time that grows with their lengths alone.

It knows one sign, `*`, for any run of characters. `?` and `[` are characters of URIs, so they mean
themselves.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final

MAX_PATTERN_CHARACTERS: Final = 1024

MAX_NAME_CHARACTERS: Final = 8192
"""What is longer matches no pattern; what it costs is bounded with it."""

# "." and ".." between slashes, also percent-encoded, and encoded slashes: a server may resolve them
# to another resource than the text says.
_WANDERING = re.compile(r"(?:^|[/\\])(?:\.|%2e){1,2}(?=$|[/\\?#])|%2f|%5c|\\", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Pattern:
    """A name, or a set of names: `docs_*`, `docs:///guide/*`, `*`."""

    text: str
    _pieces: tuple[str, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if not 0 < len(self.text) <= MAX_PATTERN_CHARACTERS:
            raise ValueError(f"a pattern has 1 to {MAX_PATTERN_CHARACTERS} characters")
        object.__setattr__(self, "_pieces", tuple(self.text.split("*")))

    @property
    def prefix(self) -> str:
        """What every name that matches begins with."""
        return self._pieces[0]

    @property
    def is_exact(self) -> bool:
        """Whether it is one name."""
        return len(self._pieces) == 1

    def matches(self, name: str) -> bool:
        """Whether it is this name, or the name is of its set."""
        if self.is_exact or len(name) > MAX_NAME_CHARACTERS:
            return name == self.text
        first, *middle, last = self._pieces
        if len(name) < len(first) + len(last) or not name.startswith(first):
            return False
        end = len(name) - len(last)
        return name.endswith(last) and _in_order(name, middle, len(first), end)

    def matches_uri(self, uri: str) -> bool:
        """The same for a URI; one that wanders (`..`, encoded slashes) is of no set.

        `file:///public/*` must not let `file:///public/../secret` through.
        """
        if _WANDERING.search(uri):
            return self.is_exact and uri == self.text
        return self.matches(uri)

    def may_match_template(self, template: str) -> bool:
        """Whether a URI of a template can be of its set, by what both begin with."""
        literal = template.partition("{")[0]
        return self.prefix.startswith(literal) or (
            not self.is_exact and literal.startswith(self.prefix)
        )


def _in_order(name: str, pieces: list[str], begin: int, end: int) -> bool:
    for piece in pieces:
        found = name.find(piece, begin, end)
        if found < 0:
            return False
        begin = found + len(piece)
    return True
