"""What MCP's authorization asks of an HTTP door: where tokens come from, and that one is needed.

It checks no token; the server behind the door does. It is RFC 9728 (protected resource metadata)
and the challenges of RFC 6750, and nothing of OAuth beyond that.
"""

from __future__ import annotations

import json
from typing import Any, Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from mcpgrpc.gateway.settings import GatewaySettings

METADATA_PATH: Final = "/.well-known/oauth-protected-resource"
MCP_PATH: Final = "/mcp"
_UNAUTHORIZED: Final = 401
_FORBIDDEN: Final = 403
_MAX_AGE_SECONDS: Final = 300


class Authorization:
    """The metadata of this door as a protected resource, and the challenges that point to it.

    Args:
        settings: who issues tokens for it, and what it is called.
    """

    def __init__(self, settings: GatewaySettings) -> None:
        self._settings = settings

    def routes(self) -> list[Route]:
        """Where the metadata stands: of the origin, and of `/mcp`. None without an issuer."""
        if not self._settings.authorization_servers:
            return []
        return [
            Route(path, self._metadata, methods=["GET"])
            for path in (METADATA_PATH, METADATA_PATH + MCP_PATH)
        ]

    def challenging(self, app: ASGIApp) -> ASGIApp:
        """The application whose refusals say what to do about them."""

        async def challenged(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] != "http":
                await app(scope, receive, send)
                return

            async def send_challenged(message: Message) -> None:
                if message["type"] == "http.response.start":
                    self._challenge(message, scope)
                await send(message)

            await app(scope, receive, send_challenged)

        return challenged

    async def _metadata(self, request: Request) -> Response:
        described: dict[str, Any] = {
            "resource": self._resource(request.scope),
            "authorization_servers": list(self._settings.authorization_servers),
            "bearer_methods_supported": ["header"],
        }
        if self._settings.scopes:
            described["scopes_supported"] = list(self._settings.scopes)
        headers = {"cache-control": f"max-age={_MAX_AGE_SECONDS}"}
        return Response(json.dumps(described), headers=headers, media_type="application/json")

    def _challenge(self, message: Message, scope: Scope) -> None:
        status = message["status"]
        if status not in (_UNAUTHORIZED, _FORBIDDEN):
            return
        headers = MutableHeaders(scope=message)
        if status == _FORBIDDEN and "authorization" not in Headers(scope=scope):
            # Refused for where it comes from, not for who it is.
            return
        headers["www-authenticate"] = "Bearer " + ", ".join(self._parts(status, scope))

    def _parts(self, status: int, scope: Scope) -> list[str]:
        parts = []
        if status == _FORBIDDEN:
            parts.append('error="insufficient_scope"')
        elif "authorization" in Headers(scope=scope):
            parts.append('error="invalid_token"')
        if self._settings.scopes:
            parts.append(f'scope="{" ".join(self._settings.scopes)}"')
        if self._settings.authorization_servers:
            url = f"{self._origin(scope)}{METADATA_PATH}{MCP_PATH}"
            parts.append(f'resource_metadata="{url}"')
        return parts or ['realm="mcp"']

    def _resource(self, scope: Scope) -> str:
        return self._settings.resource or f"{self._origin(scope)}{MCP_PATH}"

    def _origin(self, scope: Scope) -> str:
        """Where the client reached the door: as configured, else the Host that was let in."""
        if self._settings.resource:
            scheme, _, rest = self._settings.resource.partition("://")
            return f"{scheme}://{rest.partition('/')[0]}"
        return f"{scope['scheme']}://{Headers(scope=scope).get('host', '')}"
