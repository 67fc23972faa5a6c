"""What upstreams tell one gRPC client, in the order in which it came, as fast as the client reads.

It does not decide what is whose: a session that is one client's own puts everything here, one that
several share only what certainly belongs to a request of the client.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Final, TypeAlias

from mcpgrpc.binding.ids import Id
from mcpgrpc.binding.limits import MIB
from mcpgrpc.stream.writer import StreamClosedError
from mcpgrpc_server.backend import Client

logger = logging.getLogger(__name__)

ROOM_MESSAGES: Final = 256
ROOM_BYTES: Final = MIB
"""What may wait before an upstream is slowed down."""

MAX_MESSAGES: Final = 1024
MAX_BYTES: Final = 4 * MIB
"""What may wait in all. Only a session that several clients share gets so far: it is not stopped
for one that does not read."""


@dataclass(frozen=True, slots=True)
class _Notification:
    method: str
    params_json: str | None
    related: Id | None

    @property
    def size_bytes(self) -> int:
        return len(self.params_json or "") + len(self.method)


_Waiting: TypeAlias = "_Notification | Callable[[], None]"


class Deliveries:
    """The way to one client.

    Args:
        client: who it leads to.
    """

    def __init__(self, client: Client) -> None:
        self.client = client
        self.is_behind = False
        """Others do not wait for it any more, until it has caught up."""
        self._waiting: deque[_Waiting] = deque()
        self._messages = 0
        self._bytes = 0
        self._pump: asyncio.Task[None] | None = None
        self._taken = asyncio.Event()
        self._closed = False

    @property
    def has_room(self) -> bool:
        """Whether the client keeps up."""
        return self._messages < ROOM_MESSAGES and self._bytes < ROOM_BYTES

    def put(self, method: str, params_json: str | None, related: Id | None) -> bool:
        """Queue a notification; False when so much waits that it is dropped.

        Args:
            method: its method.
            params_json: its params as text.
            related: the client's id of the request that it belongs to.
        """
        if self._closed:
            return True
        if self._messages >= MAX_MESSAGES or self._bytes >= MAX_BYTES:
            return False
        notification = _Notification(method, params_json, related)
        self._messages += 1
        self._bytes += notification.size_bytes
        self._append(notification)
        return True

    def then(self, do: Callable[[], None]) -> None:
        """Do something when everything put so far is on its way to the client, or it is gone."""
        self._append(do)

    async def room(self) -> None:
        """Wait until the client keeps up, or is gone."""
        while not self.has_room and not self._closed:
            self._taken.clear()
            await self._taken.wait()

    async def delivered(self) -> None:
        """Wait until everything put so far is on its way to the client, or the client is gone."""
        if self._waiting or self._pump is not None:
            marker: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._append(partial(_resolve, marker))
            await marker

    def close(self) -> None:
        """The client is gone: what waits is dropped, and whoever waits goes on."""
        self._closed = True
        self._taken.set()
        if self._pump is not None:
            self._pump.cancel()
        while self._waiting:
            _skip(self._waiting.popleft())

    def _append(self, waiting: _Waiting) -> None:
        if self._closed:
            _skip(waiting)
            return
        self._waiting.append(waiting)
        if self._pump is None:
            self._start()

    def _start(self) -> None:
        self._pump = asyncio.create_task(self._deliver(), name="delivering to a client")
        self._pump.add_done_callback(self._ended)

    async def _deliver(self) -> None:
        while self._waiting:
            waiting = self._waiting.popleft()
            if isinstance(waiting, _Notification):
                await self._send(waiting)
            else:
                waiting()

    async def _send(self, notification: _Notification) -> None:
        try:
            await self.client.notify(
                notification.method, notification.params_json, notification.related
            )
        except StreamClosedError:
            logger.debug("dropped %s: the client is gone", notification.method)
        finally:
            self._messages -= 1
            self._bytes -= notification.size_bytes
            self._taken.set()
            if self.has_room:
                self.is_behind = False

    def _ended(self, pump: asyncio.Task[None]) -> None:
        self._pump = None
        if not pump.cancelled() and (error := pump.exception()) is not None:
            logger.error("delivering to a client failed", exc_info=error)
        if self._waiting and not self._closed:
            # Put between the pump's last look and its end.
            self._start()


def _skip(waiting: _Waiting) -> None:
    """The client is gone; whoever waits for what was before it must not wait for ever."""
    if not isinstance(waiting, _Notification):
        waiting()


def _resolve(marker: asyncio.Future[None]) -> None:
    if not marker.done():
        marker.set_result(None)
