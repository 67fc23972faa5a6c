"""What a TLS listener needs, read from PEM files and checked as a whole.

It watches nothing and opens no listener: a set of files is good now, or it is refused with why.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_private_key,
)

from mcpgrpc.binding.limits import MIB
from mcpgrpc.file_versions import Version, version_at

MAX_PEM_BYTES: Final = 4 * MIB
"""Of one file. The bundle of a public trust store has about 250 KiB."""


class TlsFilesError(Exception):
    """The files cannot secure a listener; the message names the file and says why, in one line."""


@dataclass(frozen=True, slots=True)
class TlsMaterial:
    """What was read: a matching pair of today, and the roots of client certificates.

    Attributes:
        certificate_chain: PEM, the server's own certificate first.
        private_key: PEM; never shown.
        client_ca: PEM; None when no client certificate is asked for.
        expires_at: when the server's certificate ends.
    """

    certificate_chain: bytes
    private_key: bytes
    client_ca: bytes | None
    expires_at: datetime

    def __repr__(self) -> str:
        return f"TlsMaterial(expires_at={self.expires_at.isoformat()})"


@dataclass(frozen=True, slots=True)
class TlsFiles:
    """Where a listener's certificate, its key, and the roots for its clients stand.

    Attributes:
        certificate: PEM, the chain.
        key: PEM, not encrypted: nobody could type a passphrase into a pod.
        client_ca: PEM; None when no client certificate is asked for.
    """

    certificate: Path
    key: Path
    client_ca: Path | None = None

    def version(self) -> tuple[Version, ...]:
        """What differs once a file was changed or swapped."""
        paths = (self.certificate, self.key, self.client_ca)
        return tuple(version_at(path) for path in paths if path is not None)

    def read(self) -> TlsMaterial:
        """The contents.

        Raises:
            TlsFilesError: a file cannot be read or is not PEM, the key is another certificate's,
                or a certificate has expired.
        """
        chain_pem, key_pem = _read(self.certificate), _read(self.key)
        own = _certificates(chain_pem, self.certificate)[0]
        self._check_pair(own, key_pem)
        _check_valid([own], self.certificate)
        client_ca = None
        if self.client_ca is not None:
            client_ca = _read(self.client_ca)
            _check_valid(_certificates(client_ca, self.client_ca), self.client_ca)
        return TlsMaterial(chain_pem, key_pem, client_ca, own.not_valid_after_utc)

    def _check_pair(self, own: x509.Certificate, key_pem: bytes) -> None:
        try:
            key = load_pem_private_key(key_pem, password=None)
        except TypeError:
            raise TlsFilesError(f"the key in {self.key} is encrypted; decrypt it") from None
        except Exception:  # noqa: BLE001 - whatever it is, it must not quote the key
            raise TlsFilesError(f"there is no PEM private key in {self.key}") from None
        form = (Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        if key.public_key().public_bytes(*form) != own.public_key().public_bytes(*form):
            raise TlsFilesError(
                f"the key in {self.key} is not that of the certificate in {self.certificate}"
            )


def expires_at(path: Path) -> datetime:
    """When the first certificate in a file ends.

    Raises:
        TlsFilesError: the file cannot be read or is not PEM.
    """
    return _certificates(_read(path), path)[0].not_valid_after_utc


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            pem = file.read(MAX_PEM_BYTES + 1)
    except OSError as error:
        raise TlsFilesError(f"cannot read {path}: {(error.strerror or 'failed').lower()}") from None
    if len(pem) > MAX_PEM_BYTES:
        raise TlsFilesError(f"{path} has more than {MAX_PEM_BYTES} bytes")
    return pem


def _certificates(pem: bytes, path: Path) -> list[x509.Certificate]:
    try:
        return x509.load_pem_x509_certificates(pem)
    except ValueError:
        raise TlsFilesError(f"there is no PEM certificate in {path}") from None


def _check_valid(certificates: Sequence[x509.Certificate], path: Path) -> None:
    """One that counts today is enough: a bundle may keep roots that have ended."""
    now = datetime.now(UTC)
    ends = max(certificate.not_valid_after_utc for certificate in certificates)
    if ends < now:
        raise TlsFilesError(f"the certificate in {path} expired at {ends:%Y-%m-%dT%H:%M:%SZ}")
    begins = min(certificate.not_valid_before_utc for certificate in certificates)
    if begins > now:
        raise TlsFilesError(f"the certificate in {path} counts from {begins:%Y-%m-%dT%H:%M:%SZ} on")
