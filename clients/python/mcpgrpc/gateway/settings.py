"""The bounds of the HTTP door and whom it lets in.

It reads no environment and no file: the command line fills it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from mcpgrpc.binding.limits import MIB
from mcpgrpc.errors import UsageError

DEFAULT_MAX_BODY_BYTES: Final = 4 * MIB
DEFAULT_MAX_SESSIONS: Final = 1000
DEFAULT_MAX_CALLS: Final = 2000
DEFAULT_IDLE_SECONDS: Final = 30 * 60.0
DEFAULT_CACHE_SECONDS: Final = 60.0
DEFAULT_STREAMS_PER_CONNECTION: Final = 100
"""What HTTP/2 recommends as the least that a server or a proxy allows; our servers allow 1,000."""


# These stand in a header between quotes.
_URL: Final = re.compile(r"https?://[^\s\"\\/]+(?:/[^\s\"\\]*)?")
_SCOPE: Final = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]+")

_ABOVE_ZERO: Final = (
    "max_body_bytes",
    "max_sessions",
    "max_calls",
    "streams_per_connection",
    "session_idle_seconds",
    "max_cache_bytes",
)


@dataclass(frozen=True, slots=True)
class GatewaySettings:
    """How the door behaves towards HTTP.

    Attributes:
        allow_hosts: `Host` values let in beside loopback: a name for any port, `name:port` for one,
            `*` for all.
        allow_origins: `Origin` values of browsers let in beside loopback, such as
            `https://app.example`; `*` for all.
        max_body_bytes: the largest body of a POST and the largest WebSocket message.
        body_timeout_seconds: how long a body may take to arrive.
        max_sessions: legacy HTTP sessions and WebSockets open at once, together.
        max_calls: modern requests under way at once.
        streams_per_connection: sessions, WebSockets and modern requests that share a connection to
            the server; more open another one. At most what the server and proxies before it allow.
        session_idle_seconds: a legacy session that no HTTP request uses for so long is ended.
        keepalive_seconds: an SSE stream gets a comment this often, and a modern request is answered
            as plain JSON when it is done within so long and has sent no notification.
        schema_seconds: how long a tool list is used to check `Mcp-Param-*` headers.
        cache_seconds: the longest that a list or a read is given again to the same caller, where
            its `ttlMs` allows; 0 for never. A credential that is taken back may be answered for so
            long what it was answered before.
        max_cache_bytes: memory that such answers take together.
        authorization_servers: issuers of tokens for this door, which its metadata names; clients
            are told where to get a token only if there is one.
        resource: what the door is called in tokens, its URL as clients see it; what they say when
            left out.
        scopes: what clients should ask tokens for.
        tls_cert: the door's certificate chain, a PEM file; with it the door speaks HTTPS alone.
        tls_key: its key, a PEM file.
    """

    allow_hosts: tuple[str, ...] = ()
    allow_origins: tuple[str, ...] = ()
    max_body_bytes: int = DEFAULT_MAX_BODY_BYTES
    body_timeout_seconds: float = 30.0
    max_sessions: int = DEFAULT_MAX_SESSIONS
    max_calls: int = DEFAULT_MAX_CALLS
    streams_per_connection: int = DEFAULT_STREAMS_PER_CONNECTION
    session_idle_seconds: float = DEFAULT_IDLE_SECONDS
    keepalive_seconds: float = 15.0
    schema_seconds: float = 5.0
    cache_seconds: float = DEFAULT_CACHE_SECONDS
    max_cache_bytes: int = 16 * MIB
    authorization_servers: tuple[str, ...] = ()
    resource: str = ""
    scopes: tuple[str, ...] = ()
    tls_cert: str = ""
    tls_key: str = ""

    def __post_init__(self) -> None:
        for origin in self.allow_origins:
            try:
                checked_origin(origin)
            except ValueError as error:
                raise UsageError(f"{error}, not {origin!r}") from None
        if bool(self.tls_cert) != bool(self.tls_key):
            raise UsageError("a certificate and its key go together: give both or neither")
        for url in (*self.authorization_servers, *filter(None, (self.resource,))):
            if not _URL.fullmatch(url):
                raise UsageError(f"{url!r} is no URL: write https://host/path")
        for scope in self.scopes:
            if not _SCOPE.fullmatch(scope):
                raise UsageError(f"{scope!r} is no scope")
        for name in _ABOVE_ZERO:
            if getattr(self, name) <= 0:
                raise UsageError(f"{name} must be above 0")


def checked_origin(origin: str) -> str:
    """The origin itself.

    Raises:
        ValueError: it is neither `scheme://host` nor `*`.
    """
    if origin != "*" and "://" not in origin:
        raise ValueError("an origin is scheme://host, such as https://app.example")
    return origin
