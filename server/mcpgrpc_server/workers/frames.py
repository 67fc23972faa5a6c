"""How supervisor and worker speak: frames of a length and a text, over a pair of sockets.

It knows no message. What the supervisor reads is JSON and never more than a bound: a worker runs
the application's code, so its word is data and no program.
"""

from __future__ import annotations

import asyncio
import json
import socket
from typing import Any, Final, TypeAlias

Message: TypeAlias = dict[str, Any]

LENGTH_BYTES: Final = 4
MAX_MESSAGE_BYTES: Final = 1 << 20
"""The largest is a banner, with the names of 20 tools."""


class BrokenFrameError(Exception):
    """What was read is no frame of this protocol."""


def framed(payload: bytes) -> bytes:
    """The payload with its length in front."""
    return len(payload).to_bytes(LENGTH_BYTES, "big") + payload


def framed_message(message: Message) -> bytes:
    """A message as a frame."""
    return framed(json.dumps(message).encode())


async def read_message(reader: asyncio.StreamReader) -> Message | None:
    """The next message; None at the end.

    Raises:
        BrokenFrameError: it is larger than the bound, or no object of JSON.
    """
    try:
        length = int.from_bytes(await reader.readexactly(LENGTH_BYTES), "big")
        if length > MAX_MESSAGE_BYTES:
            raise BrokenFrameError(f"a message of {length} bytes")
        text = await reader.readexactly(length)
    except (asyncio.IncompleteReadError, ConnectionError):
        return None
    try:
        message = json.loads(text)
    except ValueError:
        raise BrokenFrameError("a message that is no JSON") from None
    if not isinstance(message, dict):
        raise BrokenFrameError("a message that is no object")
    return message


def read_payload(connection: socket.socket) -> bytes:
    """The next frame's payload, of whatever size; blocks.

    Raises:
        EOFError: the other end is gone.
    """
    length = int.from_bytes(_exactly(connection, LENGTH_BYTES), "big")
    return _exactly(connection, length)


def _exactly(connection: socket.socket, count: int) -> bytes:
    parts = bytearray()
    while len(parts) < count:
        part = connection.recv(count - len(parts))
        if not part:
            raise EOFError
        parts += part
    return bytes(parts)
