"""The settings turned into what a server authenticates with.

It proves nothing itself, and decides nothing but which proofs there are and in which order: the
connection's certificate, an API key, a token, and last that somebody is needed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import grpc

from mcpgrpc_server.authentication.api_key_interceptor import ApiKeyInterceptor
from mcpgrpc_server.authentication.api_keys import KEY_ID_CLAIM, ApiKeys
from mcpgrpc_server.authentication.presented import (
    CredentialKind,
    MalformedCredentialError,
    Presented,
    bearer_credential,
)
from mcpgrpc_server.authentication.required_interceptor import RequiredInterceptor
from mcpgrpc_server.authentication.rpc_interception import (
    InOrder,
    RpcInterceptor,
    current_opening,
)
from mcpgrpc_server.authentication.token_wiring import token_verifier, trusted_proxies
from mcpgrpc_server.identity import Identity, IdentityKind, NotProvenError, Renew
from mcpgrpc_server.settings import ServerSettings, SettingsError
from mcpgrpc_server.watched_file import WatchedFileError

if TYPE_CHECKING:
    from mcpgrpc_server.authentication.json_web_tokens import TokenVerifier

HEALTH_SERVICE: Final = "grpc.health.v1.Health"
REFLECTION_SERVICES: Final = (
    "grpc.reflection.v1.ServerReflection",
    "grpc.reflection.v1alpha.ServerReflection",
)


class Authentication:
    """How callers prove who they are to one server; nothing where the settings name nothing.

    Args:
        settings: what is taken.

    Raises:
        SettingsError: a file of it cannot be used.
    """

    def __init__(self, settings: ServerSettings) -> None:
        self._keys = _api_keys(settings)
        self._tokens = token_verifier(settings)
        proofs: list[RpcInterceptor] = []
        taken: list[str] = []
        if settings.tls_client_ca or settings.trusted_proxy:
            proofs.append(_certificates(settings))
            taken.append("a client certificate")
        if self._keys is not None:
            proofs.append(ApiKeyInterceptor(self._keys))
            taken.append("an API key (authorization: Bearer or x-api-key)")
        if self._tokens is not None:
            proofs.append(_tokens(self._tokens))
            taken.append("an access token (authorization: Bearer)")
        self.interceptors: tuple[grpc.aio.ServerInterceptor, ...] = ()
        """What stands before every RPC; nothing when nobody is authenticated."""
        if proofs:
            last = RequiredInterceptor(
                " or ".join(taken),
                allow_anonymous=settings.allow_anonymous,
                open_services=_open_services(settings),
            )
            self.interceptors = (InOrder(*proofs, last),)

    def start(self) -> None:
        """Begin to fetch what proofs need, in the background."""
        if self._tokens is not None:
            self._tokens.keys.prefetch()

    async def close(self) -> None:
        """Give up what is still being fetched."""
        if self._tokens is not None:
            await self._tokens.keys.close()

    @property
    def renewal(self) -> Renew | None:
        """Proves the fresh credential of an open stream; None when nobody is authenticated."""
        return self._renew if self.interceptors else None

    async def _renew(self, authorization: str) -> Identity:
        """Whom it proves on the connection of the stream that this is called for."""
        try:
            presented = bearer_credential(authorization)
        except MalformedCredentialError as error:
            raise NotProvenError(str(error)) from None
        rpc = current_opening.get()
        identity = await self._prove(presented, None if rpc is None else rpc.certificate)
        return identity if rpc is None else rpc.together(identity)

    def holds(self, identity: Identity) -> bool:
        """Whether what proved an identity was not taken back since."""
        is_of_the_keys = identity.kind is IdentityKind.API_KEY and KEY_ID_CLAIM in identity.claims
        return self._keys is None or not is_of_the_keys or self._keys.holds(identity)

    async def _prove(self, presented: Presented, certificate: Identity | None) -> Identity:
        if presented.kind is CredentialKind.API_KEY and self._keys is not None:
            return self._keys.prove(presented.secret)
        if presented.kind is CredentialKind.TOKEN and self._tokens is not None:
            from mcpgrpc_server.authentication.token_interceptor import prove

            return await prove(self._tokens, presented.secret, certificate)
        raise NotProvenError(f"no {presented.kind.value} is taken here")


def _api_keys(settings: ServerSettings) -> ApiKeys | None:
    if not settings.api_keys:
        return None
    try:
        return ApiKeys(settings.api_keys)
    except WatchedFileError as error:
        raise SettingsError(f"{error}; `mcpgrpc keys new` makes one") from None


def _certificates(settings: ServerSettings) -> RpcInterceptor:
    # Who asks for no certificate need not load cryptography, nor who takes no token jwt.
    from mcpgrpc_server.authentication.certificate_interceptor import CertificateInterceptor

    return CertificateInterceptor(trusted_proxies(settings))


def _tokens(verifier: TokenVerifier) -> RpcInterceptor:
    from mcpgrpc_server.authentication.token_interceptor import TokenInterceptor

    return TokenInterceptor(verifier)


def _open_services(settings: ServerSettings) -> set[str]:
    health = () if settings.authenticate_health else (HEALTH_SERVICE,)
    reflection = () if settings.authenticate_reflection else REFLECTION_SERVICES
    return {*health, *reflection}
