"""What a legacy upstream says beside all requests: one GET, opened again when it ends.

It is not what keeps a session alive, and a session works without it: a server may have none.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from typing import Final, TypeAlias

import httpx2

from mcpgrpc.binding import codec
from mcpgrpc.errors import McpGrpcError
from mcpgrpc.v1 import envelope_pb2
from mcpgrpc_server.upstream.bounded_log import BoundedLog
from mcpgrpc_server.upstream.http import event_source, failures
from mcpgrpc_server.upstream.http.endpoint import EVENTS, OK, media_type

MAX_PAUSE_SECONDS: Final = 30.0
"""Between two attempts; a server that comes back is heard again within it."""

MAX_DOUBLINGS: Final = 6

Connect: TypeAlias = Callable[[str], AbstractAsyncContextManager[httpx2.Response]]
"""Opens the stream, behind an event id where that is not "". """

_NO_STREAM: Final = 405
# These pass by themselves. 409: the server has not noticed yet that the stream before has ended.
_PASSING: Final = frozenset({408, 409, 425, 429, 500, 502, 503, 504})


class StandaloneStream:
    """Reads the standalone stream of one session.

    Args:
        connect: opens it.
        deliver: takes its messages.
        ended: called when the server has ended it without breaking it, and will go on with it.
        max_message_bytes: of one event.
        log: where messages go that are none.
    """

    def __init__(
        self,
        connect: Connect,
        deliver: Callable[[envelope_pb2.Envelope], Awaitable[None]],
        ended: Callable[[], None],
        max_message_bytes: int,
        log: BoundedLog,
    ) -> None:
        self._connect = connect
        self._deliver = deliver
        self._ended = ended
        self._max_message_bytes = max_message_bytes
        self._log = log
        self._place = event_source.Place()
        self._in_vain = 0

    async def run(self) -> None:
        """Read it until the session ends, or until it turns out that the server has none."""
        is_worth_it = True
        while is_worth_it:
            is_worth_it = await self._read()
            if is_worth_it:
                await asyncio.sleep(self._pause_seconds())

    async def _read(self) -> bool:
        """Read the stream to its end; gives whether it is worth opening again."""
        events_before = self._place.events
        worth_it = True
        try:
            async with self._connect(self._place.last_event_id) as response:
                if response.status_code == OK and media_type(response) == EVENTS:
                    await self._take_all(response)
                    if self._place.last_event_id:
                        self._ended()
                else:
                    worth_it = self._judge(response.status_code)
        except failures.SessionEnded:
            return False
        except event_source.EventTooLargeError:
            self._log.line(f"sent an event beyond {self._max_message_bytes} bytes; it is left out")
            self._place.last_event_id = ""
        except McpGrpcError:
            # The next request meets the same and says so; here there is nobody to tell.
            pass
        self._in_vain = 0 if self._place.events > events_before else self._in_vain + 1
        return worth_it

    async def _take_all(self, response: httpx2.Response) -> None:
        texts = event_source.texts(response, self._place, self._max_message_bytes)
        async for text in texts:
            try:
                envelope = codec.envelope_from_text(text)
            except codec.InvalidMessageError as error:
                self._log.line(f"sent an event that is no message: {error}")
                continue
            if envelope.WhichOneof("message") == "response":
                self._log.line("answered on the stream of what belongs to no request")
            else:
                await self._deliver(envelope)

    def _judge(self, status: int) -> bool:
        """Whether a status leaves hope for the stream."""
        if status in _PASSING:
            return True
        if self._place.last_event_id:
            # The server may only have forgotten the place.
            self._place.last_event_id = ""
            return True
        if status != _NO_STREAM:
            self._log.line(f"has no stream for what belongs to no request (HTTP {status})")
        return False

    def _pause_seconds(self) -> float:
        doublings = min(max(self._in_vain - 1, 0), MAX_DOUBLINGS)
        longest = min(self._place.pause_seconds * float(2**doublings), MAX_PAUSE_SECONDS)
        # Never less than the server asks for, and not at the same moment as all others.
        return longest * random.uniform(1.0, 1.5)  # noqa: S311  # jitter, not a secret
