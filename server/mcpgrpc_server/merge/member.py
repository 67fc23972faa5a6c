"""One of the servers that are offered as one, and what tells its things from another's.

It does not decide when something is prefixed; `names` does.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from mcpgrpc_server.backend import Backend

_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,31}")
"""What can stand before `_` in the name of a tool and before `+` in the scheme of a URI, and leaves
room in the 64 characters that many hosts allow a tool's name."""


@dataclass(frozen=True, slots=True)
class Member:
    """A backend under a name.

    Attributes:
        name: a letter, then at most 31 letters, digits, `_`, `.` or `-`. Raises ValueError for
            anything else.
        backend: what answers its requests.
        always_prefix: whether its tools and prompts carry its name even where nothing collides.
    """

    name: str
    backend: Backend
    always_prefix: bool = False

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise ValueError(
                f"{self.name!r} cannot name a member: a letter is needed, then at most 31 letters,"
                " digits, '_', '.' or '-'"
            )

    @property
    def name_prefix(self) -> str:
        """What goes before the name of a tool or prompt."""
        return f"{self.name}_"

    @property
    def uri_prefix(self) -> str:
        """What goes before a URI: schemes are compared in lower case, and have no `_`."""
        return f"{self.name.lower().replace('_', '-')}+"

    @property
    def serving(self) -> bool:
        """Whether it can answer now."""
        return self.backend.availability.serving


def check_members(members: Sequence[Member]) -> None:
    """Raise ValueError where there is no member, or where two could not be told apart."""
    if not members:
        raise ValueError("nothing to merge: name one member at least")
    seen: dict[str, str] = {}
    for member in members:
        other = seen.get(member.uri_prefix)
        if other is not None:
            raise ValueError(
                f"the members {other!r} and {member.name!r} cannot be told apart: case and"
                " '_' against '-' do not count; rename one"
            )
        seen[member.uri_prefix] = member.name
