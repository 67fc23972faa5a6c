"""The caller's identity as the SDK's `get_access_token()` gives it to a tool.

It never holds the credential: a tool learns who calls, and has nothing to call others with.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextvars import Token
from typing import Any

from mcpgrpc_server.identity import Identity, IdentityKind
from mcpgrpc_server.sdk import internals


class ActingAs:
    """Makes the caller known while its requests run; one for each connection."""

    def __init__(self) -> None:
        self._identity: Identity | None = None
        self._user: internals.AuthenticatedUser | None = None

    def begin(self, identity: Identity) -> Token[Any] | None:
        """From now on `get_access_token()` gives this identity, and None for an anonymous one.

        Gives what `end` takes; None when it was so before.
        """
        user = self._user_of(identity)
        if internals.auth_context_var.get() is user:
            return None
        return internals.auth_context_var.set(user)

    def end(self, begun: Token[Any] | None) -> None:
        """As it was before."""
        if begun is not None:
            internals.auth_context_var.reset(begun)

    def _user_of(self, identity: Identity) -> internals.AuthenticatedUser | None:
        # Made once: a stream's identity seldom changes and its requests are many.
        if identity is not self._identity:
            self._identity = identity
            self._user = _user(identity)
        return self._user


def _user(identity: Identity) -> internals.AuthenticatedUser | None:
    if identity.kind is IdentityKind.ANONYMOUS:
        return None
    expires_at = identity.expires_at
    return internals.AuthenticatedUser(
        internals.AccessToken(
            token="",
            client_id=_client_id(identity),
            scopes=sorted(identity.scopes),
            expires_at=None if expires_at is None else int(expires_at.timestamp()),
            subject=identity.subject,
            claims=_plain(identity.claims),
        )
    )


def _client_id(identity: Identity) -> str:
    """The OAuth client, where a token names one; else who acts, else who it is."""
    for name in ("client_id", "azp"):
        named = identity.claims.get(name)
        if isinstance(named, str):
            return named
    return identity.actor or identity.subject


def _plain(value: Any) -> Any:
    """JSON of a tool's own: what requests share cannot be changed, and tools may like to."""
    if isinstance(value, Mapping):
        return {name: _plain(each) for name, each in value.items()}
    return [_plain(each) for each in value] if isinstance(value, tuple | list) else value
