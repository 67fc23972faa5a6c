"""From settings to the credentials of each listener, or the reason why a server cannot start.

It binds nothing.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import grpc

from mcpgrpc_server.listen_targets import Security, split_security
from mcpgrpc_server.listeners import ListenError
from mcpgrpc_server.transport_security.settings import TransportSecuritySettings

if TYPE_CHECKING:
    from mcpgrpc_server.transport_security.tls_files import TlsFiles


def listener_credentials(
    settings: TransportSecuritySettings, listen: str
) -> grpc.ServerCredentials | None:
    """The credentials of one listener, its own alone; None for plaintext.

    Raises:
        ListenError: the listener asks for files that are not given, or that are no good.
    """
    security = settings.security_of(listen)
    if security is Security.PLAINTEXT:
        return None
    # Who listens in plaintext need not load cryptography.
    from mcpgrpc_server.transport_security import server_credentials
    from mcpgrpc_server.transport_security.tls_files import TlsFilesError

    try:
        files = _files(settings, listen, security)
        return server_credentials.server_credentials(server_credentials.RenewedMaterial(files))
    except TlsFilesError as error:
        _, target = split_security(listen)
        raise ListenError(f"cannot listen on {target}: {error}") from None


def _files(settings: TransportSecuritySettings, listen: str, security: Security) -> TlsFiles:
    from mcpgrpc_server.transport_security.tls_files import TlsFiles, TlsFilesError

    if not settings.tls_cert:
        raise TlsFilesError(f"{listen} needs a certificate: give --tls-cert and --tls-key")
    client_ca = None
    if security is Security.MTLS:
        if not settings.tls_client_ca:
            raise TlsFilesError(f"{listen} needs the authorities of clients: give --tls-client-ca")
        client_ca = Path(settings.tls_client_ca)
    return TlsFiles(Path(settings.tls_cert), Path(settings.tls_key), client_ca)
