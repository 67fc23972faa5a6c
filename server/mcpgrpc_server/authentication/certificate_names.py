"""Whom a client certificate names: its SPIFFE ID, else its DNS name, else its common name.

It reads no certificate: the names come from one, or from a proxy that has seen one.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Final

from mcpgrpc.logs.redaction import escape_controls
from mcpgrpc_server.identity import Identity, IdentityKind, NotProvenError

FINGERPRINT_CLAIM: Final = "fingerprint_sha256"
"""The claim of an identity by certificate that holds its SHA-256, in hexadecimal."""

UNIX_SCHEME: Final = "unix:"
"""What stands before the path of a socket, here and where gRPC names a peer."""

MAX_SPIFFE_ID_BYTES: Final = 2_048
MAX_NAME_CHARACTERS: Final = 253
"""Of a DNS name, and for want of another bound of a common name."""

_SPIFFE_ID = re.compile(r"spiffe://[a-z0-9._-]{1,255}(?:/[A-Za-z0-9._-]+)+")
_DOTS_ALONE = re.compile(r"/\.{1,2}(?:/|$)")
_DNS_NAME = re.compile(r"(?:\*\.)?[a-z0-9_](?:[a-z0-9_.-]*[a-z0-9_])?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class CertificateNames:
    """The names of one certificate, in its order.

    Attributes:
        uris: URIs among its alternative names.
        dns_names: DNS names among its alternative names.
        common_names: of its subject.
    """

    uris: tuple[str, ...] = ()
    dns_names: tuple[str, ...] = ()
    common_names: tuple[str, ...] = ()

    def subject(self) -> str:
        """The one name that counts.

        Raises:
            NotProvenError: it has none, or not exactly one of the kind that counts.
        """
        spiffe_id = self.spiffe_id()
        if spiffe_id is not None:
            return spiffe_id
        if self.dns_names:
            return _checked_dns_name(self.dns_names[0])
        return self._common_name()

    def spiffe_id(self) -> str | None:
        """Its SPIFFE ID; None when it has none.

        Raises:
            NotProvenError: it is malformed, or another URI stands beside it, which SPIFFE forbids:
                nobody could tell which of them counts.
        """
        if not any(uri.lower().startswith("spiffe:") for uri in self.uris):
            return None
        if len(self.uris) > 1:
            raise NotProvenError("the client certificate has a SPIFFE ID and another URI")
        return checked_spiffe_id(self.uris[0])

    def trusted_as(self) -> frozenset[str]:
        """What a setting may name it by: not its common name, which authorities check least."""
        spiffe_id = self.spiffe_id()
        return frozenset(map(str.lower, self.dns_names)) | ({spiffe_id} if spiffe_id else set())

    def _common_name(self) -> str:
        if len(self.common_names) != 1:
            raise NotProvenError(
                "the client certificate names nobody: it needs a SPIFFE ID, a DNS name or one"
                " common name"
            )
        name = self.common_names[0].strip()
        # Whoever signs common names freely must not be able to sign SPIFFE IDs by them.
        if (
            not 0 < len(name) <= MAX_NAME_CHARACTERS
            or "://" in name
            or escape_controls(name) != name
        ):
            raise NotProvenError("the common name of the client certificate is malformed")
        return name


def identity_named(
    names: CertificateNames,
    *,
    fingerprint: str | None = None,
    serial: str | None = None,
    actor: str | None = None,
    expires_at: datetime | None = None,
) -> Identity:
    """The identity of whom a certificate names.

    Args:
        names: the names in it.
        fingerprint: its SHA-256 in lower-case hexadecimal, where that is known.
        serial: its serial number in hexadecimal, where that is known.
        actor: the proxy that says so, when it is not this connection's own certificate.
        expires_at: when it ends.

    Raises:
        NotProvenError: it names nobody.
    """
    spiffe_id = names.spiffe_id()
    claims = {
        FINGERPRINT_CLAIM: fingerprint,
        "serial": serial,
        "spiffe_trust_domain": spiffe_id.split("/")[2] if spiffe_id else None,
    }
    return Identity(
        subject=names.subject(),
        kind=IdentityKind.MTLS,
        actor=actor,
        claims=MappingProxyType({name: value for name, value in claims.items() if value}),
        expires_at=expires_at,
    )


def checked_spiffe_id(uri: str) -> str:
    """The SPIFFE ID of a workload itself.

    Raises:
        NotProvenError: it is malformed, or that of a whole trust domain.
    """
    is_one = _SPIFFE_ID.fullmatch(uri) and not _DOTS_ALONE.search(uri.removeprefix("spiffe://"))
    if not is_one or len(uri) > MAX_SPIFFE_ID_BYTES:
        raise NotProvenError("the SPIFFE ID of the client certificate is malformed")
    return uri


def is_dns_name(text: str) -> bool:
    """Whether it can be a DNS name of a certificate, also one with a wildcard."""
    return len(text) <= MAX_NAME_CHARACTERS and _DNS_NAME.fullmatch(text) is not None


def _checked_dns_name(name: str) -> str:
    if not is_dns_name(name):
        raise NotProvenError("the DNS name of the client certificate is malformed")
    return name.lower()


def checked_proxy_name(name: str) -> str:
    """A name of a proxy as a setting; DNS names in lower case.

    Raises:
        ValueError: it is neither a SPIFFE ID, a DNS name nor unix:PATH; says so in one line.
    """
    if name.startswith(UNIX_SCHEME):
        return name
    if name.startswith("spiffe:"):
        try:
            return checked_spiffe_id(name)
        except NotProvenError:
            raise ValueError("a SPIFFE ID is spiffe://TRUST-DOMAIN/PATH") from None
    if not is_dns_name(name) or "*" in name or name.replace(".", "").isdigit():
        raise ValueError(
            "a proxy is named by its certificate (spiffe://… or a DNS name) or by unix:PATH,"
            " never by an address"
        )
    return name.lower()
