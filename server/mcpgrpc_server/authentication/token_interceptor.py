"""Tokens as identity: takes the bearer tokens of RPCs, and nothing else that they present.

It verifies no token itself (`json_web_tokens` does), and an RPC without one goes on as it is.
"""

from __future__ import annotations

import base64
import binascii
import hmac
from collections.abc import Mapping

from mcpgrpc.binding.errors import Refusal
from mcpgrpc.v1 import errors_pb2
from mcpgrpc_server.authentication.certificate_names import FINGERPRINT_CLAIM
from mcpgrpc_server.authentication.json_web_tokens import TokenVerifier
from mcpgrpc_server.authentication.jwks_source import KeysUnavailableError
from mcpgrpc_server.authentication.presented import CredentialKind
from mcpgrpc_server.authentication.rpc_interception import RpcInterceptor, RpcOpening
from mcpgrpc_server.identity import Identity, NotProvenError
from mcpgrpc_server.status import abort


class TokenInterceptor(RpcInterceptor):
    """Refuses RPCs whose token proves nothing, and says of the others who calls.

    Args:
        verifier: proves tokens.
    """

    def __init__(self, verifier: TokenVerifier) -> None:
        self._verifier = verifier

    async def before(self, rpc: RpcOpening) -> None:
        """Prove the token, if there is one.

        While nobody knows the issuer's keys, tokens are refused UNAVAILABLE, NOT_STARTED: a good
        token must not be thrown away for that.
        """
        if rpc.presented is None or rpc.presented.kind is not CredentialKind.TOKEN:
            return
        try:
            identity = await prove(self._verifier, rpc.presented.secret, rpc.certificate)
        except NotProvenError as error:
            await rpc.refuse(str(error))
        except KeysUnavailableError as error:
            await abort(
                rpc.context, Refusal(errors_pb2.ERROR_REASON_UPSTREAM_UNAVAILABLE, str(error))
            )
        rpc.by_credential(identity)


async def prove(verifier: TokenVerifier, token: str, certificate: Identity | None) -> Identity:
    """Whom a token proves on a connection with this certificate.

    Raises:
        NotProvenError: as `TokenVerifier.verify`, or the token is bound to another certificate.
        KeysUnavailableError: as `TokenVerifier.verify`.
    """
    identity = await verifier.verify(token)
    if "cnf" in identity.claims:
        _check_binding(identity.claims["cnf"], certificate)
    return identity


def _check_binding(confirmation: object, certificate: Identity | None) -> None:
    """A token that is bound to a key (RFC 7800) is worth nothing without proof of that key.

    Certificates are the one such proof here (RFC 8705); a stolen token of another binding, which a
    caller would have to prove by a signature of its own, must not pass as a plain one.
    """
    if not isinstance(confirmation, Mapping) or set(confirmation) != {"x5t#S256"}:
        raise NotProvenError("the token is bound to a key (cnf) in a way that is not proven here")
    fingerprint = None if certificate is None else certificate.claims.get(FINGERPRINT_CLAIM)
    if fingerprint is None or not _is_same(confirmation["x5t#S256"], str(fingerprint)):
        raise NotProvenError("the token is bound to another client certificate (cnf)")


def _is_same(thumbprint: object, fingerprint: str) -> bool:
    if not isinstance(thumbprint, str):
        return False
    try:
        digest = base64.urlsafe_b64decode(thumbprint + "=" * (-len(thumbprint) % 4))
    except (binascii.Error, ValueError):
        return False
    return hmac.compare_digest(digest.hex(), fingerprint)
