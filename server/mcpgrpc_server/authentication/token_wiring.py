"""The settings of tokens and proxies turned into what proves them, or refused with the reason.

It fetches nothing: an issuer that is away when the server starts must not keep it down.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mcpgrpc_server.authentication.certificate_names import UNIX_SCHEME
from mcpgrpc_server.authentication.token_claims import AcceptedClaims
from mcpgrpc_server.listen_targets import split_security
from mcpgrpc_server.settings import ServerSettings, SettingsError
from mcpgrpc_server.watched_file import WatchedFileError

# Who takes neither tokens nor certificates need not load cryptography, jwt and httpx2.
if TYPE_CHECKING:
    from mcpgrpc_server.authentication.json_web_tokens import TokenVerifier
    from mcpgrpc_server.authentication.jwks_source import KeyEndpoint, KeySource
    from mcpgrpc_server.authentication.trusted_proxies import TrustedProxies


def token_verifier(settings: ServerSettings) -> TokenVerifier | None:
    """What proves access tokens; None when none are taken.

    Raises:
        SettingsError: only a part of it is set, the file of keys cannot be used, or keys would come
            from where they cannot be trusted.
    """
    if not settings.jwt_issuer:
        for name in ("jwt_audience", "jwks"):
            if getattr(settings, name):
                raise SettingsError(f"{name} needs jwt_issuer: whose tokens are to be taken?")
        return None
    if not settings.jwt_audience:
        raise SettingsError(
            "jwt_issuer needs jwt_audience: without it every token of the issuer would be taken,"
            " also one for another service"
        )
    from mcpgrpc_server.authentication.json_web_tokens import TokenVerifier

    accepted = AcceptedClaims(
        settings.jwt_issuer, frozenset(settings.jwt_audience), settings.jwt_clock_skew_seconds
    )
    return TokenVerifier(accepted, _key_source(settings))


def trusted_proxies(settings: ServerSettings) -> TrustedProxies:
    """The proxies that may speak for others.

    Raises:
        SettingsError: one is named that the server could not recognise.
    """
    sockets = {name for name in settings.trusted_proxy if name.startswith(UNIX_SCHEME)}
    if sockets:
        _check_socket(settings, sockets)
    if len(sockets) < len(settings.trusted_proxy) and not settings.tls_client_ca:
        raise SettingsError(
            "trusted_proxy names a certificate, but none is asked for: give tls_client_ca"
        )
    from mcpgrpc_server.authentication.trusted_proxies import TrustedProxies

    return TrustedProxies(settings.trusted_proxy)


def _check_socket(settings: ServerSettings, trusted: set[str]) -> None:
    """GRPC tells of a caller that it came through a socket, not through which."""
    targets = [split_security(listen)[1] for listen in settings.listen]
    listening = {target for target in targets if target.startswith(UNIX_SCHEME)}
    if trusted != listening or len(trusted) != 1:
        raise SettingsError(
            f"trusted_proxy {min(trusted)} must be the one unix: listener: callers of another"
            " could not be told from the proxy"
        )
    if settings.http:
        raise SettingsError(
            "trusted_proxy unix:PATH and http exclude each other: callers of the HTTP door could"
            " not be told from the proxy; name the proxy by its certificate"
        )


def _key_source(settings: ServerSettings) -> KeySource:
    from mcpgrpc_server.authentication.jwks_source import KeyFile

    is_file = bool(settings.jwks) and "://" not in settings.jwks
    try:
        return KeyFile(settings.jwks) if is_file else _key_endpoint(settings)
    except WatchedFileError as error:
        raise SettingsError(str(error)) from None
    except ValueError as error:
        name = "jwks" if settings.jwks else "jwt_issuer, asked for its keys since jwks is not set"
        raise SettingsError(f"{name}: {error}") from None


def _key_endpoint(settings: ServerSettings) -> KeyEndpoint:
    from mcpgrpc_server.authentication.jwks_endpoint import JwksEndpoint
    from mcpgrpc_server.authentication.jwks_source import KeyEndpoint, RefreshBounds

    fetch = JwksEndpoint(
        settings.jwks or settings.jwt_issuer,
        discovers=not settings.jwks,
        insecure=settings.insecure,
    )
    bounds = RefreshBounds(
        settings.jwks_min_interval_seconds,
        settings.jwks_max_age_seconds,
        settings.jwks_max_stale_seconds,
    )
    return KeyEndpoint(fetch, bounds)
