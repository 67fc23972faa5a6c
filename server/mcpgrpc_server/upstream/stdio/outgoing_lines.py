"""Lines on their way to a child's standard input, in order and bounded in bytes.

It does not write; whoever does takes them in batches. A line that was not taken has not been seen
by anybody, which is what makes it safe to send elsewhere.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from dataclasses import dataclass
from typing import Final

BATCH_BYTES: Final = 64 * 1024
"""What is written at once, so that a busy child is woken once for many lines: a pipe's capacity."""


@dataclass(frozen=True, slots=True, eq=False)
class OutgoingLine:
    """One message, its line feed included."""

    data: bytes


class OutgoingLines:
    """The lines that wait.

    Args:
        high_water_bytes: beyond which `room` waits.
    """

    def __init__(self, high_water_bytes: int) -> None:
        self._high_water_bytes = high_water_bytes
        # Ordered, and any of them can be withdrawn.
        self._lines: OrderedDict[OutgoingLine, None] = OrderedDict()
        self._turn = asyncio.Lock()
        self._has_room = asyncio.Event()
        self._has_lines = asyncio.Event()
        self._closed = False
        self.queued_bytes = 0

    async def room(self) -> None:
        """Wait until less than the high-water mark waits; those that wait go on in their order.

        Returns also when `close` is called.
        """
        async with self._turn:
            while self.queued_bytes >= self._high_water_bytes and not self._closed:
                self._has_room.clear()
                await self._has_room.wait()

    def put(self, data: bytes) -> OutgoingLine:
        """Add a line, whether or not there is room: to be awaited before where that is possible."""
        line = OutgoingLine(data)
        if not self._closed:
            self._lines[line] = None
            self.queued_bytes += len(data)
            self._has_lines.set()
        return line

    def withdraw(self, line: OutgoingLine) -> bool:
        """Take a line back; False when it was taken already."""
        if line not in self._lines:
            return False
        del self._lines[line]
        self._release(line)
        return True

    async def next_batch(self) -> bytes:
        """Wait for lines and take some of them; b"" when nothing will come any more."""
        while not self._lines:
            if self._closed:
                return b""
            self._has_lines.clear()
            await self._has_lines.wait()
        batch: list[bytes] = []
        batch_bytes = 0
        while self._lines and batch_bytes < BATCH_BYTES:
            line, _ = self._lines.popitem(last=False)
            self._release(line)
            batch.append(line.data)
            batch_bytes += len(line.data)
        return b"".join(batch)

    def close(self) -> None:
        """Nothing is sent any more: drop what waits, wake whoever does."""
        self._closed = True
        self._lines.clear()
        self.queued_bytes = 0
        self._has_room.set()
        self._has_lines.set()

    def _release(self, line: OutgoingLine) -> None:
        self.queued_bytes -= len(line.data)
        if self.queued_bytes < self._high_water_bytes:
            self._has_room.set()
