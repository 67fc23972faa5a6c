"""The claims of an access token: whether they hold here and now, and whom they make the caller.

It knows no signature: who reads an identity from claims has to have verified that first.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any, Final

from mcpgrpc.logs.redaction import escape_controls
from mcpgrpc_server.identity import Identity, IdentityKind, NotProvenError

MAX_SUBJECT_CHARACTERS: Final = 1_024

LATEST_EXPIRY: Final = datetime.max.replace(tzinfo=UTC).timestamp() - 1
"""The last second that a datetime can name."""


@dataclass(frozen=True, slots=True)
class AcceptedClaims:
    """Which tokens count here.

    Attributes:
        issuer: what `iss` must be, character by character.
        audiences: one of these must be in `aud`.
        clock_skew_seconds: how far the issuer's clock may be ahead of this one.
    """

    issuer: str
    audiences: frozenset[str]
    clock_skew_seconds: float

    def check(self, claims: Mapping[str, Any], now_seconds: float) -> None:
        """Refuse what does not hold at this time.

        A token ends exactly at its `exp`: clients renew ahead of it, and what the identity of a
        stream lives by should not differ from what the issuer said. Skew is for tokens so fresh
        that the issuer's clock has not come around here yet.

        Raises:
            NotProvenError: the issuer or audience is another, it has ended or not begun, or one of
                `iss`, `aud`, `exp` and `sub` is missing or malformed.
        """
        if claims.get("iss") != self.issuer:
            raise NotProvenError("the token is of another issuer (iss) than is accepted here")
        if self.audiences.isdisjoint(_texts(claims, "aud")):
            raise NotProvenError("the token is for another audience (aud) than this service")
        if _expiry(claims) <= now_seconds:
            raise NotProvenError("the token has expired; get a fresh one")
        for name in ("nbf", "iat"):
            began = _seconds(claims, name)
            if began is not None and began > now_seconds + self.clock_skew_seconds:
                raise NotProvenError(f"the token is not valid yet ({name}); compare the clocks")
        _subject(claims)


def identity_of(claims: Mapping[str, Any]) -> Identity:
    """Whom checked claims make the caller.

    The actor is who acts for the subject by the token's own word, `act.sub` of RFC 8693.

    Raises:
        NotProvenError: scopes or the actor are malformed.
    """
    return Identity(
        subject=_subject(claims),
        kind=IdentityKind.JWT,
        actor=_actor(claims),
        scopes=_scopes(claims),
        claims=frozen(claims),
        expires_at=datetime.fromtimestamp(_expiry(claims), UTC),
    )


def frozen(value: Any) -> Any:
    """JSON that nobody can change, since every request of a caller shares it."""
    if isinstance(value, Mapping):
        return MappingProxyType({name: frozen(each) for name, each in value.items()})
    return tuple(map(frozen, value)) if isinstance(value, list) else value


def _subject(claims: Mapping[str, Any]) -> str:
    """`sub` alone: client ids are names from another list, and one may read like a user's."""
    subject = claims.get("sub")
    if not isinstance(subject, str) or not _is_name(subject):
        raise NotProvenError("the token names no subject (sub)")
    return subject


def _actor(claims: Mapping[str, Any]) -> str | None:
    if "act" not in claims:
        return None
    actor = claims["act"]
    name = actor.get("sub") if isinstance(actor, Mapping) else None
    if not isinstance(name, str) or not _is_name(name):
        raise NotProvenError("the token's actor (act) names no subject (sub)")
    return name


def _is_name(text: str) -> bool:
    """Whether a log can show it: neither empty, nor endless, nor with control characters."""
    return 0 < len(text) <= MAX_SUBJECT_CHARACTERS and escape_controls(text) == text


def _scopes(claims: Mapping[str, Any]) -> frozenset[str]:
    """`scope` of RFC 8693, text with spaces; else `scp`, as several issuers name theirs."""
    name = "scope" if "scope" in claims else "scp"
    return frozenset(word for text in _texts(claims, name) for word in text.split(" ") if word)


def _texts(claims: Mapping[str, Any], name: str) -> list[str]:
    """A claim that is text, or a list of texts; none when it is not there."""
    value = claims.get(name, [])
    values = value if isinstance(value, list) else [value]
    if not all(isinstance(each, str) for each in values):
        raise NotProvenError(f"the token's {name} is neither text nor a list of texts")
    return values


def _expiry(claims: Mapping[str, Any]) -> float:
    expiry = _seconds(claims, "exp")
    if expiry is None:
        raise NotProvenError("the token does not say when it ends (exp)")
    return min(expiry, LATEST_EXPIRY)


def _seconds(claims: Mapping[str, Any], name: str) -> float | None:
    """A time in seconds since 1970; None when it is not there."""
    value = claims.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise NotProvenError(f"the token's {name} is no number")
    try:
        seconds = float(value)
    except OverflowError:
        seconds = math.inf
    if not math.isfinite(seconds):
        raise NotProvenError(f"the token's {name} is no time")
    return seconds
