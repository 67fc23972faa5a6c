"""The key that all workers of one start share, for what one of them seals and another opens.

It seals nothing: whoever does asks here before making a key of its own.
"""

from __future__ import annotations

import secrets
from typing import Final

KEY_BYTES: Final = 32

_shared: list[bytes] = []


def new_key() -> bytes:
    """A fresh key for one start."""
    return secrets.token_bytes(KEY_BYTES)


def share(key: bytes) -> None:
    """Say which key the workers of this start have; of a worker's process alone, once."""
    _shared[:] = [key]


def shared_key() -> bytes | None:
    """The 32 bytes that the workers of this start have in common; None in any other process."""
    return _shared[0] if _shared else None
