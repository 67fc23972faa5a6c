"""Items as the bytes that they are on the wire, so that each is encoded once and never copied.

It decodes nothing, and holds no schema but the numbers of the fields that wrap an envelope. Wrapped
by protobuf itself, an envelope is copied into its item, and its item into its frame: three deep
copies of every message, where the headers here are six bytes before one.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, TypeAlias

from google.protobuf.message import Message

from mcpgrpc.v1 import envelope_pb2, mcp_service_pb2, session_pb2

EncodedItem: TypeAlias = tuple[bytes, bytes]
"""An item of a frame: the headers around it, and its bytes, which may be large."""


def _tag(message: type[Message], field: str) -> bytes:
    """What stands before the length of a field that is a message itself."""
    number = message.DESCRIPTOR.fields_by_name[field].number
    return bytes((number << 3 | 2,))


_ITEM: Final = _tag(mcp_service_pb2.SessionResponse, "items")
_ENVELOPE: Final = _tag(session_pb2.ServerItem, "envelope")
_RESPONSE: Final = _tag(envelope_pb2.Envelope, "response")


def response_payload(response: envelope_pb2.JsonRpcResponse) -> bytes:
    """The bytes of the envelope of a response."""
    payload = response.SerializeToString()
    return _RESPONSE + _varint(len(payload)) + payload


def envelope_item(payload: bytes) -> EncodedItem:
    """The item of an envelope's bytes, of either side."""
    header = _ENVELOPE + _varint(len(payload))
    return _ITEM + _varint(len(header) + len(payload)) + header, payload


def other_item(item: session_pb2.ServerItem) -> EncodedItem:
    """An item that is no envelope."""
    payload = item.SerializeToString()
    return _ITEM + _varint(len(payload)), payload


def fragment_item(piece: session_pb2.Fragment) -> EncodedItem:
    """The item of a piece, of the server's side."""
    return other_item(session_pb2.ServerItem(fragment=piece))


def frame(items: Iterable[EncodedItem]) -> bytes:
    """The bytes of a frame."""
    return b"".join([part for item in items for part in item])


def _varint(value: int) -> bytes:
    """A length as protobuf writes it: seven bits a byte, the lowest first."""
    if value < 0x80:
        return bytes((value,))
    if value < 0x4000:
        return bytes((value & 0x7F | 0x80, value >> 7))
    return bytes((value & 0x7F | 0x80,)) + _varint(value >> 7)
