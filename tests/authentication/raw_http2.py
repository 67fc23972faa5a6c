"""Metadata that no gRPC client sends: one request by hand, in bare HTTP/2.

It reads no more of the answer than its gRPC status.
"""

from __future__ import annotations

import asyncio
import re
from typing import Final

from tests.wire.raw import MAX_SECONDS

PREFACE: Final = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
SETTINGS, HEADERS, CONTINUATION, DATA = 4, 1, 9, 0
END_STREAM, END_HEADERS = 1, 4
MAX_FRAME_BYTES: Final = 16_384

Header = tuple[bytes, bytes]


async def status_of(target: str, method: str, *metadata: Header) -> int:
    """Open an RPC with this metadata and no message; gives its gRPC status number."""
    host, _, port = target.rpartition(":")
    async with asyncio.timeout(MAX_SECONDS):
        reader, writer = await asyncio.open_connection(host, int(port))
        try:
            writer.write(PREFACE + _frame(SETTINGS, 0, 0, b"") + _request(method, metadata))
            return await _status(reader)
        finally:
            writer.close()
            await writer.wait_closed()


async def _status(reader: asyncio.StreamReader) -> int:
    answer = b""
    while True:
        received = await reader.read(65_536)
        assert received, f"the connection ended without a status: {answer!r}"
        answer += received
        # A literal in HPACK: the name, the length of the value in one byte, the value.
        found = re.search(rb"grpc-status[\x01\x02](\d{1,2})", answer)
        if found:
            return int(found[1])


def _request(method: str, metadata: tuple[Header, ...]) -> bytes:
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
    return b"".join(frames) + _frame(DATA, END_STREAM, 1, b"")


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
