"""The HTTP client that one upstream is reached with: its trust, its timeouts, its silence.

It knows no MCP. It follows no redirect, keeps no cookie and reads nothing from the environment: a
credential goes where the settings say, and nowhere else.
"""

from __future__ import annotations

import contextlib
import logging
import socket
import ssl
from collections.abc import Iterator
from contextvars import ContextVar
from http.cookiejar import CookieJar, DefaultCookiePolicy
from pathlib import Path
from typing import Final

import httpx2

from mcpgrpc.errors import UsageError

CONNECT_TIMEOUT_SECONDS: Final = 10.0
"""How long TCP and TLS may take, and how long a request waits for a free connection."""

WRITE_TIMEOUT_SECONDS: Final = 30.0
"""How long an upstream may leave one write of a request's body unread."""

MAX_CONNECTIONS: Final = 4096
"""One for each request under way and each event stream, idle ones included: HTTP/1.1 carries one
thing at a time. Beyond what a server holds open by default, below what a process may open."""

MAX_IDLE_CONNECTIONS: Final = 128

IDLE_SECONDS: Final = 4.0
"""Below the 5 s after which uvicorn and Node close an idle connection: a request that meets the end
of its connection may have run, and nobody could say whether."""

_KEEPALIVE_IDLE_SECONDS: Final = 60
_KEEPALIVE_PAUSE_SECONDS: Final = 15

_LOGGERS: Final = (
    "httpx2",
    "httpcore2.connection",
    "httpcore2.http11",
    "httpcore2.proxy",
)

_is_ours: ContextVar[bool] = ContextVar("a request of an upstream", default=False)


def open_http_client(
    *,
    ca_file: Path | str | None = None,
    connect_timeout_seconds: float = CONNECT_TIMEOUT_SECONDS,
    max_connections: int = MAX_CONNECTIONS,
) -> httpx2.AsyncClient:
    """A client for one upstream; whoever opens it closes it, after the carriers that use it.

    Reading has no timeout: a tool may take hours and an event stream stays open by nature. A peer
    that vanished without a word is found by TCP keep-alive. Proxies, `.netrc` and certificates of
    the environment are not used: a proxy would see the upstream's credential, and would turn
    "nothing was sent" into an answer of its own. Cookies are not kept, since sessions of different
    callers share the client.

    Args:
        ca_file: PEM file of the certificate authorities that are trusted, and no others; the
            system's when left out. Certificates and host names are always verified.
        connect_timeout_seconds: how long connecting may take, and waiting for a free connection.
        max_connections: how many are open at once.

    Raises:
        UsageError: the file cannot be read or holds no certificate.
    """
    for name in _LOGGERS:
        # Adding it again is no change.
        logging.getLogger(name).addFilter(_is_of_others)
    transport = httpx2.AsyncHTTPTransport(
        verify=_trust(ca_file),
        trust_env=False,
        limits=httpx2.Limits(
            max_connections=max_connections,
            max_keepalive_connections=MAX_IDLE_CONNECTIONS,
            keepalive_expiry=IDLE_SECONDS,
        ),
        socket_options=list(_keepalive_options()),
    )
    return httpx2.AsyncClient(
        transport=transport,
        timeout=httpx2.Timeout(
            connect=connect_timeout_seconds,
            read=None,
            write=WRITE_TIMEOUT_SECONDS,
            pool=connect_timeout_seconds,
        ),
        follow_redirects=False,
        trust_env=False,
        cookies=CookieJar(DefaultCookiePolicy(allowed_domains=())),
        # Answers are bounded in bytes as they are read, and a few compressed ones can be gigabytes.
        headers={"accept-encoding": "identity", "user-agent": "mcpgrpc"},
    )


@contextlib.contextmanager
def unlogged() -> Iterator[None]:
    """Keep the HTTP libraries from logging what is done in this context.

    They write whole URLs at level INFO and the fields of responses at DEBUG, both while a request
    is sent; either may hold a credential. What others in the process do with these libraries is
    logged as before.
    """
    token = _is_ours.set(True)
    try:
        yield
    finally:
        _is_ours.reset(token)


def _is_of_others(_record: logging.LogRecord) -> bool:
    return not _is_ours.get()


def _trust(ca_file: Path | str | None) -> ssl.SSLContext | bool:
    if ca_file is None:
        return True
    try:
        return ssl.create_default_context(cafile=ca_file)
    except OSError as error:
        why = error.strerror if error.filename else "it holds no PEM certificate"
        raise UsageError(f"the CA file {str(ca_file)!r} cannot be used: {why}") from None


def _keepalive_options() -> Iterator[tuple[int, int, int]]:
    yield (socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    timing = {
        "TCP_KEEPIDLE": _KEEPALIVE_IDLE_SECONDS,
        "TCP_KEEPINTVL": _KEEPALIVE_PAUSE_SECONDS,
    }
    for option, value in timing.items():
        if hasattr(socket, option):
            yield (socket.IPPROTO_TCP, getattr(socket, option), value)
