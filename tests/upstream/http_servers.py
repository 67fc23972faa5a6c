"""Upstreams over HTTP in the test's own event loop: ASGI apps, and servers that write by hand."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import uvicorn
from mcp.server.streamable_http import EventCallback, EventMessage, EventStore
from mcp.types import JSONRPCMessage
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route
from starlette.types import ASGIApp

GRACE_SECONDS = 1
JSON = "application/json"
EVENTS = "text/event-stream"


class _Server(uvicorn.Server):
    """Without uvicorn's own signal handlers, which would take those of the test run."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@asynccontextmanager
async def served(
    app: ASGIApp,
    port: int = 0,
    *,
    grace_seconds: int = GRACE_SECONDS,
    certificate: tuple[str, str] | None = None,
) -> AsyncIterator[str]:
    """An ASGI app on a port; gives the URL of its `/mcp`."""
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        ws="none",
        timeout_graceful_shutdown=grace_seconds,
        ssl_certfile=certificate and certificate[0],
        ssl_keyfile=certificate and certificate[1],
    )
    scheme = "http" if certificate is None else "https"
    with contextlib.closing(_listener(port)) as listener:
        server = _Server(config)
        running = asyncio.create_task(server.serve([listener]), name="upstream")
        try:
            yield f"{scheme}://127.0.0.1:{listener.getsockname()[1]}/mcp"
        finally:
            server.should_exit = True
            await running


def _listener(port: int) -> socket.socket:
    # Asyncio turns Nagle's algorithm off only where the protocol of a socket is spelled out.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", port))
    listener.listen()
    return listener


Answer: TypeAlias = Callable[[Request, dict[str, Any] | None], Awaitable[Response]]
"""Makes the response to a request; the message is None where there is no body."""


async def _unscripted(request: Request, message: dict[str, Any] | None) -> Response:
    raise AssertionError("the test has not said what to answer")


@dataclass
class Scripted:
    """An app whose every answer the test decides, and what it was sent.

    Attributes:
        answer: what it does.
        url: where it is served.
        requests: the requests, with their bodies.
    """

    answer: Answer = _unscripted
    url: str = ""
    requests: list[tuple[Request, str]] = field(default_factory=list)

    def always(self, make: Callable[[], Response]) -> None:
        """Answer everything alike."""

        async def answer(request: Request, message: dict[str, Any] | None) -> Response:
            return make()

        self.answer = answer

    @property
    def app(self) -> Starlette:
        methods = ["GET", "POST", "DELETE"]
        return Starlette(routes=[Route("/mcp", self._handle, methods=methods)])

    @property
    def headers(self) -> list[dict[str, str]]:
        """The headers of each request."""
        return [dict(request.headers) for request, _ in self.requests]

    def methods(self) -> list[str]:
        """The verb, and the JSON-RPC method where there is one, of each request."""
        named = []
        for request, body in self.requests:
            method = json.loads(body).get("method", "answer") if body else ""
            named.append(f"{request.method} {method}".strip())
        return named

    async def _handle(self, request: Request) -> Response:
        body = (await request.body()).decode()
        self.requests.append((request, body))
        return await self.answer(request, json.loads(body) if body else None)


@asynccontextmanager
async def scripted() -> AsyncIterator[Scripted]:
    """A server that does what the test says."""
    script = Scripted()
    async with served(script.app, grace_seconds=0) as script.url:
        yield script


SESSION = "session-1"
INITIALIZED = (
    '{"protocolVersion":"2025-06-18","capabilities":{},"serverInfo":{"name":"s","version":"1"}}'
)


async def no_stream(request: Request, message: dict[str, Any] | None) -> Response:
    """What a server says that has no standalone stream."""
    return Response(status_code=405)


def session_answers(
    call: Answer, listen: Answer = no_stream, session_id: str | None = SESSION
) -> Answer:
    """A server of the legacy era.

    Args:
        call: answers requests other than `initialize`.
        listen: answers GET.
        session_id: of the session that it opens.
    """

    async def answer(request: Request, message: dict[str, Any] | None) -> Response:
        if request.method == "GET":
            return await listen(request, message)
        if message is None:
            return Response(status_code=200)
        if message.get("method") == "initialize":
            opened = json_response(result(message["id"], INITIALIZED))
            if session_id is not None:
                opened.headers["mcp-session-id"] = session_id
            return opened
        if "method" in message and "id" in message:
            return await call(request, message)
        return Response(status_code=202)

    return answer


def result(request_id: Any, result_json: str = "{}") -> str:
    return f'{{"jsonrpc":"2.0","id":{json.dumps(request_id)},"result":{result_json}}}'


def notification(method: str, params_json: str = "{}") -> str:
    return f'{{"jsonrpc":"2.0","method":{json.dumps(method)},"params":{params_json}}}'


def json_response(text: str, status: int = 200, **headers: str) -> Response:
    fields = {name.replace("_", "-"): value for name, value in headers.items()}
    return Response(text, status, fields, media_type=JSON)


def event(text: str, event_id: str = "", retry_ms: int | None = None) -> str:
    lines = [f"id: {event_id}"] if event_id else []
    lines += [] if retry_ms is None else [f"retry: {retry_ms}"]
    return "\n".join([*lines, f"data: {text}", "", ""])


def events_response(*parts: str | bytes, **headers: str) -> Response:
    """An event stream of these parts, which then ends."""

    async def content() -> AsyncIterator[str | bytes]:
        for part in parts:
            yield part

    fields = {name.replace("_", "-"): value for name, value in headers.items()}
    return StreamingResponse(content(), headers=fields, media_type=EVENTS)


@asynccontextmanager
async def by_hand(
    handle: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]],
) -> AsyncIterator[str]:
    """A TCP server that does what the test writes; gives the URL of its `/mcp`."""
    running: set[asyncio.Task[None]] = set()

    async def handled(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        running.add(task)
        try:
            await handle(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            running.discard(task)
            writer.close()

    server = await asyncio.start_server(handled, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/mcp"
        for task in running:
            task.cancel()
        if running:
            await asyncio.wait(running)


async def read_request(reader: asyncio.StreamReader) -> bytes:
    """One HTTP request, head and body."""
    head = await reader.readuntil(b"\r\n\r\n")
    length = next(
        (
            int(line.split(b":")[1])
            for line in head.splitlines()
            if line.lower().startswith(b"content-length:")
        ),
        0,
    )
    return head + await reader.readexactly(length)


async def pour(writer: asyncio.StreamWriter, head: bytes, endless: bytes) -> None:
    """Begin a response, and write the same again and again for as long as anybody reads."""
    writer.write(head)
    while True:
        writer.write(endless)
        await writer.drain()


def free_port() -> int:
    with contextlib.closing(socket.create_server(("127.0.0.1", 0))) as probe:
        port: int = probe.getsockname()[1]
        return port


class KeptEvents(EventStore):
    """The events of an SDK server, for clients that come back."""

    def __init__(self) -> None:
        self._events: list[tuple[str, JSONRPCMessage | None]] = []

    async def store_event(self, stream_id: str, message: JSONRPCMessage | None) -> str:
        self._events.append((stream_id, message))
        return str(len(self._events))

    async def replay_events_after(
        self, last_event_id: str, send_callback: EventCallback
    ) -> str | None:
        stream_id = self._events[int(last_event_id) - 1][0]
        for number, (stream, message) in enumerate(self._events, start=1):
            if stream == stream_id and number > int(last_event_id) and message is not None:
                await send_callback(EventMessage(message, str(number)))
        return stream_id
