"""API keys: what one looks like, what is kept of it, and whom one proves.

It writes no file and sees no RPC. What is kept is the SHA-256 of the whole key: a secret of 256
random bits cannot be guessed, so a slow hash would protect nothing and let anybody burn our time.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
import tomllib
from base64 import b32encode
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from mcpgrpc.logs.redaction import clip, escape_controls
from mcpgrpc_server.authentication.presented import API_KEY_PREFIX
from mcpgrpc_server.identity import ANONYMOUS, Identity, IdentityKind, NotProvenError
from mcpgrpc_server.watched_file import DEFAULT_INTERVAL_SECONDS, WatchedFile

MAX_KEYS: Final = 2_000
"""Parsing so many takes 0.1 s of the event loop whenever the file changes."""

MAX_SCOPES: Final = 64
ID_CHARACTERS: Final = 8
KEY_ID_CLAIM: Final = "key_id"
"""The claim that says which key proved an identity."""

SECRET_BYTES: Final = 32

# A key made elsewhere may encode its 256 bits in base64url; ours are in base32, which a double
# click selects whole. An id has no underscore, so a key reads in one way only.
_KEY = re.compile(rf"{API_KEY_PREFIX}([a-z0-9]{{1,32}})_[A-Za-z0-9_-]{{43,128}}")
_ID = re.compile(r"[a-z0-9]{1,32}")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@:/+-]{0,127}")
_SHA256 = re.compile(r"[0-9a-f]{64}")
# RFC 6749's scope-token.
_SCOPE = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]{1,128}")
_TABLE = re.compile(r"[ \t]*\[\[[ \t]*key[ \t]*\]\]")

_FIELDS: Final = frozenset({"id", "name", "sha256", "scopes", "created_at", "expires_at"})
_NOBODY: Final = "0" * 64


@dataclass(frozen=True)
class ApiKey:
    """What is kept of a key; the key itself is not.

    Attributes:
        id: the part of the key that finds it, not a secret.
        name: who holds it, the subject of its identity. Several keys may have one name: the old
            and the new one while a holder changes over.
        sha256: of the whole key, in hex.
        scopes: what it allows.
        created_at: when it was made.
        expires_at: from when on it proves nothing; None for never.
    """

    id: str
    name: str
    sha256: str
    scopes: frozenset[str]
    created_at: datetime
    expires_at: datetime | None

    def __post_init__(self) -> None:
        """Raises ValueError for a field that cannot be one, naming it and what it must be."""
        _require(_ID, "id", self.id, "1 to 32 of a-z and 0-9")
        _require(_NAME, "name", self.name, "1 to 128 letters, digits and ._@:/+- after the first")
        if self.name == ANONYMOUS.subject:
            raise ValueError(f"name must not be {self.name!r}: callers without a key are called so")
        if not _SHA256.fullmatch(self.sha256):
            raise ValueError("sha256 must be 64 hex digits in lower case")
        if len(self.scopes) > MAX_SCOPES:
            raise ValueError(f"scopes must be {MAX_SCOPES} at most")
        for scope in self.scopes:
            _require(_SCOPE, "scopes", scope, "1 to 128 printable characters without spaces")

    @cached_property
    def identity(self) -> Identity:
        """Whom it proves."""
        return Identity(
            self.name,
            IdentityKind.API_KEY,
            scopes=self.scopes,
            claims=MappingProxyType({KEY_ID_CLAIM: self.id}),
            expires_at=self.expires_at,
        )

    def has_expired(self) -> bool:
        """Whether its time is over."""
        return self.expires_at is not None and self.expires_at <= datetime.now(UTC)


def new_api_key(
    name: str, scopes: frozenset[str], expires_at: datetime | None
) -> tuple[str, ApiKey]:
    """A new key, which is nowhere else, and what to keep of it.

    Raises:
        ValueError: the name or a scope cannot be one.
    """
    key_id = _base32(secrets.token_bytes(5))[:ID_CHARACTERS]
    key = f"{API_KEY_PREFIX}{key_id}_{_base32(secrets.token_bytes(SECRET_BYTES))}"
    now = datetime.now(UTC).replace(microsecond=0)
    return key, ApiKey(key_id, name, _sha256(key), scopes, now, expires_at)


def parse_api_keys(contents: bytes) -> dict[str, ApiKey]:
    """The keys of a file by their ids.

    Raises:
        ValueError: it is not TOML, has too many keys, an id twice, or a key that lacks something
            or has what is not known; says which, and its line.
    """
    text = contents.decode("utf-8")
    document = tomllib.loads(text)
    tables = document.pop("key", [])
    if document:
        raise ValueError(f"unknown {_shown(next(iter(document)))}; there are [[key]] tables alone")
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        raise ValueError("key must be tables, each under a line [[key]]")
    if len(tables) > MAX_KEYS:
        raise ValueError(f"it has {len(tables)} keys, and {MAX_KEYS} at most are taken")
    keys: dict[str, ApiKey] = {}
    for table, where in zip(tables, _places(text), strict=False):
        key = _parsed(table, where)
        if key.id in keys:
            raise ValueError(f"{where}: the id {key.id} is there twice")
        keys[key.id] = key
    return keys


class ApiKeys:
    """The keys in a file, as they are now.

    Args:
        path: the file, as `mcpgrpc keys` writes it.
        interval_seconds: a change is seen so much later at most, in use.

    Raises:
        WatchedFileError: the file cannot be read or is not one of keys.
    """

    def __init__(
        self, path: Path | str, *, interval_seconds: float = DEFAULT_INTERVAL_SECONDS
    ) -> None:
        self._file = WatchedFile(
            path,
            parse_api_keys,
            what="API keys",
            interval_seconds=interval_seconds,
            warn_readable_by_others=True,
        )

    def prove(self, presented: str) -> Identity:
        """Whom a key proves.

        Raises:
            NotProvenError: it is no key, or unknown, revoked or expired; only of the right key is
                it said that it has expired.
        """
        found = _KEY.fullmatch(presented)
        key = self._file.value.get(found[1]) if found else None
        # An unknown id costs what a known one does.
        is_right = hmac.compare_digest(_sha256(presented), key.sha256 if key else _NOBODY)
        if key is None or not is_right:
            raise NotProvenError("the API key is not valid")
        if key.has_expired():
            raise NotProvenError("the API key has expired")
        return key.identity

    def holds(self, identity: Identity) -> bool:
        """Whether the key that proved this identity still allows as much, for as long."""
        key = self._file.value.get(identity.claims[KEY_ID_CLAIM])
        if key is None or (key.name, key.scopes) != (identity.subject, identity.scopes):
            return False
        if key.expires_at is None:
            return True
        return identity.expires_at is not None and identity.expires_at <= key.expires_at


def _parsed(table: dict[str, Any], where: str) -> ApiKey:
    try:
        unknown = sorted(table.keys() - _FIELDS)
        if unknown:
            raise ValueError(f"unknown {_shown(unknown[0])}")
        scopes = table.get("scopes", [])
        if not isinstance(scopes, list) or not all(isinstance(scope, str) for scope in scopes):
            raise ValueError("scopes must be a list of strings")
        return ApiKey(
            _text(table, "id"),
            _text(table, "name"),
            _text(table, "sha256"),
            frozenset(scopes),
            _time(table, "created_at"),
            _time(table, "expires_at") if "expires_at" in table else None,
        )
    except ValueError as error:
        raise ValueError(f"{where}: {error}") from None


def _text(table: Mapping[str, Any], field: str) -> str:
    value = table.get(field)
    if not isinstance(value, str):
        raise ValueError(f"{field} is missing" if value is None else f"{field} must be a string")
    return value


def _time(table: Mapping[str, Any], field: str) -> datetime:
    value = table.get(field)
    if not isinstance(value, datetime) or value.tzinfo is None:
        raise ValueError(f"{field} must be a time with its offset, as 2026-07-28T12:00:00Z")
    return value


def _places(text: str) -> Iterator[str]:
    """Where each table stands, for people."""
    for number, line in enumerate(text.split("\n"), 1):
        if _TABLE.match(line):
            yield f"the key in line {number}"
    while True:
        yield "a key"


def _require(pattern: re.Pattern[str], field: str, value: str, what: str) -> None:
    if not pattern.fullmatch(value):
        raise ValueError(f"{field} must be {what}, not {_shown(value)}")


def _shown(value: str) -> str:
    return clip(escape_controls(repr(value)), 80)


def _sha256(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()


def _base32(value: bytes) -> str:
    return b32encode(value).decode().rstrip("=").lower()
