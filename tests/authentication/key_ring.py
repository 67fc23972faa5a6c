"""API keys of each kind that a server meets, and the file that it knows them from.

It checks nothing by itself.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from mcpgrpc_server.authentication.api_key_file import change_api_keys
from mcpgrpc_server.authentication.api_keys import ApiKey, new_api_key
from tests.authentication.served import Metadata

HOLDER = "billing"


class KeyRing:
    """Keys, and what a file keeps of them.

    Attributes:
        good: a key of HOLDER with the scope "tools:read".
    """

    def __init__(self) -> None:
        self._kept: dict[str, ApiKey] = {}
        self.good = self.add(HOLDER, "tools:read")

    def add(self, name: str, *scopes: str, lives_seconds: float = 3_600) -> str:
        """A new key; a negative life has ended."""
        expires_at = datetime.now(UTC) + timedelta(seconds=lives_seconds)
        key, kept = new_api_key(name, frozenset(scopes), expires_at)
        self._kept[kept.id] = kept
        return key

    def revoke(self, key: str) -> None:
        """Keep nothing of a key."""
        del self._kept[id_of(key)]

    def save(self, path: Path) -> str:
        """Make the file hold what is kept now; gives its path, for a setting."""
        change_api_keys(path, self._put)
        return str(path)

    def _put(self, keys: dict[str, ApiKey]) -> None:
        keys.clear()
        keys.update(self._kept)


def id_of(key: str) -> str:
    """The id in a key."""
    return key.split("_")[1]


def as_bearer(key: str) -> Metadata:
    """A key as metadata presents it like a token."""
    return (("authorization", f"Bearer {key}"),)


def as_header(key: str) -> Metadata:
    """A key in the header of its own."""
    return (("x-api-key", key),)
