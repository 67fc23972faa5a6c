"""gRPC's credentials of a TLS listener, as new as the files: each handshake gets the newest pair.

It does not touch connections that are open: a renewed certificate ends no stream.
"""

from __future__ import annotations

import logging
import threading
import time
from typing import Final

import grpc

from mcpgrpc_server.transport_security.tls_files import TlsFiles, TlsFilesError, TlsMaterial

logger = logging.getLogger("mcpgrpc.tls")

LOOK_SECONDS: Final = 1.0
"""The files are looked at no more often than this, however many clients connect."""


class RenewedMaterial:
    """The newest good contents of the files of a listener.

    A version that is no good is logged once and the one before it stays in force, so that a pair
    which is being replaced, certificate first and key next, harms no handshake in between. gRPC
    asks from threads of its own.

    Args:
        files: the files.
        look_seconds: they are looked at no more often than this.

    Raises:
        TlsFilesError: they are no good now.
    """

    def __init__(self, files: TlsFiles, look_seconds: float = LOOK_SECONDS) -> None:
        self._files = files
        self._look_seconds = look_seconds
        self._lock = threading.Lock()
        self._version = files.version()
        self._looked_at = time.monotonic()
        self.current: TlsMaterial = files.read()

    def renewed(self) -> TlsMaterial | None:
        """The contents if they are newer than at the last call; else None. For one listener."""
        with self._lock:
            now = time.monotonic()
            if now - self._looked_at < self._look_seconds:
                return None
            self._looked_at = now
            version = self._files.version()
            if version == self._version:
                return None
            self._version = version
            return self._read()

    def _read(self) -> TlsMaterial | None:
        try:
            self.current = self._files.read()
        except TlsFilesError as error:
            # The reason is one line for people; where it was raised says nothing more.
            logger.error("%s; the certificate before it stays in use", error)
            return None
        logger.info("a certificate that ends at %s is in use", self.current.expires_at.isoformat())
        return self.current


def server_credentials(material: RenewedMaterial) -> grpc.ServerCredentials:
    """Credentials of one listener, which no other may share: gRPC asks once for each.

    With a client CA every client must show a certificate of it.
    """

    def fetch() -> grpc.ServerCertificateConfiguration | None:
        renewed = material.renewed()
        return None if renewed is None else _configuration(renewed)

    return grpc.dynamic_ssl_server_credentials(
        _configuration(material.current),
        fetch,  # type: ignore[arg-type]  # None is "no change", which the stubs leave out
        require_client_authentication=material.current.client_ca is not None,
    )


def _configuration(material: TlsMaterial) -> grpc.ServerCertificateConfiguration:
    return grpc.ssl_server_certificate_configuration(
        [(material.private_key, material.certificate_chain)], material.client_ca
    )
