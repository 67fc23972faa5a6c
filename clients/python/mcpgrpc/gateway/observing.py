"""What happens at the door, told to whoever counts it, and each HTTP request's end in the log.

It changes nothing that passes. Every word that it tells is one of a bounded number, whatever a
client sends.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, Protocol

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from mcpgrpc.gateway.authorization import MCP_PATH, METADATA_PATH
from mcpgrpc.gateway.eras import VERSION_HEADER, era_of
from mcpgrpc.gateway.sse import SSE

logger = logging.getLogger(__name__)

OTHER: Final = "other"
NO_STATUS: Final = 0
"""Nothing was answered: the client went away before."""

SWITCHING_PROTOCOLS: Final = 101
_FORBIDDEN: Final = 403
_SERVER_ERROR: Final = 500

ROUTES: Final = {
    **{path: path for path in (MCP_PATH, "/ws", "/health", "/ready", METADATA_PATH)},
    METADATA_PATH + MCP_PATH: METADATA_PATH,
}
"""Where something is served, and under which name that is told."""

METHODS: Final = frozenset({"GET", "POST", "DELETE", "OPTIONS", "HEAD"})

REFUSED: Final = "mcpgrpc.refused"
"""In an ASGI scope: why a request was refused, where its status does not say it."""

_VERSION: Final = VERSION_HEADER.encode()
_SSE: Final = (b"content-type", SSE.encode())
_EVENT: Final = b"event: message"
_EVENT_BEGINS_WITHIN: Final = 64


@dataclass(slots=True, eq=False)
class HttpExchange:
    """One HTTP request, or one WebSocket, and what became of it.

    Attributes:
        route: one of ROUTES, or OTHER.
        method: one of METHODS, or OTHER.
        era: `legacy` or `modern` at /mcp; empty elsewhere, where the fields do not tell.
        began: by `time.monotonic`.
        status: the HTTP status; NO_STATUS where nothing was answered.
        refused: why, where the status alone does not say it; else empty.
    """

    route: str
    method: str
    era: str
    began: float = field(default_factory=time.monotonic)
    status: int = NO_STATUS
    refused: str = ""

    @property
    def elapsed_seconds(self) -> float:
        """Since it began."""
        return time.monotonic() - self.began

    @classmethod
    def of(cls, scope: Scope) -> HttpExchange:
        """What an ASGI scope opens."""
        route = ROUTES.get(scope["path"], OTHER)
        method = scope.get("method", "GET")
        era = era_of(_version(scope)) if route == MCP_PATH else ""
        return cls(route, method if method in METHODS else OTHER, era)


class DoorListener(Protocol):
    """Who counts. Called on the event loop; returns at once and raises nothing."""

    def began(self, exchange: HttpExchange) -> None:
        """A request arrived. Exactly one `ended` follows."""
        ...

    def received(self, size_bytes: int) -> None:
        """A part of a body, or a message of a WebSocket."""
        ...

    def sent(self, size_bytes: int) -> None:
        """The same in the other direction."""
        ...

    def event_sent(self, kind: str) -> None:
        """A JSON-RPC message went out on a stream: `sse` or `websocket`."""
        ...

    def ended(self, exchange: HttpExchange) -> None:
        """A request is over."""
        ...

    def rpc_ended(self, rpc: str, code: str) -> None:
        """An RPC to the server is over, with the name of a status of gRPC."""
        ...

    def cache_event(self, event: str, method: str) -> None:
        """The door's cache answered, or did not, or let something in or go."""
        ...

    def watch(self, kind: str, count: Callable[[], int]) -> None:
        """How many sessions of a kind are open can be asked here, from any thread."""
        ...


class NoListener:
    """Counts nothing."""

    def began(self, exchange: HttpExchange) -> None:
        """Nothing."""

    def received(self, size_bytes: int) -> None:
        """Nothing."""

    def sent(self, size_bytes: int) -> None:
        """Nothing."""

    def event_sent(self, kind: str) -> None:
        """Nothing."""

    def ended(self, exchange: HttpExchange) -> None:
        """Nothing."""

    def rpc_ended(self, rpc: str, code: str) -> None:
        """Nothing."""

    def cache_event(self, event: str, method: str) -> None:
        """Nothing."""

    def watch(self, kind: str, count: Callable[[], int]) -> None:
        """Nothing."""


class Observed:
    """An application whose requests are told.

    Args:
        app: what serves.
        listener: who counts.
    """

    def __init__(self, app: ASGIApp, listener: DoorListener) -> None:
        self._app = app
        self._listener = listener

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request or WebSocket."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        exchange = HttpExchange.of(scope)
        passing = _Passing(exchange, self._listener, receive, send)
        self._listener.began(exchange)
        try:
            await self._app(scope, passing.receive, passing.send)
        except Exception:
            # Whoever serves the application answers so.
            exchange.status = exchange.status or _SERVER_ERROR
            raise
        finally:
            exchange.refused = scope.get(REFUSED, "")
            self._listener.ended(exchange)
            _log_end(exchange)


class _Passing:
    """What passes of one request."""

    def __init__(
        self, exchange: HttpExchange, listener: DoorListener, receive: Receive, send: Send
    ) -> None:
        self._exchange = exchange
        self._listener = listener
        self._receive = receive
        self._send = send
        self._is_sse = False

    async def receive(self) -> Message:
        message = await self._receive()
        if message["type"] == "http.request":
            self._listener.received(len(message.get("body", b"")))
        elif message["type"] == "websocket.receive":
            self._listener.received(_size(message))
        return message

    async def send(self, message: Message) -> None:
        match message["type"]:
            case "http.response.start":
                self._exchange.status = message["status"]
                self._is_sse = _SSE in message["headers"]
            case "http.response.body":
                self._sent_body(message.get("body", b""))
            case "websocket.accept":
                self._exchange.status = SWITCHING_PROTOCOLS
            case "websocket.close" if not self._exchange.status:
                self._exchange.status = _FORBIDDEN
            case "websocket.send":
                self._listener.sent(_size(message))
                self._listener.event_sent("websocket")
        await self._send(message)

    def _sent_body(self, body: bytes) -> None:
        self._listener.sent(len(body))
        if self._is_sse and _EVENT in body[:_EVENT_BEGINS_WITHIN]:
            self._listener.event_sent("sse")


def _version(scope: Scope) -> str | None:
    for name, value in scope["headers"]:
        if name == _VERSION:
            return bytes(value).decode("latin-1")
    return None


def _size(message: Message) -> int:
    text = message.get("text")
    return len(message.get("bytes") or b"") if text is None else len(text.encode())


def _log_end(exchange: HttpExchange) -> None:
    level = logging.INFO if exchange.status >= _SERVER_ERROR else logging.DEBUG
    if logger.isEnabledFor(level):
        facts = {
            "route": exchange.route,
            "http_method": exchange.method,
            "era": exchange.era,
            "status": exchange.status,
            "duration_seconds": round(exchange.elapsed_seconds, 6),
        }
        logger.log(level, "http request finished", extra=facts)
