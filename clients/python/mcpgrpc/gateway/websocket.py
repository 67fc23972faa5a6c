"""MCP over a WebSocket: one JSON-RPC message a text frame, at both eras.

It knows no method. A lost server is found again by the relay's host, as behind the stdio door.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from dataclasses import dataclass
from typing import Final

import grpc
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket, WebSocketDisconnect

from mcpgrpc.connection import ConnectionOptions
from mcpgrpc.gateway.caller import HttpCaller
from mcpgrpc.gateway.replies import HttpRefusalError
from mcpgrpc.gateway.sessions import SessionTable
from mcpgrpc.relay.host import TextHost

logger = logging.getLogger(__name__)

SUBPROTOCOL: Final = "mcp"
"""Accepted where a client offers it; none is needed."""

UNSUPPORTED_DATA: Final = 1003
GOING_AWAY: Final = 1001
TRY_AGAIN_LATER: Final = 1013


@dataclass(slots=True)
class WebSocketDoor:
    """Serves WebSockets, each a client of its own.

    Attributes:
        options: how to reach the server.
        channel: the channel to it.
        places: bounds how many are open.
    """

    options: ConnectionOptions
    channel: grpc.aio.Channel
    places: SessionTable

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one WebSocket to its end."""
        socket = WebSocket(scope, receive, send)
        offered = SUBPROTOCOL in socket.scope["subprotocols"]
        await socket.accept(SUBPROTOCOL if offered else None)
        try:
            caller = HttpCaller.of(socket.headers)
            with self.places.place():
                await self._relay(socket, caller)
        except HttpRefusalError as refusal:
            await _close(socket, TRY_AGAIN_LATER, str(refusal))

    async def _relay(self, socket: WebSocket, caller: HttpCaller) -> None:
        host = TextHost(caller.options(self.options), self.channel)
        tasks = {
            asyncio.create_task(_read(socket, host), name="reading a websocket"),
            asyncio.create_task(_write(socket, host), name="writing a websocket"),
        }
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            await host.close()
            for task in tasks:
                task.cancel()
            for ended in await asyncio.gather(*tasks, return_exceptions=True):
                if isinstance(ended, Exception):
                    logger.error("a websocket failed", exc_info=ended)
            await _close(socket, GOING_AWAY, "")


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
