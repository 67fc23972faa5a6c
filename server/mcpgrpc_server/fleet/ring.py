"""A ring of keys that servers share: which key seals, which open, when there is a new one.

It is sans-I/O: it stores nothing and its clock is given to it. Times are Unix seconds of whichever
server wrote them; clocks that are a few minutes apart do no harm.
"""

from __future__ import annotations

import json
import math
import secrets
from base64 import b64decode, b64encode
from dataclasses import dataclass, field
from typing import Any, Final

KEY_BYTES: Final = 32

SETTLE_SECONDS: Final = 300.0
"""A new key opens for so long before it seals: every server has read it by then."""

MAX_KEYS: Final = 4
"""The next, the one that seals, and two before it: what was sealed opens for two periods more."""

MAX_RING_BYTES: Final = 4 * 1024

_VERSION: Final = 1


@dataclass(frozen=True, slots=True)
class RingKey:
    """One key.

    Attributes:
        made: when.
        secret: 32 random bytes.
    """

    made: float
    secret: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Ring:
    """Up to MAX_KEYS keys, the newest first."""

    keys: tuple[RingKey, ...]

    @classmethod
    def new(cls, now: float) -> Ring:
        """A ring of one fresh key."""
        return cls((RingKey(now, secrets.token_bytes(KEY_BYTES)),))

    def joined(self, other: Ring) -> Ring:
        """The keys of both, as far as there is room; the same whichever is asked."""
        every = sorted({*self.keys, *other.keys}, key=_newest_first)
        return Ring(tuple(every[:MAX_KEYS]))

    def rotated(self, now: float, period_seconds: float) -> Ring:
        """The ring with a fresh key where its newest is older than the period; else itself."""
        if now - self.keys[0].made < period_seconds:
            return self
        return self.joined(Ring.new(now))

    def sealing(self, now: float) -> RingKey:
        """The newest key that every server has had the time to read; the oldest where none is."""
        settled = (key for key in self.keys if key.made + SETTLE_SECONDS <= now)
        return next(settled, self.keys[-1])

    def secrets_from(self, sealing: RingKey) -> tuple[bytes, ...]:
        """Every secret, the one that seals first."""
        others = (key.secret for key in self.keys if key != sealing)
        return (sealing.secret, *others)

    def text(self) -> bytes:
        """The ring as it is stored."""
        keys = [{"made": key.made, "key": b64encode(key.secret).decode()} for key in self.keys]
        return json.dumps({"v": _VERSION, "keys": keys}).encode()


def parsed(text: bytes) -> Ring:
    """The ring of a stored text. Raises ValueError, which quotes nothing, where it is none."""
    try:
        fields = json.loads(text[: MAX_RING_BYTES + 1])
        if fields["v"] == _VERSION and 0 < len(fields["keys"]) <= MAX_KEYS:
            return Ring(tuple(sorted(map(_key, fields["keys"]), key=_newest_first)))
    except (ValueError, TypeError, KeyError, RecursionError):
        pass
    raise ValueError("it is no ring of keys that this version knows")


def _key(fields: Any) -> RingKey:
    key = RingKey(float(fields["made"]), b64decode(fields["key"], validate=True))
    if not math.isfinite(key.made) or len(key.secret) != KEY_BYTES:
        raise ValueError
    return key


def _newest_first(key: RingKey) -> tuple[float, bytes]:
    return -key.made, key.secret
