"""Who calls: the identity that travels with every request of a stream.

It does not authenticate anybody: interceptors make an `Identity`, and without one a caller is
anonymous.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from types import MappingProxyType
from typing import Any, Final, TypeAlias


class IdentityKind(Enum):
    """How a caller proved who it is."""

    ANONYMOUS = "anonymous"
    API_KEY = "api_key"
    JWT = "jwt"
    MTLS = "mtls"


@dataclass(frozen=True, slots=True)
class Identity:
    """A caller, as proven when its stream opened.

    Attributes:
        subject: who the request is for.
        kind: how that was proven.
        actor: who acts for the subject, when somebody else does.
        scopes: what the credential allows.
        claims: further facts of the credential; never the credential itself.
        expires_at: when it ends; None for never.
    """

    subject: str
    kind: IdentityKind
    actor: str | None = None
    scopes: frozenset[str] = frozenset()
    claims: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    expires_at: datetime | None = None

    def is_same_caller(self, other: Identity) -> bool:
        """Whether another credential proves the same: kind, issuer, subject and actor are equal."""
        return self._who() == other._who()

    def _who(self) -> tuple[object, ...]:
        return self.kind, self.claims.get("iss"), self.subject, self.actor


ANONYMOUS: Final = Identity(subject="anonymous", kind=IdentityKind.ANONYMOUS)
"""The caller of a listener that asks for no identity."""

current_identity: Final[ContextVar[Identity]] = ContextVar("current_identity", default=ANONYMOUS)
"""The identity of the RPC being opened; interceptors set it, the servicer reads it."""

Renew: TypeAlias = Callable[[str], Awaitable[Identity]]
"""Proves a fresh credential, given as in the `authorization` metadata.

Raises `NotProvenError`, or `ProofUnavailableError`."""


class NotProvenError(Exception):
    """A credential proves nothing."""


class ProofUnavailableError(Exception):
    """Nobody can tell now whether a credential proves anything."""
