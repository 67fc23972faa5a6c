"""From settings to the credentials of each listener, or the reason why a server cannot start.

It binds nothing.
"""

from __future__ import annotations

from pathlib import Path

import grpc

from mcpgrpc_server.listen_targets import Security
from mcpgrpc_server.transport_security.server_credentials import RenewedMaterial, server_credentials
from mcpgrpc_server.transport_security.settings import TransportSecuritySettings
from mcpgrpc_server.transport_security.tls_files import TlsFiles, TlsFilesError


def listener_credentials(
    settings: TransportSecuritySettings, listen: str
) -> grpc.ServerCredentials | None:
    """The credentials of one listener, its own alone; None for plaintext.

    Raises:
        TlsFilesError: the listener asks for files that are not given, or that are no good.
    """
    security = settings.security_of(listen)
    if security is Security.PLAINTEXT:
        return None
    if not settings.tls_cert:
        raise TlsFilesError(f"{listen} needs a certificate: give --tls-cert and --tls-key")
    client_ca = None
    if security is Security.MTLS:
        if not settings.tls_client_ca:
            raise TlsFilesError(f"{listen} needs the authorities of clients: give --tls-client-ca")
        client_ca = Path(settings.tls_client_ca)
    files = TlsFiles(Path(settings.tls_cert), Path(settings.tls_key), client_ca)
    return server_credentials(RenewedMaterial(files))
