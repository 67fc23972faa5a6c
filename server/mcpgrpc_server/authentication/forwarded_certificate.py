"""Envoy's `x-forwarded-client-cert`: the certificate of the client in front of a proxy, in words.

It trusts nobody: `certificate_interceptor` decides whose header is read at all.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Final, NoReturn

from cryptography import x509
from cryptography.x509.oid import NameOID

from mcpgrpc_server.authentication.certificate_names import CertificateNames, identity_named
from mcpgrpc_server.identity import Identity, NotProvenError

HEADER: Final = "x-forwarded-client-cert"

MAX_HEADER_CHARACTERS: Final = 16 * 1024
"""What gRPC takes of metadata in all. The certificate itself may be in it; it is not read."""

# `Key=value;Key="value"`, and the comma before the next proxy's. Envoy quotes Subject, Cert and
# Chain, inside of which a backslash goes before whatever would end them; it leaves URIs and DNS
# names bare, also with a "=" in them.
_PAIR = re.compile(
    r"[ \t]*(?P<key>[A-Za-z]{1,32})="
    r"(?:\"(?P<quoted>(?:[^\"\\]|\\.)*+)\"|(?P<bare>[^\",;\\]*+))"
    r"(?P<end>[;,]|$)"
)
_RDN = re.compile(r"(?:[^,+\\]|\\.)++")
_FINGERPRINT = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class ForwardedCertificate:
    """What one proxy says of the client certificate that it saw.

    Attributes:
        names: in the certificate.
        fingerprint: its SHA-256 in lower-case hexadecimal; None when the proxy does not say.
    """

    names: CertificateNames
    fingerprint: str | None


def forwarded_identity(
    values: Iterable[str], proxy: str, expires_at: datetime | None = None
) -> Identity:
    """Whom a trusted proxy says to act for.

    Each proxy appends what it saw itself, so the last element is the word of the one that connects
    here. Those before it are what that proxy was told, by whomever.

    Args:
        values: of the header, in their order.
        proxy: the subject of the proxy, which becomes the actor.
        expires_at: when the proxy's own certificate ends.

    Raises:
        NotProvenError: the header is malformed, or its last element names nobody.
    """
    *_, last = _elements(",".join(values))
    return identity_named(
        last.names, fingerprint=last.fingerprint, actor=proxy, expires_at=expires_at
    )


def _elements(header: str) -> Iterator[ForwardedCertificate]:
    """What each proxy said, the first one first."""
    if len(header) > MAX_HEADER_CHARACTERS:
        raise NotProvenError(f"{HEADER} has more than {MAX_HEADER_CHARACTERS} characters")
    pairs: list[tuple[str, str]] = []
    position, end = 0, ","
    while end:
        found = _PAIR.match(header, position)
        if found is None:
            _refuse()
        pairs.append((found["key"].lower(), found["quoted"] or found["bare"] or ""))
        position, end = found.end(), found["end"]
        if end != ";":
            yield _certificate(pairs)
            pairs = []


def _certificate(pairs: list[tuple[str, str]]) -> ForwardedCertificate:
    fingerprint = _only(pairs, "hash")
    if fingerprint and not _FINGERPRINT.fullmatch(fingerprint):
        _refuse()
    # Every URI counts, also an empty one: a name that was smuggled into another stands beside it.
    uris = tuple(value for key, value in pairs if key == "uri")
    return ForwardedCertificate(
        CertificateNames(
            uris=() if uris == ("",) else uris,
            dns_names=tuple(value for key, value in pairs if key == "dns" and value),
            # Two are as many as a thousand: neither is the one that counts.
            common_names=tuple(islice(_common_names(_only(pairs, "subject")), 2)),
        ),
        fingerprint or None,
    )


def _only(pairs: list[tuple[str, str]], key: str) -> str:
    """The value of a key that an element has at most once."""
    values = [value for name, value in pairs if name == key]
    if len(values) > 1:
        _refuse()
    return values[0] if values else ""


def _common_names(subject: str) -> Iterator[str]:
    """The common names in a distinguished name of RFC 4514, "CN=client,O=example"."""
    for part in _RDN.findall(subject):
        if part.strip().upper().startswith("CN="):
            try:
                name = x509.Name.from_rfc4514_string(part.strip())
            except ValueError:
                _refuse()
            yield from (
                str(each.value) for each in name.get_attributes_for_oid(NameOID.COMMON_NAME)
            )


def _refuse() -> NoReturn:
    raise NotProvenError(f"{HEADER} from the proxy is malformed")
