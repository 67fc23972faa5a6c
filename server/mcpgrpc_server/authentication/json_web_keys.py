"""A JSON Web Key Set: the public keys of an issuer, and which of them may verify which token.

It fetches nothing and verifies nothing. Whatever in a set cannot verify a token here (encryption
keys, HMAC secrets, weak or unknown keys) is passed over, as RFC 7517 asks.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

import jwt
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed448 import Ed448PublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from mcpgrpc.binding import json_text
from mcpgrpc.binding.limits import MIB

PublicKey: TypeAlias = RSAPublicKey | EllipticCurvePublicKey | Ed25519PublicKey | Ed448PublicKey

MAX_SET_BYTES: Final = MIB
MAX_KEYS: Final = 256
"""Issuers publish a handful; each costs building it, on the event loop."""

MAX_TRIED_KEYS: Final = 8
"""How many keys one token may be tried with when it does not say which signed it."""

MAX_JSON_DEPTH: Final = 16

MIN_RSA_BITS: Final = 2_048
MAX_RSA_BITS: Final = 8_192
"""NIST's least, and where one verification begins to cost a millisecond."""

_RSA: Final = frozenset({"RS256", "RS384", "RS512", "PS256", "PS384", "PS512"})

_ALGORITHMS: Final[Mapping[tuple[str, str], frozenset[str]]] = {
    ("RSA", ""): _RSA,
    ("EC", "P-256"): frozenset({"ES256"}),
    ("EC", "P-384"): frozenset({"ES384"}),
    ("EC", "P-521"): frozenset({"ES512"}),
    ("OKP", "Ed25519"): frozenset({"EdDSA"}),
    ("OKP", "Ed448"): frozenset({"EdDSA"}),
}
"""By type and curve. A symmetric key is not here: it would make verifying the same as signing."""

_PUBLIC_MEMBERS: Final = ("kty", "crv", "n", "e", "x", "y")

_MAX_MEMBER_CHARACTERS: Final = 2 * MAX_RSA_BITS // 8


@dataclass(frozen=True, slots=True)
class VerificationKey:
    """A public key, and what it may be used with.

    Attributes:
        key_id: its `kid`; None when it has none.
        algorithms: what its type, its size and its own `alg` allow.
        public_key: as PyJWT takes it.
    """

    key_id: str | None
    algorithms: frozenset[str]
    public_key: PublicKey = field(repr=False)


class KeySet:
    """The usable keys of an issuer, as published at one time. It never changes."""

    def __init__(self, keys: Iterable[VerificationKey]) -> None:
        self._keys = tuple(keys)
        self._ids = frozenset(key.key_id for key in self._keys if key.key_id is not None)

    def __len__(self) -> int:
        return len(self._keys)

    def has(self, key_id: str | None) -> bool:
        """Whether a key has this id."""
        return key_id in self._ids

    def candidates(self, algorithm: str, key_id: str | None) -> Sequence[PublicKey]:
        """The keys that a token of this header may be verified with, at most `MAX_TRIED_KEYS`.

        Those with the id; for an id that no key has, those without any; all for a token without.
        """
        wanted = key_id if self.has(key_id) else None
        fitting = [
            key.public_key
            for key in self._keys
            if algorithm in key.algorithms and (key_id is None or key.key_id == wanted)
        ]
        return fitting[:MAX_TRIED_KEYS]


def parse_key_set(contents: bytes) -> KeySet:
    """The usable keys of a JWKS.

    Raises:
        ValueError: it is no JWKS, larger than 1 MiB, has more than 256 keys, or none that could
            verify a token; says so in one line.
    """
    if len(contents) > MAX_SET_BYTES:
        raise ValueError(f"it has more than {MAX_SET_BYTES} bytes")
    value = json_text.parse_object(contents.decode(), max_depth=MAX_JSON_DEPTH)
    listed = value.get("keys") if value is not None else None
    if not isinstance(listed, list):
        raise ValueError('it is no JWKS: an object with a list of "keys"')
    if len(listed) > MAX_KEYS:
        raise ValueError(f"it has more than {MAX_KEYS} keys")
    keys = KeySet(filter(None, map(_usable, listed)))
    if not keys:
        raise ValueError("none of its keys can verify a token: RSA of 2048 bits up, EC or OKP")
    return keys


def _usable(jwk: Any) -> VerificationKey | None:
    """A key that can verify tokens; None for any other."""
    if not isinstance(jwk, dict) or not _is_for_verifying(jwk):
        return None
    algorithms = _allowed(jwk)
    public_key = _public_key(jwk, algorithms)
    key_id = jwk.get("kid")
    if public_key is None or not isinstance(key_id, str | None):
        return None
    return VerificationKey(key_id, algorithms, public_key)


def _is_for_verifying(jwk: Mapping[str, Any]) -> bool:
    operations = jwk.get("key_ops", ["verify"])
    return (
        jwk.get("use", "sig") == "sig" and isinstance(operations, list) and "verify" in operations
    )


def _allowed(jwk: Mapping[str, Any]) -> frozenset[str]:
    """The algorithms that its type and its own `alg` allow; none for an unknown type."""
    kind = jwk.get("kty")
    curve = "" if kind == "RSA" else jwk.get("crv")
    if not isinstance(kind, str) or not isinstance(curve, str):
        return frozenset()
    fitting = _ALGORITHMS.get((kind, curve), frozenset())
    return frozenset(each for each in fitting if jwk.get("alg", each) == each)


def _public_key(jwk: Mapping[str, Any], algorithms: frozenset[str]) -> PublicKey | None:
    # The public members alone: a set that gives a private key away must not put it into memory.
    public = {name: jwk[name] for name in _PUBLIC_MEMBERS if name in jwk}
    if not algorithms or not all(map(_is_member, public.values())):
        return None
    try:
        key: Any = jwt.PyJWK.from_dict(public, algorithm=min(algorithms)).key
    except (jwt.PyJWTError, UnsupportedAlgorithm, ValueError):
        return None
    is_sound = public["kty"] != "RSA" or MIN_RSA_BITS <= key.key_size <= MAX_RSA_BITS
    return key if is_sound else None


def _is_member(value: object) -> bool:
    return isinstance(value, str) and len(value) <= _MAX_MEMBER_CHARACTERS
