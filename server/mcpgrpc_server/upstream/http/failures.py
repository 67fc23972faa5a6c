"""What a failure of HTTP means for the request that met it: the error, and whether it may have run.

It sends and logs nothing. No message holds a URL, a header field or a word that the upstream wrote.
"""

from __future__ import annotations

import os
import ssl
from typing import Final

import httpx2

from mcpgrpc.binding import errors
from mcpgrpc.errors import ConnectError, ConnectionLost, McpGrpcError, ServiceError
from mcpgrpc.logs.redaction import clip

MAX_METHOD_CHARACTERS: Final = 64
"""Callers choose method names; a message must not grow with them."""

_CREDENTIAL: Final = frozenset({401, 403})
_REDIRECTS: Final = frozenset({301, 302, 307, 308})
# With these a server says that it did not look at the message. Of other statuses that is not
# certain: a proxy answers 502 to 504, 429 and 408 also for what the server behind it has begun.
_NOT_TAKEN: Final = {
    404: "check its URL",
    405: "check its URL",
    406: "it speaks no Streamable HTTP",
    413: "the message is too large for it",
    415: "it speaks no Streamable HTTP",
    421: "it does not know the host name in its URL",
}


class HttpRefusal(ServiceError):  # noqa: N818  # says what happened, as ConnectionLost
    """The upstream refused a request by its HTTP status alone; the request certainly did not run.

    `status` is that status.
    """

    def __init__(self, status: int, message: str) -> None:
        super().__init__(
            errors.UNAVAILABLE,
            message,
            reason="UPSTREAM_UNAVAILABLE",
            execution="NOT_STARTED",
        )
        self.status = status


class HttpFailure(ConnectionLost):
    """The upstream answered a request with an HTTP status that leaves open whether it ran.

    `status` is that status.
    """

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message, execution="MAYBE")
        self.status = status


class SessionEnded(ConnectionLost):
    """The upstream does not know the session any more (HTTP 404)."""


def session_ended(name: str, *, is_new: bool) -> SessionEnded:
    """The error of a request whose session is over.

    Args:
        name: of the upstream.
        is_new: the upstream said so to the request itself, which therefore did not run; otherwise
            it may have.
    """
    return SessionEnded(
        f"the upstream {name!r} does not know this session any more (HTTP 404)",
        execution="NOT_STARTED" if is_new else "MAYBE",
    )


def of_status(name: str, method: str, status: int) -> HttpRefusal | HttpFailure:
    """The error of a response that holds no MCP message.

    Args:
        name: of the upstream.
        method: of the request that it answers.
        status: its HTTP status.
    """
    method = clip(method, MAX_METHOD_CHARACTERS)
    if status in _CREDENTIAL:
        message = f"the upstream {name!r} refuses this server's credential (HTTP {status})"
        return HttpRefusal(status, message)
    if status in _REDIRECTS:
        message = (
            f"the upstream {name!r} redirects to another URL (HTTP {status}), where its credential"
            " must not go; set the URL that it answers at"
        )
        return HttpRefusal(status, message)
    if status in _NOT_TAKEN:
        message = (
            f"the upstream {name!r} does not take {method} (HTTP {status}); {_NOT_TAKEN[status]}"
        )
        return HttpRefusal(status, message)
    message = (
        f"the upstream {name!r} answered {method} with HTTP {status} and no MCP message;"
        " it may have run"
    )
    return HttpFailure(status, message)


def of_transport(name: str, method: str, error: httpx2.RequestError) -> McpGrpcError:
    """The error of a request that HTTP itself failed under.

    Args:
        name: of the upstream.
        method: of the request.
        error: what the HTTP client raised.
    """
    if isinstance(error, httpx2.ConnectTimeout):
        return _unreachable(name, "connecting took too long")
    if isinstance(error, httpx2.ConnectError):
        return _unreachable(name, _reason(error))
    if isinstance(error, httpx2.LocalProtocolError | httpx2.UnsupportedProtocol):
        return _unreachable(name, "its URL or one of its headers is not usable in HTTP")
    if isinstance(error, httpx2.PoolTimeout):
        return overloaded(name, "every connection to it is taken")
    return lost(name, method, "its connection broke")


def lost(name: str, method: str, why: str) -> ConnectionLost:
    """The error of a request that got no answer and may have run."""
    method = clip(method, MAX_METHOD_CHARACTERS)
    return ConnectionLost(
        f"the upstream {name!r} was lost under {method}: {why}; it may have run", execution="MAYBE"
    )


def not_sent(name: str, why: str) -> ConnectionLost:
    """The error of a request that there is no way to send for."""
    return ConnectionLost(
        f"the upstream {name!r}: {why}; nothing was sent", execution="NOT_STARTED"
    )


def overloaded(name: str, why: str) -> ServiceError:
    """The error of a request that there is no room for at this end."""
    return ServiceError(
        errors.UNAVAILABLE,
        f"the upstream {name!r} is busy: {why}; nothing was sent",
        reason="OVERLOADED",
        execution="NOT_STARTED",
    )


def too_large(name: str, method: str, max_bytes: int) -> ServiceError:
    """The error of a request whose answer, or something before it, is beyond the bound."""
    method = clip(method, MAX_METHOD_CHARACTERS)
    return ServiceError(
        errors.RESOURCE_EXHAUSTED,
        f"the upstream {name!r} answers {method} with a message beyond {max_bytes} bytes",
        reason="MESSAGE_TOO_LARGE",
        execution="MAYBE",
    )


def _unreachable(name: str, why: str) -> ConnectError:
    return ConnectError(f"the upstream {name!r} cannot be reached ({why}); nothing was sent")


def _reason(error: BaseException) -> str:
    """What the system or TLS said below the HTTP client, in words of theirs that are no secret."""
    cause: BaseException | None = error
    reason = "no connection"
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return f"its TLS certificate is not trusted: {cause.verify_message}"
        if isinstance(cause, ssl.SSLError):
            reason = "TLS failed"
        elif isinstance(cause, OSError) and cause.errno is not None and cause.errno > 0:
            reason = os.strerror(cause.errno)
        cause = cause.__cause__ or cause.__context__
    return reason
