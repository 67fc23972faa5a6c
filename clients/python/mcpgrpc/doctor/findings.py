"""What an examination finds: one thing that was looked at, how it is, and what to do about it.

It is no output: the command line words it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any


class Level(Enum):
    """How bad a finding is."""

    OK = "ok"
    WARNING = "warning"
    """It works; it is better mended."""
    FAILED = "failed"
    """A client cannot work with this."""
    SKIPPED = "skipped"
    """Not looked at, since something before it failed or it does not apply."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding.

    Attributes:
        check: what was looked at, in one word, such as "tls".
        level: how it is.
        found: what was found, a line for people.
        advice: what to do; empty where there is nothing to do.
        facts: the same for programs, as JSON values.
    """

    check: str
    level: Level
    found: str
    advice: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """As a JSON object."""
        return {
            "check": self.check,
            "level": self.level.value,
            "found": self.found,
            "advice": self.advice,
            "facts": dict(self.facts),
        }


def skipped(check: str, why: str) -> Finding:
    """It was not looked at."""
    return Finding(check, Level.SKIPPED, why)
