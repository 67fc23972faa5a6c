"""The environment of an upstream's command: what programs need, and what the settings name.

It does not read settings or `os.environ`; both are handed to it. Nothing is inherited by default,
because a server's own environment holds its credentials.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Final

INHERITED_NAMES: Final = frozenset(
    {"HOME", "LANG", "LOGNAME", "PATH", "SHELL", "TERM", "TMPDIR", "TZ", "USER"}
)
"""What programs need to run at all; `LC_*` beside them. None of it is a credential."""

_LOCALE_PREFIX: Final = "LC_"
_SECRET_NAME = re.compile(
    r"TOKEN|SECRET|PASSW|PASSPHRASE|CREDENTIAL|AUTH|(?:^|_)(?:KEY|PAT|DSN)(?:$|_)|APIKEY",
    re.IGNORECASE,
)
_MIN_SECRET_CHARACTERS: Final = 8
"""A shorter value stands in too many lines that have nothing to do with it."""


def child_environment(
    ours: Mapping[str, str],
    passed_names: Iterable[str] = (),
    given: Mapping[str, str] | None = None,
) -> dict[str, str]:
    """The whole environment of a command.

    Args:
        ours: the environment of this process.
        passed_names: variables of ours to pass on as well; those that are not set are left out.
        given: variables with their values; they win over what is inherited or passed on.

    Raises:
        ValueError: a name cannot be one of a variable, or a value holds a NUL; never says a value.
    """
    passed = set(passed_names)
    given = given or {}
    for name in (*passed, *given):
        _check_name(name)
    environment = {
        name: value for name, value in ours.items() if name in passed or _is_inherited(name)
    }
    environment.update(given)
    for name, value in environment.items():
        if "\0" in value:
            raise ValueError(f"the value of {name} holds a NUL, which no environment can")
    return environment


def secret_values(environment: Mapping[str, str]) -> tuple[str, ...]:
    """Values that must not be logged, judged by their names (`GITHUB_TOKEN`, `API_KEY`, …)."""
    secrets = {
        value
        for name, value in environment.items()
        if _SECRET_NAME.search(name) and len(value) >= _MIN_SECRET_CHARACTERS
    }
    # The longest first: a secret that is the beginning of another one must not leave its rest.
    return tuple(sorted(secrets, key=len, reverse=True))


def _is_inherited(name: str) -> bool:
    return name in INHERITED_NAMES or name.startswith(_LOCALE_PREFIX)


def _check_name(name: str) -> None:
    if not name or "=" in name or "\0" in name:
        raise ValueError(f"{name!r} cannot be the name of an environment variable")
