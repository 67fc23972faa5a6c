"""An issuer of tokens: signing keys, the JWKS that publishes them, and tokens good and bad.

It is the other side of what is tested, and shares no code with it but PyJWT's signatures.
"""

from __future__ import annotations

import base64
import functools
import json
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Final

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa

ISSUER: Final = "https://issuer.test/realm"
AUDIENCE: Final = "mcp-tools"

Part = dict[str, Any] | str


@dataclass(frozen=True)
class SigningKey:
    """A key pair of the issuer."""

    key_id: str | None
    algorithm: str
    private: Any

    def jwk(self, **members: Any) -> dict[str, Any]:
        """The public key as the JWKS has it; None takes a member out."""
        kind = jwt.get_algorithm_by_name(self.algorithm)
        public = kind.to_jwk(self.private.public_key(), as_dict=True)
        jwk = {
            **without_none({**public, "key_ops": None}),
            "kid": self.key_id,
            "use": "sig",
            "alg": self.algorithm,
            **members,
        }
        return without_none(jwk)

    def sign(self, signed: bytes) -> bytes:
        """A signature."""
        return jwt.get_algorithm_by_name(self.algorithm).sign(signed, self.private)

    def token(self, header: Part | None = None, /, **changed: Any) -> str:
        """A good token, but for what is changed: claims, and members of the header."""
        members = {"alg": self.algorithm, "typ": "at+jwt", "kid": self.key_id}
        if isinstance(header, dict):
            header = without_none({**members, **header})
        return compact(header or without_none(members), claims(**changed), self.sign)


def claims(**changed: Any) -> dict[str, Any]:
    """The claims of a good token, but for what is changed; None takes one out."""
    now = time.time()
    good = {"iss": ISSUER, "aud": AUDIENCE, "sub": "alice", "iat": now, "exp": now + 86_400}
    return without_none({**good, **changed})


def compact(header: Part, payload: Part, sign: Callable[[bytes], bytes]) -> str:
    """A token of any parts; text is taken as it is, even when it is no JSON."""
    signed = f"{encoded(header)}.{encoded(payload)}".encode()
    return f"{signed.decode()}.{encoded(sign(signed))}"


def encoded(part: Part | bytes) -> str:
    """A part of a token in base64url."""
    text = json.dumps(part) if isinstance(part, dict) else part
    raw = text.encode() if isinstance(text, str) else text
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def without_none(members: dict[str, Any]) -> dict[str, Any]:
    """The members that are there."""
    return {name: value for name, value in members.items() if value is not None}


def key_set(*keys: SigningKey | dict[str, Any]) -> bytes:
    """A JWKS of them."""
    jwks = [key.jwk() if isinstance(key, SigningKey) else key for key in keys]
    return json.dumps({"keys": jwks}).encode()


@functools.cache
def rsa_key(key_id: str | None = "rsa", algorithm: str = "RS256", bits: int = 2048) -> SigningKey:
    """An RSA key: they take long to make."""
    return SigningKey(key_id, algorithm, rsa.generate_private_key(65537, bits))


@functools.cache
def ec_key(key_id: str | None = "ec", algorithm: str = "ES256") -> SigningKey:
    """A key on the algorithm's elliptic curve."""
    curve = {"ES256": ec.SECP256R1(), "ES384": ec.SECP384R1(), "ES512": ec.SECP521R1()}[algorithm]
    return SigningKey(key_id, algorithm, ec.generate_private_key(curve))


@functools.cache
def ed_key(key_id: str | None = "ed", *, larger: bool = False) -> SigningKey:
    """An Edwards curve key: Ed25519, or Ed448."""
    kind = ed448.Ed448PrivateKey if larger else ed25519.Ed25519PrivateKey
    return SigningKey(key_id, "EdDSA", kind.generate())


def every_algorithm() -> Iterable[SigningKey]:
    """A key for each algorithm that is accepted."""
    shared = rsa_key().private
    for name in ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"):
        yield SigningKey(name, name, shared)
    for name in ("ES256", "ES384", "ES512"):
        yield ec_key(name, name)
    yield ed_key("Ed25519")
    yield ed_key("Ed448", larger=True)
