"""What can be said of an upstream: words, variables, URLs and headers that can be used.

It is pure; no message here shows a value, since any of them can be a credential.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from pydantic import SecretStr

from mcpgrpc_server.listen_targets import is_local

HIDDEN_QUERY: Final = "********"

_VARIABLE: Final = re.compile(r"[^=\0]+")
_FIELD_NAME: Final = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")


def shown_url(text: str) -> str:
    """A URL, or NAME=URL, as people may see it: a query can hold a credential."""
    before, mark, query = text.partition("?")
    return f"{before}{mark}{HIDDEN_QUERY}" if query else text


def check_words(words: Sequence[str]) -> None:
    """Raises ValueError for a command that cannot be started."""
    if not words[0]:
        raise ValueError("the command is empty; a program and its arguments are needed")
    if any("\0" in word for word in words):
        raise ValueError("the command holds a NUL, which no argument can")


def check_variables(env: Mapping[str, SecretStr], env_from: Sequence[str]) -> None:
    """Raises ValueError for what cannot stand in an environment; never says a value."""
    for name in (*env, *env_from):
        if not _VARIABLE.fullmatch(name):
            raise ValueError(f"{name!r} cannot be the name of an environment variable")
    if any("\0" in value.get_secret_value() for value in env.values()):
        raise ValueError("a value of env holds a NUL, which no environment can")


def check_url(url: str) -> None:
    """Raises ValueError for a URL that no upstream is reached by; never says it."""
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018  # it is looked at to be checked
    except ValueError:
        raise ValueError("the url's host is none, or its port no number up to 65,535") from None
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("the url must begin with http://HOST or https://HOST")
    if "@" in parts.netloc:
        raise ValueError("the url holds a user name; a credential belongs into headers")
    if parts.fragment or not url.isascii() or not url.isprintable() or " " in url:
        raise ValueError("the url holds what no server is sent: a #, a space or the like")


def check_headers(headers: Mapping[str, SecretStr], files: Mapping[str, Path]) -> None:
    """Raises ValueError for headers that cannot be sent; never says a value."""
    names = [name.lower() for name in (*headers, *files)]
    for name in names:
        if not _FIELD_NAME.fullmatch(name):
            raise ValueError(f"{name!r} cannot be the name of a header")
    if len(set(names)) < len(names):
        raise ValueError("a header stands twice, in headers or header_files")
    for name, value in headers.items():
        if not is_field_value(value.get_secret_value()):
            raise ValueError(f"the value of {name} holds what no header can")


def is_field_value(value: str) -> bool:
    """Whether a header can have such a value: printable ASCII without space at its ends."""
    return value.isascii() and value.isprintable() and value == value.strip() and bool(value)


def is_exposed(url: str) -> bool:
    """Whether what goes to a URL can be read on the way by other machines."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    return parts.scheme == "http" and not is_local(f"[{host}]:80" if ":" in host else f"{host}:80")
