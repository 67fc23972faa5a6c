"""Certificates as identity: who connects, or for whom a trusted proxy does.

It asks for no certificate: a listener does. What a caller that is no trusted proxy says of any
certificate is not read.
"""

from __future__ import annotations

from mcpgrpc_server.authentication.forwarded_certificate import HEADER, forwarded_identity
from mcpgrpc_server.authentication.peer_certificate import PeerCertificate, peer_certificate
from mcpgrpc_server.authentication.rpc_interception import RpcInterceptor, RpcOpening
from mcpgrpc_server.authentication.trusted_proxies import TrustedProxies
from mcpgrpc_server.identity import NotProvenError


class CertificateInterceptor(RpcInterceptor):
    """Says of each RPC whom its connection's certificate proves.

    Args:
        proxies: those that may speak for others.
    """

    def __init__(self, proxies: TrustedProxies) -> None:
        self._proxies = proxies

    async def before(self, rpc: RpcOpening) -> None:
        """Read the certificate, and what a trusted proxy says of its client's."""
        try:
            self._identify(rpc)
        except NotProvenError as error:
            await rpc.refuse(str(error))

    def _identify(self, rpc: RpcOpening) -> None:
        certificate = peer_certificate(rpc.context.auth_context())
        proxy = self._proxies.recognise(rpc.context.peer(), certificate)
        if proxy is not None:
            _identify_behind(proxy, certificate, rpc)
        elif certificate is not None:
            rpc.by_certificate(certificate.identity)


def _identify_behind(proxy: str, certificate: PeerCertificate | None, rpc: RpcOpening) -> None:
    """The client of a trusted proxy.

    A proxy is never a caller itself: where it vouches for nobody, it lends its own identity to
    nobody, and only a credential can say who calls.
    """
    own = None if certificate is None else certificate.identity
    told = [value for key, value in rpc.metadata if key == HEADER and isinstance(value, str)]
    if told:
        expires_at = None if own is None else own.expires_at
        rpc.by_certificate(forwarded_identity(told, proxy, expires_at))
    else:
        rpc.certificate = own
