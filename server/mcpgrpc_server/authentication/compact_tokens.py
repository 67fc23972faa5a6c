"""A JSON Web Token taken apart, within bounds: what it says of itself before anything is proven.

It verifies nothing; `json_web_tokens` does, and believes nothing of this before.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, NoReturn

from mcpgrpc.binding import json_text
from mcpgrpc_server.authentication.presented import MAX_CREDENTIAL_BYTES
from mcpgrpc_server.identity import NotProvenError

MAX_JSON_DEPTH: Final = 16
"""Nesting of a header and of claims. Issuers need three or four levels."""

ALGORITHMS: Final = frozenset(
    {"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"}
)
"""What a token may be signed with: a public key verifies each, so no server holds a secret that
could forge tokens. `none` and HMAC are not among them."""

ACCESS_TOKEN_TYPES: Final = frozenset({"", "jwt", "at+jwt", "application/at+jwt"})
"""Values of `typ`, in lower case. Other kinds (logout tokens, proofs of possession) are signed with
the same keys and must not pass for access tokens (RFC 8725, 3.11)."""

KEY_MEMBERS: Final = ("jku", "jwk", "x5u", "x5c")
"""Header members by which a token names the key that it wants to be verified with."""

_BASE64URL = re.compile(r"[A-Za-z0-9_-]+")


@dataclass(frozen=True, slots=True)
class UnverifiedToken:
    """What a token says.

    Attributes:
        compact: the token itself; the repr hides it.
        algorithm: what it says it is signed with, one of `ALGORITHMS`.
        key_id: which key of its issuer signed it; None when it does not say.
        claims: its payload.
    """

    compact: str = field(repr=False)
    algorithm: str
    key_id: str | None
    claims: Mapping[str, Any] = field(repr=False)


def read_token(compact: str) -> UnverifiedToken:
    """Take a token apart.

    Raises:
        NotProvenError: it is no JWT that could ever be accepted; the message quotes none of it.
    """
    if len(compact) > MAX_CREDENTIAL_BYTES:
        raise NotProvenError(f"the token has more than {MAX_CREDENTIAL_BYTES} bytes")
    parts = compact.split(".")
    if len(parts) != 3:
        raise NotProvenError("the token is no JWT: it must be header.payload.signature")
    header = _object(parts[0], "header")
    _check_members(header)
    _decoded(parts[2], "signature")
    return UnverifiedToken(
        compact, _algorithm(header), _key_id(header), _object(parts[1], "payload")
    )


def _check_members(header: Mapping[str, Any]) -> None:
    for name in KEY_MEMBERS:
        if name in header:
            raise NotProvenError(
                f"the token brings its own key ({name}); only keys that this server knows count"
            )
    if "crit" in header or "b64" in header:
        raise NotProvenError("the token needs extensions (crit) that are not understood here")
    kind = header.get("typ", "")
    if not isinstance(kind, str) or kind.lower() not in ACCESS_TOKEN_TYPES:
        raise NotProvenError("the token is of another type than an access token (typ)")


def _algorithm(header: Mapping[str, Any]) -> str:
    algorithm = header.get("alg")
    if not isinstance(algorithm, str) or algorithm not in ALGORITHMS:
        raise NotProvenError("the token's algorithm is not accepted; use RS, PS, ES or EdDSA")
    return algorithm


def _key_id(header: Mapping[str, Any]) -> str | None:
    key_id = header.get("kid")
    if key_id is not None and not isinstance(key_id, str):
        raise NotProvenError("the token's key id (kid) is not text")
    return key_id


def _object(part: str, name: str) -> dict[str, Any]:
    """The JSON object in a part of a token."""
    try:
        text = _decoded(part, name).decode()
        # Bounds the depth, and refuses what the second parser would let pass: NaN, Infinity.
        json_text.parse(text, max_depth=MAX_JSON_DEPTH)
        value = json.loads(text, object_pairs_hook=_without_duplicates)
    except json_text.JsonTooDeepError:
        raise NotProvenError(f"the token's {name} nests deeper than {MAX_JSON_DEPTH}") from None
    except ValueError:
        _refuse_part(name)
    if not isinstance(value, dict):
        _refuse_part(name)
    return value


def _decoded(part: str, name: str) -> bytes:
    if not _BASE64URL.fullmatch(part) or len(part) % 4 == 1:
        _refuse_part(name)
    decoded = base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
    # One value has one form: else a token could be changed without its signature noticing.
    if base64.urlsafe_b64encode(decoded).rstrip(b"=").decode() != part:
        _refuse_part(name)
    return decoded


def _refuse_part(name: str) -> NoReturn:
    raise NotProvenError(f"the token's {name} is malformed")


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Two readers of a doubled member can see different values, and one of them grants rights."""
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a member is there twice")
    return members
