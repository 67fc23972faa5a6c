"""Which of a command's words is the ADDRESS, and what an address looks like.

It is not a resolver: whether a server stands at the address shows when it is called.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Annotated

import typer

from mcpgrpc.cli.failures import MisuseError
from mcpgrpc.targets import DEFAULT_TARGET

FORMS = "host:port, dns:///name:port, unix:path, or several separated by commas"

AddressWord = Annotated[
    str | None,
    typer.Argument(metavar="ADDRESS", help=f"{FORMS}; {DEFAULT_TARGET} if left out."),
]
"""A command's first word as typer declares it. Left out, it holds the word that comes next."""

_MAX_PORT = 65_535
_HOST_AND_PORT = re.compile(r"(?:\[[0-9A-Fa-f:.]+\]|[\w.-]+):(?P<port>[0-9]+)", re.ASCII)
_NAMED_BY_SCHEME = re.compile(r"(?:dns|ipv4|ipv6|passthrough|unix|unix-abstract|xds):\S+")


def is_address(word: str) -> bool:
    """Whether a word has the form of an address.

    Raises:
        MisuseError: it is nearly one: a port is out of range, or one of a list is no address.
    """
    parts = {part: _is_one(part) for part in word.split(",")}
    odd = [part for part, fits in parts.items() if not fits]
    if odd and len(odd) < len(parts):
        raise MisuseError(f"{odd[0]!r} in {word!r} is not an address ({FORMS})")
    return not odd


def only_address(word: str | None) -> str:
    """The address of a command that takes no other word.

    Raises:
        MisuseError: the word is not an address.
    """
    if word is None:
        return DEFAULT_TARGET
    if not is_address(word):
        raise MisuseError(f"{word!r} is not an address ({FORMS})")
    return word


def address_and_name(words: Sequence[str | None], what: str) -> tuple[str, str, list[str]]:
    """The address, the word after it and the rest; `what` names that word in messages.

    Raises:
        MisuseError: the word is missing.
    """
    given = [word for word in words if word is not None]
    if not given:
        raise MisuseError(f"no {what} given")
    address = given.pop(0) if is_address(given[0]) else DEFAULT_TARGET
    if not given:
        raise MisuseError(f"no {what} after {address!r}, which reads as the address")
    return address, given[0], given[1:]


def address_and_last(words: Sequence[str | None], what: str) -> tuple[str, str]:
    """As `address_and_name`, where nothing may follow.

    Raises:
        MisuseError: the word is missing, or the one before it is not an address.
    """
    address, name, rest = address_and_name(words, what)
    if rest:
        raise MisuseError(f"{name!r}, which stands before {rest[0]!r}, is not an address ({FORMS})")
    return address, name


def _is_one(word: str) -> bool:
    if _NAMED_BY_SCHEME.fullmatch(word):
        return True
    found = _HOST_AND_PORT.fullmatch(word)
    if found and not 0 < int(found["port"]) <= _MAX_PORT:
        raise MisuseError(f"{word!r} is not an address: a port is between 1 and {_MAX_PORT}")
    return found is not None
