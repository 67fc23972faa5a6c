"""A Session and a Call by hand: items out, items in, every wait bounded.

It checks nothing by itself; what the server sent is there for the test to judge.
"""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Self, TypeAlias

import grpc
from google.rpc import error_details_pb2, status_pb2

from mcpgrpc.binding import ids
from mcpgrpc.v1 import envelope_pb2, mcp_service_pb2, mcp_service_pb2_grpc, session_pb2
from mcpgrpc_server import Server

MAX_SECONDS: Final = 10.0
LOCAL_CONNECTION: Final = (("grpc.use_local_subchannel_pool", 1),)

MODERN_VERSION: Final = "2026-07-28"
META: Final[dict[str, Any]] = {
    "io.modelcontextprotocol/protocolVersion": MODERN_VERSION,
    "io.modelcontextprotocol/clientInfo": {"name": "raw", "version": "1"},
    "io.modelcontextprotocol/clientCapabilities": {},
}
INITIALIZE: Final[dict[str, Any]] = {
    "protocolVersion": "2025-11-25",
    "capabilities": {"elicitation": {}, "roots": {}, "sampling": {}},
    "clientInfo": {"name": "raw", "version": "1"},
}

Id: TypeAlias = str | int
Serve: TypeAlias = Callable[..., Awaitable[Server]]
OpenSession: TypeAlias = Callable[..., Awaitable["RawSession"]]


@dataclass(frozen=True)
class Ending:
    """How an RPC ended."""

    code: grpc.StatusCode
    details: str
    reason: str
    execution: str
    trailers: tuple[tuple[str, str | bytes], ...] = ()


def within(awaitable: Awaitable[Any], seconds: float = MAX_SECONDS) -> Awaitable[Any]:
    """Bound a wait."""
    return asyncio.wait_for(awaitable, seconds)


def modern(params: Mapping[str, Any] | None = None, **meta: Any) -> str:
    """Params as JSON text, with the envelope of 2026-07-28."""
    return json.dumps({**(params or {}), "_meta": {**META, **meta}})


def request(
    request_id: Id | None, method: str, params_json: str | None = None
) -> envelope_pb2.Envelope:
    """A request; None leaves the id out."""
    message = envelope_pb2.JsonRpcRequest(method=method, params_json=params_json)
    if request_id is not None:
        message.id.CopyFrom(ids.to_message(request_id))
    return envelope_pb2.Envelope(request=message)


def tool(request_id: Id, name: str, arguments: Mapping[str, Any] | None = None, **meta: Any) -> Any:
    """A modern `tools/call`."""
    params = {"name": name, "arguments": dict(arguments or {})}
    return request(request_id, "tools/call", modern(params, **meta))


def notification(method: str, params: Mapping[str, Any] | None = None) -> envelope_pb2.Envelope:
    """A notification."""
    text = None if params is None else json.dumps(params)
    return envelope_pb2.Envelope(
        notification=envelope_pb2.JsonRpcNotification(method=method, params_json=text)
    )


def cancelled(request_id: Id) -> envelope_pb2.Envelope:
    """The cancellation of a request."""
    return notification("notifications/cancelled", {"requestId": request_id})


def client_item(what: Any) -> session_pb2.ClientItem:
    """An envelope, piece or Settings as an item of the client."""
    if isinstance(what, session_pb2.ClientItem):
        return what
    return session_pb2.ClientItem(**{type(what).__name__.lower(): what})


def text_of(response: envelope_pb2.JsonRpcResponse) -> str:
    """The text of a tool's result."""
    content = json.loads(response.result_json)["content"]
    return "".join(block["text"] for block in content)


