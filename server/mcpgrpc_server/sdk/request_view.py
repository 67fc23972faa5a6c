"""What a tool sees of the gRPC request, as `ctx.request_context.request` and `ctx.headers`.

It never holds credentials.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import partial

import anyio

from mcpgrpc.binding.ids import Id
from mcpgrpc.v1 import envelope_pb2
from mcpgrpc_server.backend import Client
from mcpgrpc_server.caller import RequestHeaders
from mcpgrpc_server.identity import Identity
from mcpgrpc_server.sdk import internals


@dataclass(frozen=True, slots=True)
class GrpcRequest:
    """The gRPC side of an MCP request.

    Attributes:
        headers: the RPC's metadata overlaid by a door's headers, lower case, without credentials;
            `mcp-protocol-version` is always among them.
        identity: who calls.
        peer: the transport's address of the caller, as gRPC names it.
    """

    headers: Mapping[str, str]
    identity: Identity
    peer: str


class RequestView:
    """The transport's side of one message, as the SDK's own types have it; each made when asked.

    Args:
        client: who sent it. Its caller is the one of this moment: a stream's identity can be
            renewed while the message is handled.
        door: what a door said about the message.
        request_id: its id; None for a notification.
        protocol_version: the revision that it is handled at.
        is_legacy: whether its era lets the server ask the client something.
    """

    __slots__ = ("_client", "_door", "can_send_request", "close_request_stream", "request")

    def __init__(
        self,
        client: Client,
        door: envelope_pb2.DoorContext | None,
        request_id: Id | None,
        protocol_version: str,
        *,
        is_legacy: bool,
    ) -> None:
        caller = client.caller
        self._client = client
        self._door = door
        self.can_send_request = (
            is_legacy
            and client.takes_requests
            and not (door is not None and door.refuses_server_requests)
        )
        self.request = GrpcRequest(
            RequestHeaders(caller, door, protocol_version), caller.identity, caller.peer
        )
        self.close_request_stream = _closer_of_request_stream(client, door, request_id)

    @property
    def close_standalone_stream(self) -> Callable[[], Awaitable[None]] | None:
        """Ends the standalone SSE stream of the door; None where there is none."""
        if self._door is None or not self._door.can_close_standalone_stream:
            return None
        return partial(_as_async, self._client.close_standalone_stream)

    def transport(self) -> internals.TransportContext:
        """The SDK's view of the transport."""
        return internals.TransportContext(
            kind="grpc", can_send_request=self.can_send_request, headers=self.request.headers
        )

    def metadata(self) -> internals.ServerMessageMetadata:
        """The SDK's carrier of what belongs to the message."""
        return internals.ServerMessageMetadata(
            request_context=self.request,
            close_sse_stream=self.close_request_stream,
            close_standalone_sse_stream=self.close_standalone_stream,
            can_send_request=self.can_send_request,
        )


def _closer_of_request_stream(
    client: Client, door: envelope_pb2.DoorContext | None, request_id: Id | None
) -> Callable[[], Awaitable[None]] | None:
    if door is None or not door.can_close_request_stream or request_id is None:
        return None
    return partial(_as_async, partial(client.close_request_stream, request_id))


async def _as_async(signal: Callable[[], None]) -> None:
    signal()
    await anyio.lowlevel.checkpoint()
