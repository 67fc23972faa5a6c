"""A server that does whatever a script says: the peer that misbehaves is the subject here.

It keeps none of the binding's rules by itself.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import grpc

from mcpgrpc.binding.limits import Limits
from mcpgrpc.v1 import envelope_pb2, mcp_service_pb2, mcp_service_pb2_grpc, session_pb2


@dataclass
class Peer:
    """One Session at the fake server."""

    frames: AsyncIterator[mcp_service_pb2.SessionRequest]
    context: Any
    number: int
    metadata: dict[str, str | bytes]

    async def send(self, *items: session_pb2.ServerItem) -> None:
        """One frame."""
        await self.context.write(mcp_service_pb2.SessionResponse(items=items))

    async def settings(self, limits: Limits | None = None) -> None:
        """The Settings of these limits, or of the defaults."""
        settings = (limits or Limits()).settings()
        await self.send(session_pb2.ServerItem(settings=settings))

    async def requests(self) -> AsyncIterator[envelope_pb2.JsonRpcRequest]:
        """The client's requests that came whole."""
        async for frame in self.frames:
            for item in frame.items:
                if item.envelope.WhichOneof("message") == "request":
                    yield item.envelope.request

    async def request(self) -> envelope_pb2.JsonRpcRequest:
        """The next of them."""
        return await anext(self.requests())

    async def answer(self, request_id: envelope_pb2.RequestId, result_json: str) -> None:
        await self.send(result_item(request_id, result_json))

    async def go_away(self, accepted_requests: int) -> None:
        away = session_pb2.GoAway(
            reason=session_pb2.GO_AWAY_REASON_SHUTDOWN, accepted_requests=accepted_requests
        )
        await self.send(session_pb2.ServerItem(go_away=away))

    async def for_ever(self) -> None:
        """Until the client ends the stream."""
        async for _ in self.frames:
            pass
        await asyncio.Event().wait()


def result_item(request_id: envelope_pb2.RequestId, result_json: str) -> session_pb2.ServerItem:
    response = envelope_pb2.JsonRpcResponse(id=request_id, result_json=result_json)
    return session_pb2.ServerItem(envelope=envelope_pb2.Envelope(response=response))


Script: TypeAlias = Callable[[Peer], Awaitable[None]]
CallScript: TypeAlias = Callable[[mcp_service_pb2.CallRequest, Any], Awaitable[None]]


@dataclass
class FakeServer(mcp_service_pb2_grpc.McpServiceServicer):
    """Runs a script for each Session, and another for each Call."""

    script: Script | None = None
    call_script: CallScript | None = None
    address: str = ""
    sessions: int = 0
    calls: int = 0
    metadata: list[dict[str, Any]] = field(default_factory=list)

    async def Session(  # type: ignore[override]  # noqa: N802  # the stub types both sync and aio
        self, request_iterator: AsyncIterator[mcp_service_pb2.SessionRequest], context: Any
    ) -> None:
        assert self.script is not None
        self.sessions += 1
        metadata = dict(context.invocation_metadata())
        self.metadata.append(metadata)
        await self.script(Peer(request_iterator, context, self.sessions, metadata))

    async def Call(  # type: ignore[override]  # noqa: N802  # the stub types both sync and aio
        self, request: mcp_service_pb2.CallRequest, context: Any
    ) -> None:
        assert self.call_script is not None
        self.calls += 1
        self.metadata.append(dict(context.invocation_metadata()))
        await self.call_script(request, context)


@asynccontextmanager
async def fake_server(
    script: Script | None = None, call_script: CallScript | None = None
) -> AsyncIterator[FakeServer]:
    """Serve the scripts on a free port."""
    fake = FakeServer(script, call_script)
    options = [("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1)]
    server = grpc.aio.server(options=options)
    mcp_service_pb2_grpc.add_McpServiceServicer_to_server(fake, server)
    fake.address = f"127.0.0.1:{server.add_insecure_port('127.0.0.1:0')}"
    await server.start()
    try:
        yield fake
    finally:
        await server.stop(None)
