"""One HTTP POST, bounded in time and size, by the standard library.

It is no HTTP client: it follows no redirect, uses no proxy and keeps no connection. The base
install has no other, and a token endpoint needs no more.
"""

from __future__ import annotations

import asyncio
import ssl
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """What came back.

    Attributes:
        status: the HTTP status.
        body: at most as many bytes as were allowed.
    """

    status: int
    body: bytes


async def post(
    url: str, headers: dict[str, str], body: bytes, *, timeout_seconds: float, max_bytes: int
) -> HttpAnswer:
    """POST once, in a thread, which a cancellation lets run out.

    Raises:
        OSError: nobody answers in time, or what answers is no HTTP, or too long.
    """
    asking = asyncio.to_thread(_post, url, headers, body, timeout_seconds, max_bytes)
    try:
        return await asyncio.wait_for(asking, timeout_seconds)
    except TimeoutError:
        raise OSError(None, f"no answer within {timeout_seconds:g} s") from None


def _post(
    url: str, headers: dict[str, str], body: bytes, timeout_seconds: float, max_bytes: int
) -> HttpAnswer:
    parts = urlsplit(url)
    connection = _connection(parts.scheme, parts.hostname or "", parts.port, timeout_seconds)
    try:
        path = f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"
        connection.request("POST", path, body, headers)
        with connection.getresponse() as answer:
            read = answer.read(max_bytes + 1)
    except HTTPException:
        raise OSError(None, "what answers is no HTTP") from None
    finally:
        connection.close()
    if len(read) > max_bytes:
        raise OSError(None, f"the answer has more than {max_bytes} bytes")
    return HttpAnswer(answer.status, read)


def _connection(scheme: str, host: str, port: int | None, timeout_seconds: float) -> HTTPConnection:
    if scheme == "https":
        context = ssl.create_default_context()
        return HTTPSConnection(host, port, timeout=timeout_seconds, context=context)
    return HTTPConnection(host, port, timeout=timeout_seconds)
