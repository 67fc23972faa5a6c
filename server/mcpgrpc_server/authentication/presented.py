"""The one credential that an RPC presents: read from its metadata, pure.

It proves nothing: it says what is there to be proven, or that it is no credential at all.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import Enum
from typing import Final

from mcpgrpc.binding.limits import KIB

AUTHORIZATION: Final = "authorization"
API_KEY_HEADER: Final = "x-api-key"
API_KEY_PREFIX: Final = "mcpgrpc_"
"""What tells an API key from a token in `authorization: Bearer`."""

MAX_CREDENTIAL_BYTES: Final = 8 * KIB
"""The longest secret that is looked at; gRPC rejects metadata beyond it at random."""

# RFC 6750's token68, which every JWT and every API key is: neither space, comma nor control.
_SECRET = re.compile(r"[A-Za-z0-9._~+/-]+=*")


class CredentialKind(Enum):
    """Which interceptor a credential is for."""

    API_KEY = "API key"
    TOKEN = "token"  # noqa: S105 - the name of a kind


@dataclass(frozen=True, slots=True)
class Presented:
    """A well-formed credential of which nothing is proven yet; its repr hides the secret."""

    kind: CredentialKind
    secret: str = field(repr=False)


class MalformedCredentialError(Exception):
    """What an RPC presents is no credential, or more than one; the message holds none of it."""


def presented_credential(metadata: Iterable[tuple[str, str | bytes]]) -> Presented | None:
    """The credential of an RPC; None when it presents none.

    Args:
        metadata: as gRPC gives it, with lower-case keys; `-bin` keys are never credentials.

    Raises:
        MalformedCredentialError: there are several, or it is of another scheme, empty, longer than
            8 KiB, or has characters that no credential has.
    """
    found = [each for each in metadata if each[0] in (AUTHORIZATION, API_KEY_HEADER)]
    if not found:
        return None
    if len(found) > 1:
        raise MalformedCredentialError(
            f"{len(found)} credentials are presented; send one authorization or one x-api-key"
        )
    name, value = found[0]
    if not isinstance(value, str):
        raise MalformedCredentialError(f"{name} is not text")
    if name == API_KEY_HEADER:
        return Presented(CredentialKind.API_KEY, _checked(value, name))
    return bearer_credential(value)


def bearer_credential(authorization: str) -> Presented:
    """The credential in a value of `authorization`; the scheme is `Bearer` in any case.

    Raises:
        MalformedCredentialError: as `presented_credential`.
    """
    scheme, _, secret = authorization.partition(" ")
    if scheme.lower() != "bearer":
        raise MalformedCredentialError("authorization must be Bearer, a space and the credential")
    secret = _checked(secret.lstrip(" "), AUTHORIZATION)
    is_key = secret.startswith(API_KEY_PREFIX)
    return Presented(CredentialKind.API_KEY if is_key else CredentialKind.TOKEN, secret)


def _checked(secret: str, name: str) -> str:
    if len(secret) > MAX_CREDENTIAL_BYTES:
        raise MalformedCredentialError(
            f"the credential in {name} has more than {MAX_CREDENTIAL_BYTES} bytes"
        )
    if not _SECRET.fullmatch(secret):
        raise MalformedCredentialError(
            f"{name} holds no credential: it is empty, or has characters that none has"
        )
    return secret
