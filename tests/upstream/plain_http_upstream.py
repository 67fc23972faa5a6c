"""An MCP server over Streamable HTTP written by hand, of both eras, for tests that kill it.

It runs as a command, without any package, so that it starts in an instant:

    python -S -E plain_http_upstream.py PORT
"""

from __future__ import annotations

import asyncio
import json
import sys
from typing import Any

INFO = {"name": "plain-http", "version": "1.0"}
sessions: set[str] = set()


def head(status: str, **fields: object) -> bytes:
    lines = [f"HTTP/1.1 {status}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in fields.items()]
    return "\r\n".join([*lines, "", ""]).encode()


def whole(body: bytes, status: str = "200 OK", **fields: object) -> bytes:
    said = {"content_type": "application/json", "content_length": len(body), **fields}
    return head(status, **said) + body


def result(message: dict[str, Any], **members: Any) -> bytes:
    answer = {"resultType": "complete", **members}
    return json.dumps({"jsonrpc": "2.0", "id": message["id"], "result": answer}).encode()


async def hold(message: dict[str, Any], writer: asyncio.StreamWriter) -> None:
    """Report progress, and never answer."""
    writer.write(head("200 OK", content_type="text/event-stream"))
    token = message["params"]["_meta"]["progressToken"]
    params = {"progressToken": token, "progress": 1}
    progress = {"jsonrpc": "2.0", "method": "notifications/progress", "params": params}
    writer.write(f"data: {json.dumps(progress)}\n\n".encode())
    await writer.drain()
    await asyncio.get_running_loop().create_future()


def answered(message: dict[str, Any]) -> bytes:
    method = message["method"]
    if method == "server/discover":
        found = {"supportedVersions": ["2026-07-28"], "capabilities": {"tools": {}}}
        meta = {"io.modelcontextprotocol/serverInfo": INFO}
        return whole(result(message, **found, ttlMs=0, cacheScope="private", _meta=meta))
    if method == "initialize":
        session = f"session-{len(sessions)}"
        sessions.add(session)
        found = {"protocolVersion": "2025-11-25", "capabilities": {"tools": {}}}
        return whole(result(message, **found, serverInfo=INFO), mcp_session_id=session)
    if method == "tools/call":
        text = message["params"]["arguments"]["text"]
        return whole(result(message, content=[{"type": "text", "text": text}]))
    return whole(result(message))


async def take(fields: dict[str, str], body: bytes, writer: asyncio.StreamWriter) -> None:
    session = fields.get("mcp-session-id")
    if session is not None and session not in sessions:
        writer.write(whole(b"", "404 Not Found"))
        return
    message = json.loads(body or b"{}")
    if "method" not in message:
        writer.write(whole(b"", "405 Method Not Allowed"))
    elif "id" not in message:
        writer.write(whole(b"", "202 Accepted"))
    elif message.get("params", {}).get("name") == "hold":
        await hold(message, writer)
    else:
        writer.write(answered(message))


async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while True:
            lines = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")[1:-2]
            fields = {
                name.lower(): value for name, value in (line.split(": ", 1) for line in lines)
            }
            body = await reader.readexactly(int(fields.get("content-length", "0")))
            await take(fields, body, writer)
            await writer.drain()
    except (asyncio.IncompleteReadError, ConnectionError):
        writer.close()


async def main() -> None:
    server = await asyncio.start_server(serve, "127.0.0.1", int(sys.argv[1]))
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
