"""TLS of the HTTP door: a certificate and its key from files, taken anew when they change.

It asks for no client certificate: a door lends nobody an identity, so it could not pass one on.
"""

from __future__ import annotations

import asyncio
import logging
import ssl
from typing import Final

from mcpgrpc.errors import UsageError
from mcpgrpc.file_versions import Version, version_at

logger = logging.getLogger(__name__)

LOOK_SECONDS: Final = 1.0
"""The files are looked at this often."""


class DoorCertificate:
    """The certificate that new connections get.

    Args:
        certificate: PEM, the chain.
        key: PEM, not encrypted.

    Raises:
        UsageError: the pair cannot be used.
    """

    def __init__(self, certificate: str, key: str) -> None:
        self._certificate = certificate
        self._key = key
        self._version = self._look()
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.minimum_version = ssl.TLSVersion.TLSv1_2
        self.context.set_alpn_protocols(["http/1.1"])
        self._load(self.context)

    async def keep_new(self) -> None:
        """Take what the files become, until cancelled. A pair that is no good changes nothing."""
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            version = self._look()
            if version == self._version:
                continue
            self._version = version
            try:
                # First elsewhere: half of a pair must not get into the context that is in use.
                self._load(ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER))
                self._load(self.context)
                logger.info("the HTTP door has a new certificate")
            except UsageError as error:
                logger.error("%s; the certificate before it stays in use", error)

    def _load(self, context: ssl.SSLContext) -> None:
        try:
            context.load_cert_chain(self._certificate, self._key, password=_no_passphrase)
        except (OSError, ValueError) as error:
            why = getattr(error, "reason", None) or getattr(error, "strerror", None) or str(error)
            raise UsageError(
                f"cannot use the certificate in {self._certificate} with the key in {self._key}:"
                f" {str(why).lower()}"
            ) from None

    def _look(self) -> tuple[Version, ...]:
        return tuple(version_at(path) for path in (self._certificate, self._key))


def _no_passphrase() -> str:
    """OpenSSL would ask at the terminal."""
    raise ValueError("the key is encrypted; decrypt it")
