"""What no gRPC client sends, and what it sends too early: one RPC by hand, in bare HTTP/2.

It reads no more of the answer than how the RPC ended.
"""

from __future__ import annotations

import asyncio
from typing import Final
from urllib.parse import unquote

from tests.wire.raw import MAX_SECONDS

PREFACE: Final = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
SETTINGS, HEADERS, CONTINUATION, DATA = 4, 1, 9, 0
END_STREAM, END_HEADERS = 1, 4
FRAME_HEADER_BYTES: Final = 9
MAX_FRAME_BYTES: Final = 16_384

Header = tuple[bytes, bytes]


async def status_of(target: str, method: str, *metadata: Header) -> int:
    """Open an RPC with this metadata and no message; gives its gRPC status number."""
    return (await ending_of_rpc(target, method, *metadata))[0]


async def ending_of_rpc(
    target: str, method: str, *metadata: Header, message: bytes | None = None
) -> tuple[int, str]:
    """Open an RPC with this metadata, its only message in the same packet; gives status and words.

    The message is there before the server can have refused anything.
    """
    host, _, port = target.rpartition(":")
    async with asyncio.timeout(MAX_SECONDS):
        reader, writer = await asyncio.open_connection(host, int(port))
        try:
            data = b"" if message is None else b"\0" + len(message).to_bytes(4) + message
            writer.write(PREFACE + _frame(SETTINGS, 0, 0, b"") + _request(method, metadata, data))
            trailers = await _trailers(reader)
            return int(_value(trailers, b"grpc-status")), unquote(_value(trailers, b"grpc-message"))
        finally:
            writer.close()
            await writer.wait_closed()


async def _trailers(reader: asyncio.StreamReader) -> bytes:
    """The block of header fields that ends the RPC."""
    while True:
        header = await reader.readexactly(FRAME_HEADER_BYTES)
        payload = await reader.readexactly(int.from_bytes(header[:3]))
        if header[3] == HEADERS and header[4] & END_STREAM:
            return payload


def _value(block: bytes, name: bytes) -> str:
    """The value of a literal in HPACK: the name, the length of the value, the value."""
    _, found, rest = block.partition(name)
    if not found:
        return ""
    length, at = rest[0], 1
    shift = 0
    while length >= 127 and (at == 1 or rest[at - 1] & 128):
        length += (rest[at] & 127) << shift
        shift += 7
        at += 1
    return rest[at : at + length].decode()


def _request(method: str, metadata: tuple[Header, ...], data: bytes) -> bytes:
    headers: list[Header] = [
        (b":method", b"POST"),
        (b":scheme", b"http"),
        (b":path", method.encode()),
        (b":authority", b"test"),
        (b"content-type", b"application/grpc"),
        (b"te", b"trailers"),
        *metadata,
    ]
    block = b"".join(_literal(name) + _length(value) + value for name, value in headers)
    parts = [block[at : at + MAX_FRAME_BYTES] for at in range(0, len(block), MAX_FRAME_BYTES)]
    frames = [
        _frame(
            HEADERS if number == 0 else CONTINUATION,
            END_HEADERS if number == len(parts) - 1 else 0,
            1,
            part,
        )
        for number, part in enumerate(parts)
    ]
    return b"".join(frames) + _frame(DATA, END_STREAM, 1, data)


def _literal(name: bytes) -> bytes:
    """The name of a header field without indexing."""
    return b"\0" + _length(name) + name


def _length(text: bytes) -> bytes:
    """HPACK's integer with a prefix of seven bits."""
    left = len(text) - 127
    if left < 0:
        return bytes([len(text)])
    digits = [127]
    while left >= 128:
        digits.append(left % 128 + 128)
        left //= 128
    return bytes([*digits, left])


def _frame(kind: int, flags: int, stream: int, payload: bytes) -> bytes:
    return len(payload).to_bytes(3) + bytes([kind, flags]) + stream.to_bytes(4) + payload
