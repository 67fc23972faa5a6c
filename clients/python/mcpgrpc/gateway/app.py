"""The HTTP door as an ASGI application: `/mcp`, `/ws`, `/health` and `/ready`.

It listens nowhere: `serving` does, or whatever server an application is mounted in.
"""

from __future__ import annotations

import logging
from types import TracebackType
from typing import Self

from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.routing import Route, WebSocketRoute
from starlette.types import Receive, Scope, Send

from mcpgrpc.connection import ConnectionOptions
from mcpgrpc.gateway.authorization import Authorization
from mcpgrpc.gateway.caching import DoorCache
from mcpgrpc.gateway.channels import DoorChannels
from mcpgrpc.gateway.correlated import Correlated
from mcpgrpc.gateway.eras import LEGACY, VERSION_HEADER, era_of
from mcpgrpc.gateway.guard import Guard
from mcpgrpc.gateway.legacy import LegacyDoor
from mcpgrpc.gateway.modern import ModernDoor
from mcpgrpc.gateway.observing import DoorListener, NoListener, Observed
from mcpgrpc.gateway.param_headers import ToolSchemas
from mcpgrpc.gateway.probes import Readiness, health
from mcpgrpc.gateway.replies import HttpRefusalError
from mcpgrpc.gateway.sessions import SessionTable
from mcpgrpc.gateway.settings import GatewaySettings
from mcpgrpc.gateway.websocket import WebSocketDoor
from mcpgrpc.gateway.work import Work

logger = logging.getLogger(__name__)


class Gateway:
    """The door in front of one server; an async context that owns its connections.

    Args:
        options: how to reach the server. A credential in it is lent to no caller.
        settings: bounds, and who is let in.
        probe: how to reach the server, and with which credential, for the door's own question
            whether it serves; as `options` says when left out.
        listener: counts what happens; nobody does when left out.
    """

    def __init__(
        self,
        options: ConnectionOptions,
        settings: GatewaySettings,
        probe: ConnectionOptions | None = None,
        listener: DoorListener | None = None,
    ) -> None:
        self._options = options
        self._settings = settings
        self._probe = options if probe is None else probe
        self._listener = NoListener() if listener is None else listener
        self._rpc_ended = None if listener is None else listener.rpc_ended

    async def __aenter__(self) -> Self:
        """Come up; the server need not be there yet.

        Raises:
            UsageError: the address or the TLS files are not usable.
        """
        options, settings, listener = self._options, self._settings, self._listener
        self.work = work = Work()
        self.channels = channels = DoorChannels(options, settings, self._probe, self._rpc_ended)
        self._schemas = ToolSchemas(settings.schema_seconds)
        cache = DoorCache(settings.cache_seconds, settings.max_cache_bytes, listener.cache_event)
        self._sessions = sessions = SessionTable(options, channels, settings, work, cache.heard)
        self._modern = ModernDoor(options, channels, settings, self._schemas, cache, work, listener)
        authorization = Authorization(settings)
        routes = [
            Route("/mcp", McpEndpoint(self._modern, LegacyDoor(sessions, settings, work))),
            WebSocketRoute("/ws", WebSocketDoor(options, sessions, work)),
            Route("/health", health),
            Route("/ready", Readiness(self._probe, channels.probe, work).answer),
            *authorization.routes(),
        ]
        guarded = Guard(authorization.challenging(Starlette(routes=routes)), settings)
        self.app = Correlated(Observed(guarded, listener))
        listener.watch("http", sessions.__len__)
        listener.watch("websocket", lambda: sessions.places_taken)
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """End everything."""
        await self.end_streams()
        await self._schemas.close()
        await self.channels.close()

    async def end_streams(self) -> None:
        """End every session and every response that is still open."""
        self.work.begin_drain()
        self._modern.close()
        await self._sessions.close()


class McpEndpoint:
    """Streamable HTTP: finds the era of a request by its version header, as the SDK does.

    Args:
        modern: serves every version that does not begin with `initialize`, unknown ones included.
        legacy: serves the others, and requests without the header.
    """

    def __init__(self, modern: ModernDoor, legacy: LegacyDoor) -> None:
        self._modern = modern
        self._legacy = legacy

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one HTTP request."""
        request = Request(scope, receive)
        door = (
            self._legacy if era_of(request.headers.get(VERSION_HEADER)) == LEGACY else self._modern
        )
        try:
            answer = await door.answer(request)
        except ClientDisconnect:
            logger.debug("a client went away in the middle of its request")
            return
        except HttpRefusalError as refusal:
            answer = refusal.response()
        await answer(scope, request.receive, send)
