"""A verifier of tokens whose keys and clock a test moves.

It stands in for what a server makes from its settings, and adds no check of its own.
"""

from __future__ import annotations

import hmac
import time
from collections.abc import Callable

import pytest

from mcpgrpc_server.authentication.json_web_keys import KeySet, parse_key_set
from mcpgrpc_server.authentication.json_web_tokens import TokenVerifier
from mcpgrpc_server.authentication.jwks_source import KeysUnavailableError
from mcpgrpc_server.authentication.token_claims import AcceptedClaims
from mcpgrpc_server.identity import NotProvenError
from tests.authentication.token_issuer import AUDIENCE, ISSUER, SigningKey, key_set

SKEW_SECONDS = 30


class Keys:
    """A source of keys that a test changes."""

    def __init__(self, *keys: SigningKey) -> None:
        self.now = parse_key_set(key_set(*keys))
        self.newer: KeySet | None = None
        self.looks = 0
        self.are_known = True

    async def current(self) -> KeySet:
        if not self.are_known:
            raise KeysUnavailableError
        return self.now

    async def newer_than(self, seen: KeySet) -> KeySet:
        self.looks += 1
        if self.newer is not None:
            self.now = self.newer
        return await self.current()

    def prefetch(self) -> None:
        raise AssertionError("nobody asked for it")

    async def close(self) -> None:
        raise AssertionError("nobody asked for it")


class Clock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.seconds = float(int(time.time()))

    def __call__(self) -> float:
        return self.seconds


def verifier_of(keys: Keys, clock: Clock | None = None, max_remembered: int = 100) -> TokenVerifier:
    """A verifier that knows two names of this service."""
    accepted = AcceptedClaims(ISSUER, frozenset({AUDIENCE, "other-name"}), SKEW_SECONDS)
    return TokenVerifier(accepted, keys, clock or Clock(), max_remembered)


async def refusal(verifier: TokenVerifier, token: str) -> str:
    """Why a token is refused."""
    with pytest.raises(NotProvenError) as refused:
        await verifier.verify(token)
    return str(refused.value)


def hmac_by(algorithm: str, secret: bytes) -> Callable[[bytes], bytes]:
    """Signs by HMAC; by hand, since PyJWT refuses a public key as the secret."""
    return lambda signed: hmac.digest(secret, signed, algorithm.replace("HS", "sha"))
