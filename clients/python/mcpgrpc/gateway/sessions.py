"""The legacy HTTP sessions that are open: found by their ids, bounded in number and in idleness.

It carries no message. WebSockets take their places from the same number.
"""

from __future__ import annotations

import asyncio
import hmac
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final
from uuid import uuid4

import grpc

from mcpgrpc.connection import ConnectionOptions
from mcpgrpc.gateway.caller import ERA_KEY, HttpCaller
from mcpgrpc.gateway.replies import SERVICE_UNAVAILABLE, HttpRefusalError
from mcpgrpc.gateway.session import HttpSession
from mcpgrpc.gateway.settings import GatewaySettings

logger = logging.getLogger(__name__)

_SHOWN_OF_ID: Final = 8
"""Characters of an id that a log may show: whoever has all of it has the session."""


class SessionTable:
    """Opens, finds and ends sessions.

    Args:
        options: how to reach the server.
        channel: the channel to it.
        settings: the bounds.
    """

    def __init__(
        self, options: ConnectionOptions, channel: grpc.aio.Channel, settings: GatewaySettings
    ) -> None:
        self._options = options
        self._channel = channel
        self._settings = settings
        self._sessions: dict[str, HttpSession] = {}
        self._owners: dict[str, bytes] = {}
        self._idle: dict[str, asyncio.TimerHandle] = {}
        self._closing: set[asyncio.Task[None]] = set()
        self._places_taken = 0

    def __len__(self) -> int:
        return len(self._sessions)

    @contextmanager
    def place(self) -> Iterator[None]:
        """Hold one of the places, for a WebSocket.

        Raises:
            HttpRefusalError: 503, all are taken.
        """
        self._check_room()
        self._places_taken += 1
        try:
            yield
        finally:
            self._places_taken -= 1

    def admit(self, caller: HttpCaller) -> HttpSession:
        """A new session of a caller, not connected yet.

        Raises:
            HttpRefusalError: 503, as many are open as may be.
        """
        self._check_room()
        session_id = uuid4().hex
        session = HttpSession(session_id, self.discard)
        options = caller.options(self._options, (ERA_KEY, "legacy"))
        session.link.carrier = options.carrier(self._channel, session.link)
        self._sessions[session_id] = session
        self._owners[session_id] = caller.identity
        return session

    def find(self, session_id: str, caller: HttpCaller) -> HttpSession:
        """An open session of this caller.

        Raises:
            HttpRefusalError: 404, there is none, or it is another caller's.
        """
        session = self._sessions.get(session_id)
        owner = self._owners.get(session_id, b"")
        if session is None or not hmac.compare_digest(owner, caller.identity):
            raise HttpRefusalError(404, "Session not found")
        return session

    @contextmanager
    def in_use(self, session: HttpSession) -> Iterator[None]:
        """Keep a session while an HTTP request is served; the countdown begins behind the last."""
        session.requests += 1
        self._stop_countdown(session.id)
        try:
            yield
        finally:
            session.requests -= 1
            if not session.requests and session.id in self._sessions:
                self._idle[session.id] = asyncio.get_running_loop().call_later(
                    self._settings.session_idle_seconds, self._idled, session
                )

    def discard(self, session: HttpSession) -> None:
        """Forget a session, whose id is 404 from now on, and end its stream."""
        self._stop_countdown(session.id)
        self._owners.pop(session.id, None)
        if self._sessions.pop(session.id, None) is not None:
            closing = asyncio.create_task(session.close(), name="closing a session")
            self._closing.add(closing)
            closing.add_done_callback(self._closing.discard)

    async def close(self) -> None:
        """End every session."""
        for session in list(self._sessions.values()):
            self.discard(session)
        if self._closing:
            await asyncio.wait(set(self._closing))

    def _check_room(self) -> None:
        if len(self._sessions) + self._places_taken >= self._settings.max_sessions:
            logger.warning("refused a session: %d are open", self._settings.max_sessions)
            raise HttpRefusalError(SERVICE_UNAVAILABLE, "Too many open sessions; try again later")

    def _stop_countdown(self, session_id: str) -> None:
        countdown = self._idle.pop(session_id, None)
        if countdown is not None:
            countdown.cancel()

    def _idled(self, session: HttpSession) -> None:
        logger.info("the session %s… was idle and is ended", session.id[:_SHOWN_OF_ID])
        self.discard(session)
