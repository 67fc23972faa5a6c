"""The proxies whose word on a client's certificate counts, as the settings name them.

It reads no header. An address is no name: whoever can send from it, or lie about it, would be the
proxy.
"""

from __future__ import annotations

from collections.abc import Collection

from mcpgrpc_server.authentication.certificate_names import UNIX_SCHEME
from mcpgrpc_server.authentication.peer_certificate import PeerCertificate


class TrustedProxies:
    """Recognises proxies by their certificate, or by the Unix socket that they connect to.

    Args:
        names: SPIFFE IDs, DNS names, and at most one `unix:PATH`, whose socket must be the only one
            that the server listens on: gRPC does not tell through which a caller came.
    """

    def __init__(self, names: Collection[str]) -> None:
        self._names = frozenset(name for name in names if not name.startswith(UNIX_SCHEME))
        self._socket = next((name for name in names if name.startswith(UNIX_SCHEME)), None)

    def recognise(self, peer: str, certificate: PeerCertificate | None) -> str | None:
        """The name of the proxy that a connection comes from; None when it is no trusted one.

        Args:
            peer: as gRPC names the other end.
            certificate: the verified client certificate of the connection, if it has one.
        """
        if certificate is not None and not self._names.isdisjoint(certificate.names):
            return certificate.identity.subject
        # Only the scheme: behind it stands a path that the caller chose, or none.
        return self._socket if peer.startswith(UNIX_SCHEME) else None
