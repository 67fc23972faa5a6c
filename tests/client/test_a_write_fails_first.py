"""A stream whose end the writer meets before the reader: what was not sent goes elsewhere."""

from __future__ import annotations

import asyncio
from typing import Any

from mcp.server import MCPServer

from mcpgrpc import Client
from mcpgrpc.stream.session import SessionStream
from mcpgrpc_server import Server


def adding() -> MCPServer:
    app = MCPServer("adding")

    @app.tool()
    async def add(a: int, b: int) -> int:
        return a + b

    return app


async def test_a_request_after_a_failed_write_waits_for_the_end_and_goes_to_another_stream(
    monkeypatch: Any,
) -> None:
    opened: list[SessionStream] = []
    opening = SessionStream.open

    async def note(stream: SessionStream, *args: Any, **options: Any) -> None:
        await opening(stream, *args, **options)
        opened.append(stream)

    monkeypatch.setattr(SessionStream, "open", note)
    async with Server(adding(), ["127.0.0.1:0"]) as server, Client(server.addresses[0]) as client:
        (first,) = opened
        # As the writer does when gRPC refuses a write; the status is still on its way.
        first._writer.close()
        assert first.accepts_requests
        asking = asyncio.create_task(client.call_tool("add", {"a": 1, "b": 2}))
        done, _ = await asyncio.wait({asking}, timeout=0.1)
        assert not done
        first._call.cancel()
        async with asyncio.timeout(20):
            assert (await asking).content[0].text == "3"
        assert len(opened) == 2
