"""The stdio door: an MCP server on standard input and output, for desktop hosts.

It writes nothing but messages to standard output, one a line; what there is to say goes to the log.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import sys
import threading
from collections.abc import Callable
from typing import BinaryIO, Final, Self

from mcpgrpc.binding.limits import MIB
from mcpgrpc.connection import ConnectionOptions
from mcpgrpc.relay.host import TextHost

logger = logging.getLogger(__name__)

MAX_LINE_BYTES: Final = 16 * MIB
"""The longest message of a host: what a server takes by default."""

GRACE_SECONDS: Final = 5.0
"""How long requests that are under way may take when the host has closed its end."""

MAX_WAITING_LINES: Final = 64
"""Lines read ahead of the relay."""


async def bridge(
    options: ConnectionOptions,
    source: BinaryIO | None = None,
    sink: BinaryIO | None = None,
) -> None:
    """Relay between standard input and output and a server until the input ends.

    Args:
        options: how to reach the server; it need not be there yet.
        source: instead of standard input.
        sink: instead of standard output.
    """
    source = source if source is not None else sys.stdin.buffer
    sink = sink if sink is not None else sys.stdout.buffer
    channel = options.open_door_channel()
    host = TextHost(options, channel)
    writing = asyncio.create_task(_write(host, sink), name="writing to the host")
    try:
        async with _Lines(source) as lines:
            while (line := await lines.next()) is not None and not writing.done():
                if line:
                    await host.receive(line)
                else:
                    host.refuse(f"a message of more than {MAX_LINE_BYTES} bytes")
        await host.finish(GRACE_SECONDS)
    finally:
        await host.close()
        await writing
        await channel.close()


async def _write(host: TextHost, sink: BinaryIO) -> None:
    """Write what comes for the host; one that does not read slows its server down."""
    while (text := await host.next_text()) is not None:
        try:
            await asyncio.to_thread(_write_line, sink, text)
        except (BrokenPipeError, ValueError):
            logger.info("the host reads no more")
            return


def _write_line(sink: BinaryIO, text: str) -> None:
    sink.write(text.encode() + b"\n")
    sink.flush()


class _Lines:
    """The lines of a stream, read by a thread: standard input may be a pipe, a file or a terminal.

    The thread is a daemon, since nothing can wake it from a read that waits for a host.
    """

    def __init__(self, source: BinaryIO) -> None:
        self._source = source
        self._loop = asyncio.get_running_loop()
        self._queue: asyncio.Queue[str | None] = asyncio.Queue()
        self._room = threading.Semaphore(MAX_WAITING_LINES)

    async def __aenter__(self) -> Self:
        threading.Thread(target=self._read, name="reading the host", daemon=True).start()
        return self

    async def __aexit__(self, *_: object) -> None:
        self._room.release()

    async def next(self) -> str | None:
        """The next line; None at the end, "" for one that was too long."""
        line = await self._queue.get()
        self._room.release()
        return line

    def _read(self) -> None:
        with contextlib.suppress(RuntimeError):
            while (line := self._next_whole_line()) is not None:
                if line.strip() or not line:
                    self._room.acquire()
                    self._hand_over(line.decode("utf-8", "surrogateescape").strip())
            self._hand_over(None)

    def _next_whole_line(self) -> bytes | None:
        """A line with its end; None at the end of the input, also in the middle of a line."""
        line = self._read_piece()
        if line.endswith(b"\n"):
            return line
        if len(line) < MAX_LINE_BYTES:
            if line.strip():
                logger.warning("the host closed in the middle of a message; it is dropped")
            return None
        self._skip_rest()
        return b""

    def _skip_rest(self) -> None:
        while (piece := self._read_piece()) and not piece.endswith(b"\n"):
            pass

    def _read_piece(self) -> bytes:
        """A line or as much of one as is read at once; nothing at the end of the input.

        An input that was closed under the thread, or a terminal that went away, has ended too.
        """
        try:
            return self._source.readline(MAX_LINE_BYTES)
        except (OSError, ValueError) as error:
            logger.info("the host's end can no longer be read: %s", error)
            return b""

    def _hand_over(self, line: str | None) -> None:
        put: Callable[[str | None], None] = self._queue.put_nowait
        self._loop.call_soon_threadsafe(put, line)
