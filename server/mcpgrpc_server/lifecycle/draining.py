"""The end of a server in order: not ready, a pause, no new work, what runs, and no longer.

It closes no connection: the server does, when this is done. A balancer hears late that a server
leaves, so in the pause everything is served as before.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging

from mcpgrpc_server.host import StreamHost
from mcpgrpc_server.lifecycle.readiness import Readiness

logger = logging.getLogger("mcpgrpc.server")


class Drain:
    """The drain of one server; belongs to the event loop that it is made on.

    Args:
        host: the streams.
        readiness: what is told first.
    """

    def __init__(self, host: StreamHost, readiness: Readiness) -> None:
        self._host = host
        self._readiness = readiness
        self._left = False
        self._begun = asyncio.Event()

    async def leave(self, pause_seconds: float) -> None:
        """Be ready no more, and serve on for the pause; once, and no longer than until `begin`."""
        if self._left:
            return
        self._left = True
        self._readiness.leave()
        if pause_seconds:
            logger.info("not ready any more", extra={"pause_seconds": pause_seconds})
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._begun.wait(), pause_seconds)

    def begin(self, grace_seconds: float) -> None:
        """Take no new work, and tell every stream so. Idempotent."""
        self._begun.set()
        if self._host.draining:
            return
        self._left = True
        self._readiness.leave()
        self._host.draining = True
        for stream in self._host.open_streams():
            stream.begin_drain(grace_seconds)

    async def finish(self, grace_seconds: float) -> int:
        """Wait for what runs, so long; gives how many requests had to be ended then."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._host.wait_empty(), grace_seconds)
        return sum(stream.end_drain() for stream in self._host.open_streams())
