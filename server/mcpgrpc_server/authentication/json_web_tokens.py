"""Access tokens (JWT) of one issuer: verified once, remembered for a while, made an identity.

It reads no metadata and ends no RPC; `token_interceptor` does.
"""

from __future__ import annotations

import hashlib
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import jwt

from mcpgrpc_server.authentication.compact_tokens import ALGORITHMS, UnverifiedToken, read_token
from mcpgrpc_server.authentication.json_web_keys import KeySet, PublicKey
from mcpgrpc_server.authentication.jwks_source import KeySource
from mcpgrpc_server.authentication.token_claims import AcceptedClaims, identity_of
from mcpgrpc_server.identity import Identity, NotProvenError

MAX_REMEMBERED_TOKENS: Final = 4_096
"""Each takes a few kilobytes at most; what is forgotten is verified again."""


@dataclass(frozen=True, slots=True)
class _Remembered:
    identity: Identity
    keys: KeySet
    ends_seconds: float


class TokenVerifier:
    """Proves access tokens.

    A token that was verified is remembered by its SHA-256 until it ends, for as long as the keys
    are the same: when any key changes, every token is verified again.

    Args:
        accepted: which issuer and audience, and how exact the clocks are.
        keys: the issuer's.
        now: seconds since 1970.
        max_remembered: how many tokens are remembered; the longest unused is forgotten first.
    """

    def __init__(
        self,
        accepted: AcceptedClaims,
        keys: KeySource,
        now: Callable[[], float] = time.time,
        max_remembered: int = MAX_REMEMBERED_TOKENS,
    ) -> None:
        self.keys = keys
        self._accepted = accepted
        self._now = now
        self._max_remembered = max_remembered
        self._remembered: OrderedDict[bytes, _Remembered] = OrderedDict()
        # With these alone: it could verify neither `none` nor HMAC if it were asked to.
        self._signatures = jwt.PyJWS(algorithms=sorted(ALGORITHMS))

    async def verify(self, compact: str) -> Identity:
        """Whom a token proves the caller to be.

        Raises:
            NotProvenError: it is malformed, not for here, not for now, or not signed by the
                issuer; the message says which, and holds no part of the token.
            KeysUnavailableError: the issuer's keys are not known now.
        """
        keys = await self.keys.current()
        name = hashlib.sha256(compact.encode(errors="surrogatepass")).digest()
        remembered = self._remembered.get(name)
        if remembered is not None and remembered.keys is keys:
            return self._still_good(name, remembered)
        token = read_token(compact)
        # Before the signature: a stranger's token costs neither a fetch of keys nor a verification.
        self._accepted.check(token.claims, self._now())
        keys = await self._signed_by(token, keys)
        identity = identity_of(token.claims)
        self._remember(name, identity, keys)
        return identity

    async def _signed_by(self, token: UnverifiedToken, keys: KeySet) -> KeySet:
        """The keys of which one has signed the token; newer ones when it may be among those."""
        if self._is_signed(token, keys.candidates(token.algorithm, token.key_id)):
            return keys
        if keys.has(token.key_id):
            raise NotProvenError("the token's signature is not valid")
        newer = await self.keys.newer_than(keys)
        if newer is keys or not self._is_signed(
            token, newer.candidates(token.algorithm, token.key_id)
        ):
            raise NotProvenError("the token is signed by no key that its issuer publishes")
        return newer

    def _is_signed(self, token: UnverifiedToken, candidates: Sequence[PublicKey]) -> bool:
        return any(self._verifies(token, key) for key in candidates)

    def _verifies(self, token: UnverifiedToken, key: PublicKey) -> bool:
        try:
            self._signatures.decode_complete(token.compact, key, algorithms=[token.algorithm])
        except jwt.PyJWTError:
            return False
        return True

    def _still_good(self, name: bytes, remembered: _Remembered) -> Identity:
        if remembered.ends_seconds <= self._now():
            del self._remembered[name]
            raise NotProvenError("the token has expired; get a fresh one")
        self._remembered.move_to_end(name)
        return remembered.identity

    def _remember(self, name: bytes, identity: Identity, keys: KeySet) -> None:
        if identity.expires_at is None:
            return
        self._remembered[name] = _Remembered(identity, keys, identity.expires_at.timestamp())
        self._remembered.move_to_end(name)
        if len(self._remembered) > self._max_remembered:
            self._remembered.popitem(last=False)
