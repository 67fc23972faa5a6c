"""Where the keys that seal requestState come from, other than from Redis: a file, or a secret.

It seals nothing; `sdk.sealing` does with whatever keys it is given, the first of them sealing.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeAlias

from mcpgrpc_server.settings import SettingsError
from mcpgrpc_server.watched_file import WatchedFile, WatchedFileError

MIN_SECRET_BYTES: Final = 32
MAX_SECRETS: Final = 8
"""Each state that nobody sealed is tried once, whatever their number; two are a rotation."""

StateKeys: TypeAlias = Callable[[], tuple[bytes, ...]]
"""Gives the keys, the one that seals first; the same tuple until they change, empty while there are
none."""


def ring_from_secret(secret: bytes) -> StateKeys:
    """The keys of processes that were given one secret, such as workers by their parent.

    Raises:
        ValueError: it has fewer than 32 bytes.
    """
    if len(secret) < MIN_SECRET_BYTES:
        raise ValueError(f"a secret has at least {MIN_SECRET_BYTES} bytes, not {len(secret)}")
    keys = (secret,)
    return lambda: keys


def keys_of_file(path: str) -> StateKeys:
    """The keys of a file, read again when it changes.

    Raises:
        SettingsError: it cannot be used now.
    """
    try:
        file = WatchedFile(path, parse_secrets, what="state keys", warn_readable_by_others=True)
    except WatchedFileError as error:
        raise SettingsError(str(error)) from None
    return lambda: file.value


def parse_secrets(contents: bytes) -> tuple[bytes, ...]:
    """The secrets of a file, one a line; lines that are blank or begin with # are none.

    Raises:
        ValueError: one is too short, or there are none or too many. It quotes none of them.
    """
    secrets: dict[bytes, None] = {}
    for number, line in enumerate(contents.splitlines(), start=1):
        secret = line.strip()
        if not secret or secret.startswith(b"#"):
            continue
        if len(secret) < MIN_SECRET_BYTES:
            raise ValueError(
                f"line {number} has {len(secret)} bytes, and a secret has at least"
                f" {MIN_SECRET_BYTES}: openssl rand -hex 32 makes one"
            )
        secrets[secret] = None
    if not 0 < len(secrets) <= MAX_SECRETS:
        raise ValueError(f"it has {len(secrets)} secrets, and may have 1 to {MAX_SECRETS}")
    return tuple(secrets)
