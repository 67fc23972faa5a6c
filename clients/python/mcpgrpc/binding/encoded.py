"""Items as the bytes that they are on the wire, so that each is encoded once and never copied.

It decodes nothing, and holds no schema but the numbers of the fields that wrap an envelope. Wrapped
by protobuf itself, an envelope is copied into its item, and its item into its frame: three deep
copies of every message, where the headers here are six bytes before one.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from itertools import chain
from typing import Final, TypeAlias

from google.protobuf.message import Message

from mcpgrpc.binding.fragments import Piece
from mcpgrpc.v1 import envelope_pb2, mcp_service_pb2, session_pb2

EncodedItem: TypeAlias = tuple[bytes, bytes | memoryview]
"""An item of a frame: the headers around it, and its bytes, which may be large."""

WholeItem: TypeAlias = tuple[bytes, bytes]
"""An item that is no piece of another."""


_SIZES_REMEMBERED: Final = 1024
"""Sizes whose headers are kept: messages of one size have the same."""


def _tag(message: type[Message], field: str) -> bytes:
    """What stands before the length of a field that is a message itself."""
    number = message.DESCRIPTOR.fields_by_name[field].number
    return bytes((number << 3 | 2,))


_ITEM: Final = _tag(mcp_service_pb2.SessionResponse, "items")
_ENVELOPE: Final = _tag(session_pb2.ServerItem, "envelope")
_FRAGMENT: Final = _tag(session_pb2.ServerItem, "fragment")
_DATA: Final = _tag(session_pb2.Fragment, "data")
_RESPONSE: Final = _tag(envelope_pb2.Envelope, "response")


def response_payload(response: bytes) -> bytes:
    """The bytes of the envelope of a response, of its bytes."""
    return _RESPONSE + _varint(len(response)) + response


def response_item(response: bytes) -> WholeItem:
    """The item of a response's bytes, without those of its envelope in between."""
    return _response_headers(len(response)), response


@lru_cache(maxsize=_SIZES_REMEMBERED)
def _response_headers(size_bytes: int) -> bytes:
    header = _RESPONSE + _varint(size_bytes)
    return _envelope_headers(len(header) + size_bytes) + header


def envelope_item(payload: bytes) -> WholeItem:
    """The item of an envelope's bytes, of either side."""
    return _envelope_headers(len(payload)), payload


@lru_cache(maxsize=_SIZES_REMEMBERED)
def _envelope_headers(size_bytes: int) -> bytes:
    header = _ENVELOPE + _varint(size_bytes)
    return _ITEM + _varint(len(header) + size_bytes) + header


def other_item(item: session_pb2.ServerItem) -> WholeItem:
    """An item that is no envelope."""
    payload = item.SerializeToString()
    return _ITEM + _varint(len(payload)), payload


def fragment_item(piece: Piece) -> EncodedItem:
    """The item of a piece, of either side; its data is copied into the frame alone."""
    size_bytes = len(piece.data)
    head = piece.head.SerializeToString() + _DATA + _varint(size_bytes)
    header = _FRAGMENT + _varint(len(head) + size_bytes) + head
    return _ITEM + _varint(len(header) + size_bytes) + header, piece.data


def frame(items: Iterable[EncodedItem]) -> bytes:
    """The bytes of a frame."""
    return b"".join(chain.from_iterable(items))


def _varint(value: int) -> bytes:
    """A length as protobuf writes it: seven bits a byte, the lowest first."""
    if value < 0x80:
        return bytes((value,))
    if value < 0x4000:
        return bytes((value & 0x7F | 0x80, value >> 7))
    return bytes((value & 0x7F | 0x80,)) + _varint(value >> 7)
