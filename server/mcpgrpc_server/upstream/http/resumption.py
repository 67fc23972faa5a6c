"""A request's event stream that ended before the answer, taken up again where it was left.

It does not decide which streams can be: those whose events had an id. The server may end them on
purpose, so that nobody holds a connection through a long piece of work (SEP-1699).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Final, TypeAlias

import httpx2

from mcpgrpc.errors import ConnectError, ConnectionLost, ServiceError
from mcpgrpc.v1 import envelope_pb2
from mcpgrpc_server.upstream.http import failures
from mcpgrpc_server.upstream.http.endpoint import EVENTS, OK, media_type
from mcpgrpc_server.upstream.http.exchange import AnswerReader

MAX_FAILURES: Final = 4
"""Attempts in a row that bring no stream. A server that restarts has lost the request anyway."""

MAX_EMPTY: Final = 64
"""Streams in a row that end as they should without an event: a server that has its clients poll,
for half a minute or so each time."""

Connect: TypeAlias = Callable[[str], AbstractAsyncContextManager[httpx2.Response]]
"""Opens the stream behind an event id."""

# These pass by themselves; with another of 400 and above the stream is gone.
_PASSING: Final = frozenset({408, 409, 425, 429, 500, 502, 503, 504})


class Resumption:
    """Reads the rest of one request's stream.

    Args:
        name: of the upstream.
        method: of the request.
        reader: read the stream until now.
        connect: opens it again.
    """

    def __init__(self, name: str, method: str, reader: AnswerReader, connect: Connect) -> None:
        self._name = name
        self._method = method
        self._reader = reader
        self._connect = connect
        self._failures = 0
        self._empty = 0

    async def run(
        self, settle: Callable[[envelope_pb2.Envelope], None], ended: Callable[[], None]
    ) -> None:
        """Take the stream up until the answer is there.

        Args:
            settle: takes the answer.
            ended: called each time the server has ended the stream without breaking it.

        Raises:
            ConnectionLost: the stream is gone, or all attempts were in vain; the request may run.
            ServiceError: a message is too large.
        """
        while self._failures < MAX_FAILURES and self._empty < MAX_EMPTY:
            await asyncio.sleep(self._reader.place.pause_seconds)
            if await self._attempt(settle, ended):
                return
        raise self._lost("its event stream could not be taken up again")

    async def _attempt(
        self, settle: Callable[[envelope_pb2.Envelope], None], ended: Callable[[], None]
    ) -> bool:
        events_before = self._reader.place.events
        try:
            async with self._connect(self._reader.place.last_event_id) as response:
                self._require_stream(response)
                answer = await self._reader.read_events(response)
                if answer is not None:
                    settle(answer)
                    await self._reader.drain()
                    return True
        except failures.SessionEnded:
            raise
        except (ConnectError, ConnectionLost) as error:
            self._failed(error)
        except ServiceError as error:
            if error.reason == "MESSAGE_TOO_LARGE":
                raise
            self._failed(error)
        else:
            self._failures = 0
            self._empty += 1
            ended()
        if self._reader.place.events > events_before:
            self._failures = self._empty = 0
        return False

    def _require_stream(self, response: httpx2.Response) -> None:
        if response.status_code != OK or media_type(response) != EVENTS:
            raise failures.HttpFailure(response.status_code, "no event stream")

    def _failed(self, error: Exception) -> None:
        """Count a failure. None of them says that the request did not run: it was begun before."""
        status = getattr(error, "status", None)
        if status is not None and status not in _PASSING:
            raise self._lost("it does not keep the event stream any more")
        self._failures += 1

    def _lost(self, why: str) -> ConnectionLost:
        return failures.lost(self._name, self._method, why)
