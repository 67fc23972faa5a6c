"""Who may talk to the door from where: Host and Origin checks, and CORS for the origins let in.

It authenticates nobody. It protects whoever runs a door on their own machine from web pages that
reach it through their browser (DNS rebinding), so it stands before everything but the probes.
"""

from __future__ import annotations

import logging
from typing import Final
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from mcpgrpc.gateway.observing import REFUSED
from mcpgrpc.gateway.replies import HttpRefusalError
from mcpgrpc.gateway.settings import GatewaySettings

logger = logging.getLogger(__name__)

PROBE_PATHS: Final = frozenset({"/health", "/ready"})
"""Probes come with the address of a pod as the host, and tell nothing but a status."""

_LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})
_METHODS: Final = "GET, POST, DELETE, OPTIONS"
_EXPOSED: Final = "mcp-session-id, www-authenticate, x-request-id"
_PREFLIGHT_SECONDS: Final = "600"
_MISDIRECTED: Final = 421
_POLICY_VIOLATION: Final = 1008
_HINT: Final = "name it with gateway --allow-{0}, or serve --http-allow-{0}"


class Guard:
    """Refuses requests from hosts and origins that are not let in: 421 and 403.

    Args:
        app: what is guarded.
        settings: who is let in beside loopback.
    """

    def __init__(self, app: ASGIApp, settings: GatewaySettings) -> None:
        self._app = app
        self._hosts = {host.lower() for host in settings.allow_hosts}
        self._origins = {origin.lower().rstrip("/") for origin in settings.allow_origins}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request or WebSocket."""
        if scope["type"] not in ("http", "websocket") or scope["path"] in PROBE_PATHS:
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        refusal = self._refusal(headers)
        if refusal is not None:
            logger.warning("refused a request: %s", refusal)
            scope[REFUSED] = "host" if refusal.status == _MISDIRECTED else "origin"
            await _refuse(refusal, scope, receive, send)
        elif scope["type"] == "http" and "origin" in headers:
            await self._cross_origin(headers, scope, receive, send)
        else:
            await self._app(scope, receive, send)

    def _refusal(self, headers: Headers) -> HttpRefusalError | None:
        hosts = headers.getlist("host")
        if len(hosts) != 1 or not self._lets_host_in(hosts[0].lower()):
            message = f"the host {', '.join(hosts)!r} is not let in; {_HINT.format('host')}"
            return HttpRefusalError(_MISDIRECTED, message)
        origins = headers.getlist("origin")
        if not all(self._lets_origin_in(origin.lower()) for origin in origins) or len(origins) > 1:
            message = f"the origin {', '.join(origins)!r} is not let in; {_HINT.format('origin')}"
            return HttpRefusalError(403, message)
        return None

    def _lets_host_in(self, host: str) -> bool:
        name = _hostname(f"//{host}")
        return name in _LOOPBACK or not self._hosts.isdisjoint({"*", host, name})

    def _lets_origin_in(self, origin: str) -> bool:
        if not self._origins.isdisjoint({"*", origin}):
            return True
        return origin.startswith(("http://", "https://")) and _hostname(origin) in _LOOPBACK

    async def _cross_origin(
        self, headers: Headers, scope: Scope, receive: Receive, send: Send
    ) -> None:
        granted = {"access-control-allow-origin": headers["origin"], "vary": "Origin"}
        if scope["method"] == "OPTIONS" and "access-control-request-method" in headers:
            asked = headers.get("access-control-request-headers", "")
            granted |= {
                "access-control-allow-methods": _METHODS,
                "access-control-allow-headers": asked,
                "access-control-max-age": _PREFLIGHT_SECONDS,
            }
            await Response(status_code=204, headers=granted)(scope, receive, send)
            return
        granted["access-control-expose-headers"] = _EXPOSED

        async def send_granted(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(granted)
            await send(message)

        await self._app(scope, receive, send_granted)


def _hostname(url: str) -> str:
    """The name without a port; "" where it cannot be read."""
    try:
        parts = urlsplit(url)
        has_more = bool(parts.path or parts.query or parts.username or parts.password)
        return "" if has_more else parts.hostname or ""
    except ValueError:
        return ""


async def _refuse(refusal: HttpRefusalError, scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "websocket":
        await receive()
        # Before it is accepted this is the status 403.
        await send({"type": "websocket.close", "code": _POLICY_VIOLATION, "reason": ""})
    else:
        await refusal.response()(scope, receive, send)