class RawSession:
    """One Session stream.

    Args:
        channel: its connection.
        metadata: what it opens with.
    """

    def __init__(
        self, channel: grpc.aio.Channel, metadata: tuple[tuple[str, str], ...] = ()
    ) -> None:
        self.channel = channel
        raw = channel.stream_stream(
            "/mcpgrpc.v1.McpService/Session",
            request_serializer=_serialize,
            response_deserializer=mcp_service_pb2.SessionResponse.FromString,
        )
        self.rpc: Any = raw(metadata=metadata)
        self.seen: list[session_pb2.ServerItem] = []
        """Every item that was read, in the order of the wire."""
        self.frames: list[int] = []
        """How many items each frame had that was read."""
        self._unread: deque[session_pb2.ServerItem] = deque()

    async def send(self, *what: Any) -> None:
        """Write one frame of envelopes, pieces, Settings and items, in this order."""
        frame = mcp_service_pb2.SessionRequest(items=[client_item(each) for each in what])
        await within(self.rpc.write(frame))

    async def send_bytes(self, frame: bytes) -> None:
        """Write one gRPC message that may be no frame at all."""
        await within(self.rpc.write(frame))

    async def half_close(self) -> None:
        """Send nothing more."""
        await within(self.rpc.done_writing())

    def cancel(self) -> None:
        """Give the RPC up."""
        self.rpc.cancel()

    async def frame(self) -> list[session_pb2.ServerItem] | None:
        """The items of the next frame, none for a keep-alive; None when the stream has ended."""
        message = await within(self.rpc.read())
        if message is grpc.aio.EOF:
            return None
        self.frames.append(len(message.items))
        return list(message.items)

    async def item(self) -> session_pb2.ServerItem | None:
        """The next item; None when the stream has ended."""
        while not self._unread:
            items = await self.frame()
            if items is None:
                return None
            self._unread.extend(items)
        item = self._unread.popleft()
        self.seen.append(item)
        return item

    async def next(self, kind: str) -> Any:
        """The next item of a kind, passing over others."""
        while True:
            item = await self.item()
            assert item is not None, f"the stream ended before {kind}"
            if item.WhichOneof("item") == kind:
                return getattr(item, kind)

    async def envelope(self) -> envelope_pb2.Envelope:
        """The next envelope."""
        envelope = await self.next("envelope")
        assert isinstance(envelope, envelope_pb2.Envelope)
        return envelope

    async def response(self, request_id: Id | None) -> envelope_pb2.JsonRpcResponse:
        """The response to a request, passing over everything else."""
        while True:
            envelope = await self.envelope()
            if envelope.WhichOneof("message") != "response":
                continue
            if ids.from_message(envelope.response.id) == request_id:
                return envelope.response

    async def responses(self, count: int) -> list[envelope_pb2.JsonRpcResponse]:
        """The next responses in the order of the wire."""
        found: list[envelope_pb2.JsonRpcResponse] = []
        while len(found) < count:
            envelope = await self.envelope()
            if envelope.WhichOneof("message") == "response":
                found.append(envelope.response)
        return found

    async def ask(
        self, request_id: Id, method: str, params_json: str | None = None
    ) -> envelope_pb2.JsonRpcResponse:
        """Send a request alone and wait for its response."""
        await self.send(request(request_id, method, params_json))
        return await self.response(request_id)

    async def call(
        self, request_id: Id, name: str, arguments: Mapping[str, Any] | None = None
    ) -> envelope_pb2.JsonRpcResponse:
        """Call a tool with a modern request."""
        await self.send(tool(request_id, name, arguments))
        return await self.response(request_id)

    async def initialize(self) -> None:
        """The handshake of the legacy era."""
        response = await self.ask("init", "initialize", json.dumps(INITIALIZE))
        assert response.WhichOneof("outcome") == "result_json", response
        await self.send(notification("notifications/initialized"))

    async def question(self) -> envelope_pb2.Envelope:
        """The next request of the server."""
        while True:
            envelope = await self.envelope()
            if envelope.WhichOneof("message") == "request":
                return envelope

    async def answer(self, question: envelope_pb2.Envelope, result: Mapping[str, Any]) -> None:
        """Answer a request of the server."""
        response = envelope_pb2.JsonRpcResponse(
            id=question.request.id, result_json=json.dumps(result)
        )
        await self.send(envelope_pb2.Envelope(response=response))

    async def ending(self, seconds: float = MAX_SECONDS) -> Ending:
        """Read to the end and say how it ended."""
        async with asyncio.timeout(seconds):
            try:
                while await self.item() is not None:
                    pass
            except grpc.aio.AioRpcError:
                pass
            return await ending_of(self.rpc)


class RawCalls:
    """Call RPCs on a connection of their own."""

    async def __aenter__(self) -> Self:
        self._channels: list[grpc.aio.Channel] = []
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        for channel in self._channels:
            await channel.close()

    def start(
        self,
        server: Server,
        envelope: envelope_pb2.Envelope,
        *,
        timeout: float | None = MAX_SECONDS,
        pairs: Iterable[tuple[str, str]] = (),
        **metadata: str,
    ) -> Any:
        """Begin a Call; gives gRPC's own object. Pairs are metadata that may stand twice."""
        channel = grpc.aio.insecure_channel(server.addresses[0], options=LOCAL_CONNECTION)
        self._channels.append(channel)
        message = mcp_service_pb2.CallRequest(request=envelope.request)
        named = tuple((name.replace("_", "-"), value) for name, value in metadata.items())
        stub: Any = mcp_service_pb2_grpc.McpServiceStub(channel)
        return stub.Call(message, timeout=timeout, metadata=(*named, *pairs))

    async def finish(self, rpc: Any) -> tuple[list[mcp_service_pb2.CallResponse], Ending]:
        """Read a Call to its end."""
        messages = []
        async with asyncio.timeout(MAX_SECONDS):
            try:
                while (message := await rpc.read()) is not grpc.aio.EOF:
                    messages.append(message)
            except grpc.aio.AioRpcError:
                pass
            return messages, await ending_of(rpc)

    async def run(
        self, server: Server, envelope: envelope_pb2.Envelope, **options: Any
    ) -> tuple[list[mcp_service_pb2.CallResponse], Ending]:
        """A whole Call."""
        return await self.finish(self.start(server, envelope, **options))


async def ending_of(rpc: Any) -> Ending:
    """The status of an RPC that has ended."""
    trailers = tuple(await rpc.trailing_metadata() or ())
    reason, execution = "", ""
    for key, value in trailers:
        if key == "grpc-status-details-bin":
            info = error_details_pb2.ErrorInfo()
            status_pb2.Status.FromString(value).details[0].Unpack(info)
            assert info.domain == "mcpgrpc"
            reason, execution = info.reason, info.metadata["execution"]
    return Ending(await rpc.code(), await rpc.details(), reason, execution, trailers)


def _serialize(frame: mcp_service_pb2.SessionRequest | bytes) -> bytes:
    return frame if isinstance(frame, bytes) else frame.SerializeToString()
