"""Carriers under test, what they tell their inbox, and requests for them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from dataclasses import dataclass, field
from typing import Any

import httpx2

from mcpgrpc.binding import ids
from mcpgrpc.binding.ids import Id
from mcpgrpc.stream.carrier import Exchange, Reply
from mcpgrpc.v1 import envelope_pb2
from mcpgrpc_server.upstream.http.call_carrier import HttpCallCarrier
from mcpgrpc_server.upstream.http.client import open_http_client
from mcpgrpc_server.upstream.http.session_carrier import HttpSessionCarrier

WAIT_SECONDS = 20
NAME = "files"
MODERN = "2026-07-28"
LEGACY = "2025-11-25"
META = {
    "io.modelcontextprotocol/protocolVersion": MODERN,
    "io.modelcontextprotocol/clientInfo": {"name": "host", "version": "1"},
    "io.modelcontextprotocol/clientCapabilities": {},
}


@dataclass
class Heard:
    """An inbox that keeps what it is told, in order."""

    notifications: asyncio.Queue[tuple[str, Any, Id | None]] = field(default_factory=asyncio.Queue)
    asked: asyncio.Queue[tuple[envelope_pb2.Envelope, Reply]] = field(default_factory=asyncio.Queue)
    withdrawn: asyncio.Queue[Id] = field(default_factory=asyncio.Queue)
    over: list[Exception | None] = field(default_factory=list)
    session_ended: asyncio.Event = field(default_factory=asyncio.Event)
    streams_closed: list[Id] = field(default_factory=list)
    stream_closed: asyncio.Event = field(default_factory=asyncio.Event)
    standalone_closed: asyncio.Event = field(default_factory=asyncio.Event)
    room: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.room.set()

    def notification(self, envelope: envelope_pb2.Envelope, related: Id | None) -> None:
        said = envelope.notification
        assert related == _related(envelope)
        params = json.loads(said.params_json) if said.params_json else None
        self.notifications.put_nowait((said.method, params, related))

    def request(self, envelope: envelope_pb2.Envelope, reply: Reply) -> None:
        self.asked.put_nowait((envelope, reply))

    def request_cancelled(self, request_id: Id) -> None:
        self.withdrawn.put_nowait(request_id)

    async def caught_up(self) -> None:
        await self.room.wait()

    def session_over(self, error: Exception | None) -> None:
        self.over.append(error)
        self.session_ended.set()

    def request_stream_close(self, request_id: Id) -> None:
        self.streams_closed.append(request_id)
        self.stream_closed.set()

    def standalone_stream_close(self) -> None:
        self.standalone_closed.set()

    async def next(self, method: str) -> tuple[Any, Id | None]:
        """The next notification, which must be this one: its params, and what it belongs to."""
        async with asyncio.timeout(WAIT_SECONDS):
            heard, params, related = await self.notifications.get()
        assert heard == method
        return params, related


def _related(envelope: envelope_pb2.Envelope) -> Id | None:
    if not envelope.HasField("related_request_id"):
        return None
    return ids.from_message(envelope.related_request_id)


def request(request_id: Id, method: str, params: Any = None) -> Exchange:
    """A request as its params stand; a string is their text."""
    text = params if isinstance(params, str) or params is None else json.dumps(params)
    message = envelope_pb2.JsonRpcRequest(
        id=ids.to_message(request_id), method=method, params_json=text
    )
    return Exchange(envelope_pb2.Envelope(request=message))


def modern(request_id: Id, method: str, **params: Any) -> Exchange:
    meta = META | params.pop("_meta", {})
    return request(request_id, method, {**params, "_meta": meta})


def call(
    request_id: Id, tool: str, _meta: dict[str, Any] | None = None, **arguments: Any
) -> Exchange:
    """A `tools/call` of the legacy era."""
    params: dict[str, Any] = {"name": tool, "arguments": arguments}
    return request(request_id, "tools/call", params | ({} if _meta is None else {"_meta": _meta}))


def call_modern(
    request_id: Id, tool: str, _meta: dict[str, Any] | None = None, **arguments: Any
) -> Exchange:
    return modern(request_id, "tools/call", name=tool, arguments=arguments, _meta=_meta or {})


def initialize(request_id: Id = 1, **capabilities: Any) -> Exchange:
    params = {
        "protocolVersion": LEGACY,
        "capabilities": capabilities,
        "clientInfo": {"name": "host", "version": "1"},
    }
    return request(request_id, "initialize", params)


def said(method: str, params: Any = None) -> envelope_pb2.Envelope:
    """A notification of the client."""
    text = None if params is None else json.dumps(params)
    notification = envelope_pb2.JsonRpcNotification(method=method, params_json=text)
    return envelope_pb2.Envelope(notification=notification)


def text_of(answer: envelope_pb2.Envelope) -> str:
    """The text that a tool gave."""
    assert answer.response.WhichOneof("outcome") == "result_json", answer
    text: str = json.loads(answer.response.result_json)["content"][0]["text"]
    return text


@asynccontextmanager
async def calling(
    url: str,
    inbox: Heard,
    headers: Mapping[str, str] | None = None,
    client: httpx2.AsyncClient | None = None,
    **bounds: Any,
) -> AsyncIterator[HttpCallCarrier]:
    """A carrier of the modern era."""
    async with _client(client) as used:
        carrier = HttpCallCarrier(NAME, url, headers or {}, inbox, used, **bounds)
        await carrier.open()
        try:
            async with asyncio.timeout(WAIT_SECONDS):
                yield carrier
        finally:
            await carrier.close()


@asynccontextmanager
async def unbegun(
    url: str,
    inbox: Heard,
    headers: Mapping[str, str] | None = None,
    client: httpx2.AsyncClient | None = None,
    **bounds: Any,
) -> AsyncIterator[HttpSessionCarrier]:
    """A carrier of the legacy era, before the handshake."""
    async with _client(client) as used:
        carrier = HttpSessionCarrier(NAME, url, headers or {}, inbox, used, **bounds)
        await carrier.open()
        try:
            async with asyncio.timeout(WAIT_SECONDS):
                yield carrier
        finally:
            await carrier.close()


def _client(
    client: httpx2.AsyncClient | None,
) -> AbstractAsyncContextManager[httpx2.AsyncClient]:
    return open_http_client() if client is None else nullcontext(client)


@asynccontextmanager
async def session(
    url: str, inbox: Heard, *, capabilities: dict[str, Any] | None = None, **bounds: Any
) -> AsyncIterator[HttpSessionCarrier]:
    """A carrier of the legacy era with a session."""
    async with unbegun(url, inbox, **bounds) as carrier:
        answer = await carrier.exchange(initialize(**(capabilities or {})))
        assert answer.response.WhichOneof("outcome") == "result_json", answer
        await carrier.notify(said("notifications/initialized"))
        yield carrier
