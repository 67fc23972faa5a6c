"""Changes of one server told to all servers of its service, over a channel in Redis.

It delivers to no client: the app's own bus does, to whoever listens here. The channel keeps nothing
for who is away, so a server that was tells its listeners that everything may have changed.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, Protocol

from mcpgrpc_server.fleet.change import EVERYTHING, Change, Message, decoded, encoded
from mcpgrpc_server.fleet.counts import FleetCounts
from mcpgrpc_server.fleet.outbox import Outbox
from mcpgrpc_server.fleet.redis_client import COMMAND_SECONDS

if TYPE_CHECKING:
    from redis.asyncio import Redis

logger = logging.getLogger("mcpgrpc.fleet")

SILENCE_SECONDS: Final = 5.0
"""A channel without a message for so long is pinged; without an answer in as long it is lost."""


class Listeners(Protocol):
    """Who listens at this server."""

    async def publish(self, change: Change) -> None:
        """Tell them of a change that another server made."""
        ...

    async def publish_everything(self) -> None:
        """Tell them that whatever they listen for may have changed."""
        ...


class Bus:
    """A server's end of the channel; a part of its link.

    Args:
        channel: its name in Redis.
        listeners: who listens here.
        counts: what is counted of it.
    """

    def __init__(self, channel: str, listeners: Listeners, counts: FleetCounts) -> None:
        self._channel = channel
        self._listeners = listeners
        self._counts = counts
        self._own_id = secrets.token_hex(8)
        self._outbox = Outbox()
        self._may_have_missed = False

    def tell(self, change: Change) -> None:
        """Tell the other servers of a change here, as soon as Redis takes it."""
        self._outbox.add(change)

    async def flush(self) -> None:
        """Wait until the other servers are told of everything; for ever, while Redis is away."""
        await self._outbox.wait_empty()

    async def attend(self, client: Redis, begun: Callable[[], None]) -> None:
        """Tell and hear."""
        try:
            async with client.pubsub() as channel:
                await channel.subscribe(self._channel)
                await self._confirmed(channel)
                begun()
                if self._may_have_missed:
                    await self._resynchronise()
                async with asyncio.TaskGroup() as tasks:
                    tasks.create_task(self._hear(channel))
                    tasks.create_task(self._send(client))
        finally:
            self._may_have_missed = True

    async def _confirmed(self, channel: Any) -> None:
        async with asyncio.timeout(COMMAND_SECONDS):
            while True:
                message = await channel.get_message(timeout=COMMAND_SECONDS)
                if message is not None and message["type"] == "subscribe":
                    return

    async def _hear(self, channel: Any) -> None:
        is_pinged = False
        while True:
            message = await channel.get_message(timeout=SILENCE_SECONDS)
            if message is None and is_pinged:
                raise TimeoutError
            is_pinged = message is None
            if message is None:
                await channel.ping()
            elif message["type"] == "message":
                await self._take(message["data"])

    async def _take(self, data: bytes) -> None:
        message = decoded(data)
        if message is None:
            self._counts.unreadable += 1
        elif message.sender == self._own_id:
            return
        elif message.change == EVERYTHING:
            await self._resynchronise()
        else:
            self._counts.received += 1
            await self._listeners.publish(message.change)

    async def _resynchronise(self) -> None:
        self._counts.resynchronised += 1
        await self._listeners.publish_everything()

    async def _send(self, client: Redis) -> None:
        while True:
            change = await self._outbox.take()
            try:
                await self._publish(client, change)
            except BaseException:
                self._outbox.add(change)
                raise
            self._outbox.sent()

    async def _publish(self, client: Redis, change: Change) -> None:
        data = encoded(Message(self._own_id, change))
        if data is None:
            self._counts.too_large += 1
            if self._counts.too_large == 1:
                logger.warning(
                    "a change of a resource whose URI has %d characters is known to this server"
                    " alone: no message may hold it",
                    len(change.uri or ""),
                )
            return
        await client.publish(self._channel, data)
        self._counts.published += 1
