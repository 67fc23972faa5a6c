"""The client certificate of a connection as an identity, from what gRPC says of the connection.

It verifies no chain: the handshake did, or there is no certificate here to be read.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.x509.oid import NameOID

from mcpgrpc_server.authentication.certificate_names import CertificateNames, identity_named
from mcpgrpc_server.identity import Identity, NotProvenError

CERTIFICATE_PROPERTY: Final = "x509_pem_cert"
"""What gRPC calls the certificate in a connection's authentication context."""

MAX_REMEMBERED_CERTIFICATES: Final = 1_024
"""Each RPC of a connection has the same; reading it takes longer than everything else here."""


@dataclass(frozen=True, slots=True)
class PeerCertificate:
    """A verified client certificate.

    Attributes:
        identity: whom it proves, until it ends.
        names: what a setting may name it by: SPIFFE ID and DNS names. Not its common name, which
            authorities check least.
    """

    identity: Identity
    names: frozenset[str]


def peer_certificate(
    auth_context: Mapping[str, Iterable[bytes]], now: datetime | None = None
) -> PeerCertificate | None:
    """The certificate of a connection; None when it has none.

    Raises:
        NotProvenError: it names nobody, or has ended since the connection opened.
    """
    certificates = list(auth_context.get(CERTIFICATE_PROPERTY, ()))
    if not certificates:
        return None
    certificate = _read(certificates[0])
    expires_at = certificate.identity.expires_at
    if expires_at is not None and expires_at <= (now or datetime.now(UTC)):
        raise NotProvenError("the client certificate has expired; connect again with a fresh one")
    return certificate


@functools.lru_cache(maxsize=MAX_REMEMBERED_CERTIFICATES)
def _read(pem: bytes) -> PeerCertificate:
    try:
        certificate = x509.load_pem_x509_certificate(pem)
        names = _names_of(certificate)
    except (ValueError, x509.DuplicateExtension, x509.UnsupportedGeneralNameType):
        raise NotProvenError("the client certificate cannot be read") from None
    identity = identity_named(
        names,
        fingerprint=certificate.fingerprint(hashes.SHA256()).hex(),
        serial=f"{certificate.serial_number:x}",
        expires_at=certificate.not_valid_after_utc,
    )
    return PeerCertificate(identity, names.trusted_as())


def _names_of(certificate: x509.Certificate) -> CertificateNames:
    common_names = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    try:
        alternative = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except x509.ExtensionNotFound:
        names = x509.SubjectAlternativeName(())
    else:
        names = alternative.value
    return CertificateNames(
        uris=tuple(names.get_values_for_type(x509.UniformResourceIdentifier)),
        dns_names=tuple(names.get_values_for_type(x509.DNSName)),
        common_names=tuple(str(name.value) for name in common_names),
    )
