"""A worker's end of the pair of sockets: says that its event loop runs, and notices a lost parent.

It runs on a thread with a loop of its own, so that neither waits for the other: a supervisor that
does not read stops no call, and a stuck worker still ends with its supervisor.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import threading
from collections.abc import Callable, Mapping
from typing import Final

from mcpgrpc_server.workers.frames import Message, framed_message, read_message

BEAT_SECONDS: Final = 0.5
"""Between two looks at the event loop, and so how late a change of health is told."""

LAST_WORDS_SECONDS: Final = 5.0
"""How long a worker that ends waits until its last message is taken."""

ORPHAN_EXIT_CODE: Final = 1

Health = Mapping[str, int]


class Link:
    """Tells the supervisor how it goes.

    Args:
        connection: the worker's one of the pair.
        orphan_seconds: how long a worker whose supervisor is gone may take to drain.
    """

    def __init__(self, connection: socket.socket, orphan_seconds: float) -> None:
        self._connection = connection
        self._orphan_seconds = orphan_seconds
        self._loop = asyncio.new_event_loop()
        self._up = threading.Event()
        self._served: asyncio.AbstractEventLoop | None = None
        self._told_health: Health = {}

    def start(self) -> None:
        """Begin to look after the supervisor; until `watch`, losing it ends the process at once."""
        threading.Thread(target=self._run, name="supervisor link", daemon=True).start()
        self._up.wait()

    def watch(self, orphaned: Callable[[], None], health: Callable[[], Health]) -> None:
        """Begin to say that this event loop runs; call it on the loop.

        Args:
            orphaned: called on the loop when the supervisor is gone; it should drain.
            health: asked on the loop for what is to be told of health.
        """
        self._orphaned = orphaned
        self._health = health
        self._served = asyncio.get_running_loop()
        self._loop.call_soon_threadsafe(self._ask_for_beat)

    def tell(self, message: Message) -> None:
        """Send a message soon; from any thread, and never blocking."""
        self._loop.call_soon_threadsafe(self._write, message)

    def last_words(self, message: Message) -> None:
        """Send a message and wait until it is taken, LAST_WORDS_SECONDS at most; blocks."""
        sending = asyncio.run_coroutine_threadsafe(self._deliver(message), self._loop)
        with contextlib.suppress(TimeoutError):
            sending.result(LAST_WORDS_SECONDS)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(self._until_orphaned())

    async def _until_orphaned(self) -> None:
        reader, self._writer = await asyncio.open_unix_connection(sock=self._connection)
        self._up.set()
        while await read_message(reader) is not None:
            pass
        served = self._served
        if served is not None:
            with contextlib.suppress(RuntimeError):
                served.call_soon_threadsafe(self._orphaned)
            await asyncio.sleep(self._orphan_seconds)
        # It has not ended by itself in time; nobody is left who would end it.
        os._exit(ORPHAN_EXIT_CODE)

    def _ask_for_beat(self) -> None:
        assert self._served is not None
        # A loop that is closed beats no more, and is missed.
        with contextlib.suppress(RuntimeError):
            self._served.call_soon_threadsafe(self._beat)

    def _beat(self) -> None:
        """On the loop that serves: it runs, so say so, and what health is now."""
        health = dict(self._health())
        self._loop.call_soon_threadsafe(self._take_beat, health)

    def _take_beat(self, health: Health) -> None:
        if health == self._told_health:
            self._write({"kind": "beat"})
        else:
            self._told_health = health
            self._write({"kind": "beat", "health": health})
        self._loop.call_later(BEAT_SECONDS, self._ask_for_beat)

    async def _deliver(self, message: Message) -> None:
        self._write(message)
        await self._writer.drain()

    def _write(self, message: Message) -> None:
        self._writer.write(framed_message(message))
