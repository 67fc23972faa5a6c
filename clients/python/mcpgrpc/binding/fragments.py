"""Envelopes in pieces: cutting large ones, putting received ones together.

It does not decide when a piece is sent; `outbox` does.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from mcpgrpc.binding.kept_memory import keep_memory_of
from mcpgrpc.v1 import session_pb2

LAST = session_pb2.FRAGMENT_STATE_LAST
ABORTED = session_pb2.FRAGMENT_STATE_ABORTED

_LARGE_PIECE_BYTES: Final = 16 * 1024


class FragmentError(ValueError):
    """Pieces that break the binding. It ends the stream: what follows cannot be trusted."""


class Piece(NamedTuple):
    """A piece that is not copied: `head` is its message but for `data`."""

    head: session_pb2.Fragment
    data: memoryview

    def message(self) -> session_pb2.Fragment:
        """The whole of its message."""
        piece = session_pb2.Fragment(data=bytes(self.data))
        piece.MergeFrom(self.head)
        return piece


def cut(fragment_id: int, payload: bytes, piece_bytes: int) -> Iterator[Piece]:
    """The pieces of a serialised envelope, in order; the first says how large the whole is."""
    keep_memory_of(len(payload))
    view = memoryview(payload)
    for start in range(0, len(payload), piece_bytes):
        head = session_pb2.Fragment(fragment_id=fragment_id)
        if start == 0:
            head.total_bytes = len(payload)
        if start + piece_bytes >= len(payload):
            head.state = LAST
        yield Piece(head, view[start : start + piece_bytes])


@dataclass(slots=True)
class _Partial:
    total_bytes: int | None
    size_bytes: int = 0
    parts: list[bytes | bytearray] = field(default_factory=list)

    def append(self, data: bytes) -> None:
        """Keep a piece. A large one is not copied; small ones join, lest each cost an object."""
        self.size_bytes += len(data)
        if len(data) >= _LARGE_PIECE_BYTES:
            self.parts.append(data)
        elif self.parts and isinstance(self.parts[-1], bytearray):
            self.parts[-1] += data
        else:
            self.parts.append(bytearray(data))

    def check_size(self, *, is_whole: bool) -> None:
        if self.total_bytes is None or self.size_bytes == self.total_bytes:
            return
        if is_whole or self.size_bytes > self.total_bytes:
            raise FragmentError(
                f"{self.size_bytes} bytes in pieces; {self.total_bytes} were announced"
            )


class Reassembler:
    """The open pieces of one direction of a stream, bounded in number and in bytes.

    Args:
        max_open: envelopes in pieces at once.
        max_bytes: the largest envelope; all open pieces together may hold twice that.
    """

    def __init__(self, max_open: int, max_bytes: int) -> None:
        self._max_open = max_open
        self._max_bytes = max_bytes
        self._open: dict[int, _Partial] = {}
        self._held_bytes = 0

    def __len__(self) -> int:
        return len(self._open)

    def add(self, piece: session_pb2.Fragment) -> bytes | None:
        """Take a piece; gives the whole envelope's bytes with its last piece.

        Raises:
            FragmentError: too many open, too large, or not of the announced size.
        """
        if piece.state == ABORTED:
            self._forget(piece.fragment_id)
            return None
        partial = self._open.get(piece.fragment_id)
        if partial is None:
            partial = self._begin(piece)
        data = piece.data
        self._check_room(partial.size_bytes + len(data), len(data))
        partial.append(data)
        self._held_bytes += len(data)
        partial.check_size(is_whole=piece.state == LAST)
        if piece.state != LAST:
            return None
        self._forget(piece.fragment_id)
        return b"".join(partial.parts)

    def _forget(self, fragment_id: int) -> None:
        partial = self._open.pop(fragment_id, None)
        if partial is not None:
            self._held_bytes -= partial.size_bytes

    def _begin(self, piece: session_pb2.Fragment) -> _Partial:
        if len(self._open) >= self._max_open:
            raise FragmentError(
                f"more than {self._max_open} envelopes in pieces at once, the limit of this end"
            )
        if piece.total_bytes > self._max_bytes:
            raise FragmentError(
                f"an envelope of {piece.total_bytes} bytes in pieces;"
                f" the limit is {self._max_bytes}"
            )
        keep_memory_of(piece.total_bytes)
        total_bytes = piece.total_bytes if piece.HasField("total_bytes") else None
        partial = self._open[piece.fragment_id] = _Partial(total_bytes)
        return partial

    def _check_room(self, envelope_bytes: int, piece_bytes: int) -> None:
        if envelope_bytes > self._max_bytes:
            raise FragmentError(
                f"an envelope in pieces grew beyond {self._max_bytes} bytes, the limit of this end"
            )
        if self._held_bytes + piece_bytes > 2 * self._max_bytes:
            raise FragmentError(
                f"open pieces hold more than {2 * self._max_bytes} bytes, the limit of this end"
            )
