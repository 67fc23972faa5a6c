"""A client that sends requests and never reads an answer, written by hand on the generated stubs.

No client of ours can be made to behave so: they keep the window that the server announces.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from typing import Any, Final

import grpc

from mcpgrpc.v1 import envelope_pb2, mcp_service_pb2, session_pb2

SESSION: Final = "/mcpgrpc.v1.McpService/Session"
ITEMS_PER_FRAME: Final = 32
META: Final = {
    "io.modelcontextprotocol/protocolVersion": "2026-07-28",
    "io.modelcontextprotocol/clientInfo": {"name": "never-reads", "version": "1"},
    "io.modelcontextprotocol/clientCapabilities": {},
}


class NeverReading:
    """Opens a stream, sends, and leaves it alone; the stream stays open until the next command."""

    def __init__(self, target: str, options: dict[str, Any]) -> None:
        del options
        # A connection of its own for each stream, so that none inherits the window of the last.
        self._target = target
        self._open: tuple[grpc.aio.Channel, Any] | None = None

    async def __call__(self, command: dict[str, Any]) -> dict[str, Any]:
        """Send `requests` for texts of `size`, at most for `seconds`; 0 requests closes alone.

        Where the server stops reading, fewer are sent than asked; the figures say how many.
        """
        await self._close()
        if not command["requests"]:
            return {"sent": 0, "seconds": 0.0}
        channel = grpc.aio.insecure_channel(
            self._target, options=(("grpc.use_local_subchannel_pool", 1),)
        )
        serialize = mcp_service_pb2.SessionRequest.SerializeToString
        rpc: Any = channel.stream_stream(SESSION, request_serializer=serialize)()
        self._open = channel, rpc
        began = time.perf_counter()
        sent = 0
        with contextlib.suppress(TimeoutError, grpc.aio.AioRpcError):
            async with asyncio.timeout(command["seconds"]):
                while sent < command["requests"]:
                    await rpc.write(_frame(sent, command["size"]))
                    sent += ITEMS_PER_FRAME
        return {"sent": sent, "seconds": time.perf_counter() - began}

    async def _close(self) -> None:
        if self._open is None:
            return
        channel, rpc = self._open
        self._open = None
        rpc.cancel()
        await channel.close()


def _frame(first: int, size: int) -> mcp_service_pb2.SessionRequest:
    items = [_item(number, size) for number in range(first, first + ITEMS_PER_FRAME)]
    return mcp_service_pb2.SessionRequest(items=items)


def _item(number: int, size: int) -> session_pb2.ClientItem:
    arguments = {"size": size, "number": number}
    request = envelope_pb2.JsonRpcRequest(
        id=envelope_pb2.RequestId(integer=number),
        method="tools/call",
        params_json=json.dumps({"name": "text", "arguments": arguments, "_meta": META}),
    )
    return session_pb2.ClientItem(envelope=envelope_pb2.Envelope(request=request))
