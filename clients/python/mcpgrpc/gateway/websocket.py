"""MCP over a WebSocket: one JSON-RPC message a text frame, at both eras.

It knows no method. A lost server is found again by the relay's host, as behind the stdio door.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from dataclasses import dataclass
from typing import Final

from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket, WebSocketDisconnect

from mcpgrpc.connection import ConnectionOptions
from mcpgrpc.gateway.caller import HttpCaller
from mcpgrpc.gateway.replies import HttpRefusalError
from mcpgrpc.gateway.sessions import SessionTable
from mcpgrpc.gateway.work import Work
from mcpgrpc.relay.host import TextHost
from mcpgrpc.tracing.fields import W3C_FIELDS

logger = logging.getLogger(__name__)

SUBPROTOCOL: Final = "mcp"
"""Accepted where a client offers it; none is needed."""

FLUSH_SECONDS: Final = 1.0
"""How long a socket that ends may take to write what waits for its client."""

MAX_FINISH_SECONDS: Final = 3600.0
"""The longest grace of a drain; whoever ends the door ends it sooner."""

UNSUPPORTED_DATA: Final = 1003
GOING_AWAY: Final = 1001
TRY_AGAIN_LATER: Final = 1013


@dataclass(slots=True)
class WebSocketDoor:
    """Serves WebSockets, each a client of its own.

    Attributes:
        options: how to reach the server.
        places: bounds how many are open.
        work: whether the door takes any.
    """

    options: ConnectionOptions
    places: SessionTable
    work: Work

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one WebSocket to its end."""
        socket = WebSocket(scope, receive, send)
        offered = SUBPROTOCOL in socket.scope["subprotocols"]
        await socket.accept(SUBPROTOCOL if offered else None)
        try:
            caller = HttpCaller.of(socket.headers)
            with self.places.place() as channel, self.work.under_way():
                headers = {
                    name: socket.headers[name] for name in W3C_FIELDS if name in socket.headers
                }
                host = TextHost(caller.options(self.options), channel, "websocket", headers)
                await self._relay(socket, host)
        except HttpRefusalError as refusal:
            await _close(socket, TRY_AGAIN_LATER, str(refusal))

    async def _relay(self, socket: WebSocket, host: TextHost) -> None:
        writing = asyncio.create_task(_write(socket, host), name="writing a websocket")
        tasks = {
            asyncio.create_task(_read(socket, host), name="reading a websocket"),
            asyncio.create_task(self._finish(host), name="finishing a websocket"),
            writing,
        }
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            await host.close()
            # What was answered is still written, as far as the client reads.
            await asyncio.wait({writing}, timeout=FLUSH_SECONDS)
            for task in tasks:
                task.cancel()
            for ended in await asyncio.gather(*tasks, return_exceptions=True):
                if isinstance(ended, Exception):
                    logger.error("a websocket failed", exc_info=ended)
            await _close(socket, GOING_AWAY, "")

    async def _finish(self, host: TextHost) -> None:
        """Wait for a drain, and then for the answers to what is under way."""
        await self.work.wait_draining()
        await host.finish(MAX_FINISH_SECONDS)


async def _read(socket: WebSocket, host: TextHost) -> None:
    while (message := await socket.receive())["type"] == "websocket.receive":
        text = message.get("text")
        if text is None:
            await _close(socket, UNSUPPORTED_DATA, "send text frames, one JSON-RPC message each")
            return
        await host.receive(text)


async def _write(socket: WebSocket, host: TextHost) -> None:
    """Send what comes for the client; one that does not read slows its server down."""
    with contextlib.suppress(WebSocketDisconnect, RuntimeError):
        while (text := await host.next_text()) is not None:
            await socket.send_text(text)


async def _close(socket: WebSocket, code: int, reason: str) -> None:
    # Either end may have closed it already.
    with contextlib.suppress(WebSocketDisconnect, RuntimeError):
        await socket.close(code, reason)
