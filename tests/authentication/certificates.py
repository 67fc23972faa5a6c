"""Certificates for a test: an authority, and what it signs for servers and clients.

They live a day, their keys are on a small curve, and nobody outside of the test knows them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import grpc
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID


@dataclass(frozen=True)
class Credential:
    """A certificate and its key."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    @property
    def pem(self) -> bytes:
        """The certificate."""
        return self.certificate.public_bytes(Encoding.PEM)

    @property
    def key_pem(self) -> bytes:
        """The key."""
        return self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())

    @property
    def fingerprint(self) -> bytes:
        """SHA-256 of the certificate."""
        return self.certificate.fingerprint(hashes.SHA256())

    def files(self, directory: Path) -> tuple[str, str]:
        """The certificate and the key as files."""
        paths = directory / "certificate.pem", directory / "key.pem"
        for path, contents in zip(paths, (self.pem, self.key_pem), strict=True):
            path.write_bytes(contents)
        return str(paths[0]), str(paths[1])


class Authority:
    """Signs certificates.

    Args:
        name: of it.
    """

    def __init__(self, name: str = "authority") -> None:
        self.root = _signed(name, (), None, ends_in=timedelta(days=1))

    def server(self) -> Credential:
        """A certificate for a server on loopback."""
        names = (x509.DNSName("localhost"), x509.IPAddress(ip_address("127.0.0.1")))
        return self.signed("localhost", names)

    def client(
        self,
        common_name: str | Iterable[str] = "client",
        uris: Iterable[str] = (),
        dns_names: Iterable[str] = (),
        ends_in: timedelta = timedelta(hours=1),
    ) -> Credential:
        """A certificate for a client."""
        names = (
            *(x509.UniformResourceIdentifier(each) for each in uris),
            *(x509.DNSName(each) for each in dns_names),
        )
        return self.signed(common_name, names, ends_in)

    def signed(
        self,
        common_name: str | Iterable[str],
        names: Iterable[x509.GeneralName] = (),
        ends_in: timedelta = timedelta(hours=1),
    ) -> Credential:
        """A certificate of any names."""
        return _signed(common_name, names, self.root, ends_in)

    def channel_credentials(self, client: Credential | None = None) -> grpc.ChannelCredentials:
        """What a client that trusts this authority connects with."""
        if client is None:
            return grpc.ssl_channel_credentials(self.root.pem)
        return grpc.ssl_channel_credentials(self.root.pem, client.key_pem, client.pem)


def _signed(
    common_name: str | Iterable[str],
    names: Iterable[x509.GeneralName],
    issuer: Credential | None,
    ends_in: timedelta,
) -> Credential:
    key = ec.generate_private_key(ec.SECP256R1())
    common_names = [common_name] if isinstance(common_name, str) else common_name
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, each) for each in common_names])
    now = datetime.now(UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject if issuer is None else issuer.certificate.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + ends_in)
        .add_extension(x509.BasicConstraints(ca=issuer is None, path_length=None), critical=True)
    )
    alternative: Any = list(names)
    if alternative:
        builder = builder.add_extension(
            x509.SubjectAlternativeName(alternative), critical=not common_names
        )
    signer = key if issuer is None else issuer.key
    return Credential(builder.sign(signer, hashes.SHA256()), key)
