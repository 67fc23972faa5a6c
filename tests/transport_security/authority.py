"""Certificates for tests: authorities, and what they sign for servers and clients.

They live a day, their keys are on a small curve, and nobody outside of the test knows them.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Final

import grpc
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from cryptography.x509.oid import NameOID

DAY: Final = timedelta(days=1)
_SIGNS_CERTIFICATES: Final = x509.KeyUsage(
    digital_signature=False,
    content_commitment=False,
    key_encipherment=False,
    data_encipherment=False,
    key_agreement=False,
    key_cert_sign=True,
    crl_sign=True,
    encipher_only=False,
    decipher_only=False,
)
HERE: Final = (x509.DNSName("localhost"), x509.IPAddress(ip_address("127.0.0.1")))


@dataclass(frozen=True)
class Pair:
    """A certificate and its key, as files."""

    certificate: Path
    key: Path

    def replace_by(self, other: Pair) -> None:
        """Renew in place, each file in one step, as cert-manager does."""
        for mine, theirs in ((self.certificate, other.certificate), (self.key, other.key)):
            replaced(mine, theirs.read_bytes())


def replaced(path: Path, contents: bytes) -> None:
    """Give a file other contents in one step."""
    copy = path.with_suffix(".new")
    copy.write_bytes(contents)
    os.replace(copy, path)


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
        pair = self.pair(directory, "certificate")
        return str(pair.certificate), str(pair.key)

    def pair(self, directory: Path, name: str, password: bytes | None = None) -> Pair:
        """The same under a name; the key encrypted where there is a password."""
        encryption = NoEncryption() if password is None else BestAvailableEncryption(password)
        pair = Pair(directory / f"{name}.pem", directory / f"{name}.key")
        pair.certificate.write_bytes(self.pem)
        pair.key.write_bytes(self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption))
        return pair


class Authority:
    """Signs certificates.

    Args:
        name: of it.
    """

    def __init__(self, name: str = "authority") -> None:
        self.root = _signed(name, (), None)

    def server(self) -> Credential:
        """A certificate for a server on loopback."""
        return self.signed("localhost", HERE)

    def client(
        self,
        common_name: str | Iterable[str] = "client",
        uris: Iterable[str] = (),
        dns_names: Iterable[str] = (),
        ends: timedelta = timedelta(hours=1),
    ) -> Credential:
        """A certificate for a client."""
        names = (
            *(x509.UniformResourceIdentifier(each) for each in uris),
            *(x509.DNSName(each) for each in dns_names),
        )
        return self.signed(common_name, names, ends=ends)

    def signed(
        self,
        common_name: str | Iterable[str],
        names: Iterable[x509.GeneralName] = (),
        *,
        begins: timedelta = -DAY,
        ends: timedelta = timedelta(hours=1),
        names_issuer_key: bool = True,
    ) -> Credential:
        """A certificate of any names, for any time from now on.

        Without `names_issuer_key` it is one that gRPC takes, and Python from 3.13 on does not.
        """
        return _signed(
            common_name, names, self.root, begins, ends, names_issuer_key=names_issuer_key
        )

    def channel_credentials(self, client: Credential | None = None) -> grpc.ChannelCredentials:
        """What a client that trusts this authority connects with."""
        if client is None:
            return grpc.ssl_channel_credentials(self.root.pem)
        return grpc.ssl_channel_credentials(self.root.pem, client.key_pem, client.pem)


class FilingAuthority(Authority):
    """Keeps itself and what it issues as files.

    Args:
        folder: where.
        name: of it.
    """

    def __init__(self, folder: Path, name: str = "authority") -> None:
        super().__init__(name)
        self._folder = folder
        self._name = name
        self._numbers = itertools.count(1)
        self.certificate = folder / f"{name}.pem"
        self.certificate.write_bytes(self.root.pem)

    def issue(
        self,
        name: str,
        *,
        begins: timedelta = -DAY,
        ends: timedelta = DAY,
        password: bytes | None = None,
    ) -> Pair:
        """A certificate for localhost and a client of this name."""
        issued = self.signed(name, HERE, begins=begins, ends=ends)
        # Other authorities may keep theirs in the same folder.
        stem = f"{self._name}-{name}-{next(self._numbers)}"
        return issued.pair(self._folder, stem, password)


def _signed(
    common_name: str | Iterable[str],
    names: Iterable[x509.GeneralName],
    issuer: Credential | None,
    begins: timedelta = -DAY,
    ends: timedelta = DAY,
    *,
    names_issuer_key: bool = True,
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
        .not_valid_before(now + begins)
        .not_valid_after(now + ends)
        .add_extension(x509.BasicConstraints(ca=issuer is None, path_length=None), critical=True)
    )
    alternative: Any = list(names)
    if alternative:
        builder = builder.add_extension(
            x509.SubjectAlternativeName(alternative), critical=not common_names
        )
    signer = key if issuer is None else issuer.key
    if issuer is None:
        builder = builder.add_extension(_SIGNS_CERTIFICATES, critical=True)
    public_key = key.public_key()
    builder = builder.add_extension(
        x509.SubjectKeyIdentifier.from_public_key(public_key), critical=False
    )
    if names_issuer_key:
        builder = builder.add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False
        )
    return Credential(builder.sign(signer, hashes.SHA256()), key)
