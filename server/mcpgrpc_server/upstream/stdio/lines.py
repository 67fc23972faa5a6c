"""The bytes of a pipe as lines, in bounded memory.

It does not read a pipe nor judge what a line means. Of a line beyond the bound its beginning, its
end and its length are kept, which is what there is to judge it by.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, TypeAlias

EDGE_BYTES: Final = 1024
"""What is kept of either end of a line that is too long."""


@dataclass(frozen=True, slots=True)
class LongLine:
    """A line beyond the bound: `head` and `tail` are its ends, of at most `EDGE_BYTES` each."""

    head: bytes
    tail: bytes
    size_bytes: int


Line: TypeAlias = bytes | LongLine
"""A line without its line feed."""


class LineSplitter:
    """Cuts bytes into lines as they come.

    Args:
        max_line_bytes: the longest line that is kept whole.
    """

    def __init__(self, max_line_bytes: int) -> None:
        self._max_line_bytes = max_line_bytes
        self._pieces: list[bytes] = []
        self._kept_bytes = 0
        self._long: LongLine | None = None

    def feed(self, data: bytes) -> Iterator[Line]:
        """The lines that these bytes complete. To be iterated to its end before the next call."""
        start = 0
        while (end := data.find(b"\n", start)) >= 0:
            self._keep(data[start:end])
            yield self._take()
            start = end + 1
        self._keep(data[start:])

    def rest(self) -> Line | None:
        """The line that the end of the input has cut off; None when there is none."""
        line = self._take()
        return line or None

    def _keep(self, piece: bytes) -> None:
        if self._long is not None:
            self._long = _longer(self._long, piece)
            return
        self._pieces.append(piece)
        self._kept_bytes += len(piece)
        if self._kept_bytes > self._max_line_bytes:
            whole = b"".join(self._pieces)
            self._forget()
            self._long = LongLine(whole[:EDGE_BYTES], whole[-EDGE_BYTES:], len(whole))

    def _take(self) -> Line:
        line = b"".join(self._pieces) if self._long is None else self._long
        self._forget()
        return line

    def _forget(self) -> None:
        self._pieces = []
        self._kept_bytes = 0
        self._long = None


def _longer(line: LongLine, piece: bytes) -> LongLine:
    return LongLine(line.head, (line.tail + piece)[-EDGE_BYTES:], line.size_bytes + len(piece))
