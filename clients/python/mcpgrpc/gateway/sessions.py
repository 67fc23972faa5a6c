"""The legacy HTTP sessions that are open: found by their ids, bounded in number and in idleness.

It carries no message. WebSockets take their places from the same number.
"""

from __future__ import annotations

import asyncio
import hmac
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final
from uuid import uuid4

import grpc

from mcpgrpc.channel_pool import Lease
from mcpgrpc.connection import ConnectionOptions
from mcpgrpc.gateway.caller import ERA_KEY, HttpCaller
from mcpgrpc.gateway.channels import DoorChannels
from mcpgrpc.gateway.replies import SERVICE_UNAVAILABLE, HttpRefusalError
from mcpgrpc.gateway.session import Heard, HttpSession
from mcpgrpc.gateway.settings import GatewaySettings
from mcpgrpc.gateway.work import Work

logger = logging.getLogger(__name__)

_SHOWN_OF_ID: Final = 8
"""Characters of an id that a log may show: whoever has all of it has the session."""


@dataclass(slots=True, eq=False)
class _Open:
    session: HttpSession
    owner: bytes
    lease: Lease
    countdown: asyncio.TimerHandle | None = None

    def stop_countdown(self) -> None:
        if self.countdown is not None:
            self.countdown.cancel()
            self.countdown = None


class SessionTable:
    """Opens, finds and ends sessions.

    Args:
        options: how to reach the server.
        channels: the connections to it.
        settings: the bounds.
        work: whether the door takes any.
        heard: told of every notification of the server.
    """

    def __init__(
        self,
        options: ConnectionOptions,
        channels: DoorChannels,
        settings: GatewaySettings,
        work: Work,
        heard: Heard,
    ) -> None:
        self._options = options
        self._channels = channels
        self._settings = settings
        self._work = work
        self._heard = heard
        self._open: dict[str, _Open] = {}
        self._closing: set[asyncio.Task[None]] = set()
        self.places_taken = 0
        """By WebSockets."""

    def __len__(self) -> int:
        return len(self._open)

    @contextmanager
    def place(self) -> Iterator[grpc.aio.Channel]:
        """Hold one of the places, for a WebSocket; gives the channel that it may use.

        Raises:
            HttpRefusalError: 503, all are taken, or the door is stopping.
        """
        self._check_room()
        with self._channels.lease() as lease:
            self.places_taken += 1
            try:
                yield lease.channel
            finally:
                self.places_taken -= 1

    def admit(self, caller: HttpCaller) -> HttpSession:
        """A new session of a caller, not connected yet.

        Raises:
            HttpRefusalError: 503, as many are open as may be, or the door is stopping.
        """
        self._check_room()
        lease = self._channels.lease()
        session = HttpSession(uuid4().hex, self.discard, self._heard)
        options = caller.options(self._options, (ERA_KEY, "legacy"))
        session.link.carrier = options.carrier(lease.channel, session.link)
        self._open[session.id] = _Open(session, caller.identity, lease)
        return session

    def find(self, session_id: str, caller: HttpCaller) -> HttpSession:
        """An open session of this caller.

        Raises:
            HttpRefusalError: 404, there is none, or it is another caller's.
        """
        found = self._open.get(session_id)
        if found is None or not hmac.compare_digest(found.owner, caller.identity):
            raise HttpRefusalError(404, "Session not found")
        return found.session

    @contextmanager
    def in_use(self, session: HttpSession) -> Iterator[None]:
        """Keep a session while an HTTP request is served; the countdown begins behind the last."""
        session.requests += 1
        used = self._open.get(session.id)
        if used is not None:
            used.stop_countdown()
        try:
            yield
        finally:
            session.requests -= 1
            if not session.requests and used is not None and session.id in self._open:
                used.countdown = asyncio.get_running_loop().call_later(
                    self._settings.session_idle_seconds, self._idled, session
                )

    def discard(self, session: HttpSession) -> None:
        """Forget a session, whose id is 404 from now on, and end its stream."""
        ended = self._open.pop(session.id, None)
        if ended is not None:
            ended.stop_countdown()
            closing = asyncio.create_task(_close(ended), name="closing a session")
            self._closing.add(closing)
            closing.add_done_callback(self._closing.discard)

    async def close(self) -> None:
        """End every session."""
        for each in list(self._open.values()):
            self.discard(each.session)
        if self._closing:
            await asyncio.wait(set(self._closing))

    def _check_room(self) -> None:
        self._work.check_open()
        if len(self._open) + self.places_taken >= self._settings.max_sessions:
            logger.warning("refused a session: %d are open", self._settings.max_sessions)
            raise HttpRefusalError(SERVICE_UNAVAILABLE, "Too many open sessions; try again later")

    def _idled(self, session: HttpSession) -> None:
        logger.info("the session %s… was idle and is ended", session.id[:_SHOWN_OF_ID])
        self.discard(session)


async def _close(ended: _Open) -> None:
    try:
        await ended.session.close()
    finally:
        ended.lease.release()
