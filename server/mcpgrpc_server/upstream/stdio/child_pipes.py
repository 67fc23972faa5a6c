"""The three pipes of a child process and the news of its end, as asyncio delivers them.

It does not start or end the process, and it knows nothing of lines. asyncio's own `Process` will
not do: it reports the end only when every pipe is closed, and a grandchild may hold one for ever.
"""

from __future__ import annotations

import asyncio
from typing import Final, cast

READ_BUFFER_BYTES: Final = 64 * 1024
"""Beyond twice of this a pipe is not read until somebody takes what is there."""

_STDIN, _STDOUT, _STDERR = 0, 1, 2


class ChildPipes(asyncio.SubprocessProtocol):
    """What `loop.subprocess_exec` reports to.

    Attributes:
        stdout: what the child writes to its standard output.
        stderr: what it writes to its standard error.
        exited: done when the process has ended and been waited for.
        input_lost: done when nobody can read the child's standard input any more.
    """

    def __init__(self) -> None:
        self.stdout = asyncio.StreamReader(limit=READ_BUFFER_BYTES)
        self.stderr = asyncio.StreamReader(limit=READ_BUFFER_BYTES)
        loop = asyncio.get_running_loop()
        self.exited: asyncio.Future[None] = loop.create_future()
        self.input_lost: asyncio.Future[None] = loop.create_future()
        self._writable = asyncio.Event()
        self._writable.set()
        self._transport: asyncio.SubprocessTransport | None = None
        self._deaf = False

    async def write(self, data: bytes) -> None:
        """Write to the child's standard input; returns when the kernel has all of it.

        What is written when the child has closed its end is lost, as it is a moment before.
        """
        if self.input_lost.done():
            return
        self._stdin.write(data)
        await self._writable.wait()

    def close_stdin(self) -> None:
        """Let the child read the end of its input, behind what is still to be written."""
        self._stdin.close()

    def stop_listening(self) -> None:
        """Throw away what else comes on standard output, so that writing it blocks nobody."""
        if not self._deaf:
            self._deaf = True
            self.stdout.feed_eof()
            self._pipe(_STDOUT).resume_reading()

    def close(self) -> None:
        """Let go of every pipe, also of one that a stray grandchild still holds."""
        if self._transport is None:
            return
        if self._stdin.get_write_buffer_size():
            # Closing alone would wait for somebody to read it.
            self._stdin.abort()
        self._transport.close()

    # asyncio.SubprocessProtocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The process runs."""
        self._transport = cast("asyncio.SubprocessTransport", transport)
        # Not a byte is held back: what `write` has returned from is the kernel's.
        self._stdin.set_write_buffer_limits(high=0)
        self.stdout.set_transport(self._pipe(_STDOUT))
        self.stderr.set_transport(self._pipe(_STDERR))

    def pipe_data_received(self, fd: int, data: bytes) -> None:
        """The child wrote something."""
        if fd == _STDERR:
            self.stderr.feed_data(data)
        elif not self._deaf:
            self.stdout.feed_data(data)

    def pipe_connection_lost(self, fd: int, exc: Exception | None) -> None:
        """A pipe is closed."""
        if fd == _STDIN:
            self.input_lost.set_result(None)
            self._writable.set()
        elif fd == _STDERR:
            self.stderr.feed_eof()
        else:
            self.stdout.feed_eof()

    def pause_writing(self) -> None:
        """The kernel takes no more for now."""
        self._writable.clear()

    def resume_writing(self) -> None:
        """The kernel has taken everything."""
        self._writable.set()

    def process_exited(self) -> None:
        """The process has ended."""
        self.exited.set_result(None)

    @property
    def _stdin(self) -> asyncio.WriteTransport:
        assert self._transport is not None
        return cast("asyncio.WriteTransport", self._transport.get_pipe_transport(_STDIN))

    def _pipe(self, fd: int) -> asyncio.ReadTransport:
        assert self._transport is not None
        return cast("asyncio.ReadTransport", self._transport.get_pipe_transport(fd))
