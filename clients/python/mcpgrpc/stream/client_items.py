"""The client's frames as bytes, and the RPC that takes them as they are.

It encodes nothing but what is no envelope; `binding.encoded` says why nothing is left to protobuf.
"""

from __future__ import annotations

from typing import Any, Final

import grpc

from mcpgrpc.binding import encoded
from mcpgrpc.binding.encoded import WholeItem
from mcpgrpc.v1 import envelope_pb2, mcp_service_pb2, session_pb2

_SERVICE: Final = mcp_service_pb2.DESCRIPTOR.services_by_name["McpService"]


def session_rpc(channel: grpc.aio.Channel) -> Any:
    """`Session` for frames that are bytes already; called and read as the stub's."""
    return channel.stream_stream(
        f"/{_SERVICE.full_name}/Session",
        request_serializer=None,
        response_deserializer=mcp_service_pb2.SessionResponse.FromString,
    )


def envelope_item(envelope: envelope_pb2.Envelope) -> WholeItem:
    """The item of an envelope."""
    return encoded.envelope_item(envelope.SerializeToString())


def other_item(item: session_pb2.ClientItem) -> WholeItem:
    """An item that is no envelope: a frame of its own, and frames that are joined are one."""
    return b"", mcp_service_pb2.SessionRequest(items=[item]).SerializeToString()
