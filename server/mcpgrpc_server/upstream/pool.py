"""The sessions with one upstream while a server runs: which there are, and for whom.

It does not decide which request goes on which; `connection` does.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Self

from mcpgrpc.errors import ConnectError
from mcpgrpc.stream.carrier import Carrier, Inbox
from mcpgrpc.v1 import envelope_pb2
from mcpgrpc_server.availability import Availability
from mcpgrpc_server.backend import ServerCall
from mcpgrpc_server.identity import ANONYMOUS
from mcpgrpc_server.upstream.budget import SessionBudget
from mcpgrpc_server.upstream.connector import Connector
from mcpgrpc_server.upstream.deliveries import Deliveries
from mcpgrpc_server.upstream.identities import IdentitySessions
from mcpgrpc_server.upstream.private import PrivateSession
from mcpgrpc_server.upstream.supervisor import Live, Supervisor


@dataclass(frozen=True, slots=True)
class UpstreamBounds:
    """The bounds of one upstream.

    Attributes:
        max_sessions: sessions at once; processes, where it is a command.
        max_sessions_setting: the setting that says so, for messages.
        start_timeout_seconds: how long it may take for its first answer.
        probe_interval_seconds: how often a URL is asked whether it still answers.
        session_idle_seconds: how long an identity's session without requests is kept.
    """

    max_sessions: int = 16
    max_sessions_setting: str = "max_processes"
    start_timeout_seconds: float = 60.0
    probe_interval_seconds: float = 10.0
    session_idle_seconds: float = 300.0


class SessionPool:
    """The sessions with one upstream; belongs to the event loop that makes it.

    Args:
        connector: reaches it; open.
        bounds: how many, and for how long.
        availability: follows whether it is up.
    """

    def __init__(
        self, connector: Connector, bounds: UpstreamBounds, availability: Availability
    ) -> None:
        self._connector = connector
        self._budget = SessionBudget(
            connector.name, bounds.max_sessions, bounds.max_sessions_setting
        )
        self._supervisor = Supervisor(
            connector, availability, bounds.start_timeout_seconds, bounds.probe_interval_seconds
        )
        self._identities = IdentitySessions(
            connector, self._budget, bounds.start_timeout_seconds, bounds.session_idle_seconds
        )
        self._private: set[PrivateSession] = set()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Self]:
        """Keep the upstream up; every session has ended when this has."""
        # The connection that tells whether it is up is a session like any other.
        await self._budget.take()
        idle = asyncio.create_task(self._identities.end_idle(), name="ending idle sessions")
        try:
            async with self._supervisor.running():
                yield self
        finally:
            idle.cancel()
            await asyncio.wait({idle})
            await self._identities.close()
            await asyncio.gather(*(self.end(session) for session in tuple(self._private)))

    @property
    def live(self) -> Live | None:
        """What the upstream is now; None while it is down."""
        return self._supervisor.live

    def live_now(self) -> Live:
        """What the upstream is now.

        Raises:
            ConnectError: it is down.
        """
        live = self._supervisor.live
        if live is None:
            raise ConnectError(f"{self._supervisor.why_down}; it is being tried again")
        return live

    def doubt(self) -> None:
        """A request found the upstream lost."""
        self._supervisor.doubt()

    async def ask(self, call: ServerCall, to: Deliveries) -> envelope_pb2.JsonRpcResponse:
        """Carry a modern request.

        Raises:
            McpGrpcError: the upstream is down, or was lost under it.
            RefusedError: this service refuses it.
        """
        live = self.live_now()
        if live.modern is not None:
            return await live.modern.ask(call, to)
        identity = to.client.caller.identity
        if live.translated is not None and identity.is_same_caller(ANONYMOUS):
            return await live.translated.ask(call, to)
        async with self._identities.use(identity) as session:
            return await session.ask(call, to)

    async def begin(self, to: Deliveries) -> PrivateSession:
        """A session of one client's own.

        Raises:
            ConnectError: the upstream is down, or cannot be reached.
            RefusedError: there is no place for another session.
        """
        self.live_now()
        await self._budget.take()
        try:
            session = PrivateSession(self._session_carrier, to)
        except BaseException:
            self._budget.give_back()
            raise
        self._private.add(session)
        try:
            await session.open()
        except BaseException:
            await self.end(session)
            raise
        return session

    async def end(self, session: PrivateSession) -> None:
        """End a client's own session. Idempotent."""
        if session not in self._private:
            return
        self._private.discard(session)
        try:
            await session.close()
        finally:
            self._budget.give_back()

    def _session_carrier(self, inbox: Inbox) -> Carrier:
        # While the upstream is down this is not even tried: else each request to a session that is
        # to be told anew would start a command that fails.
        self.live_now()
        return self._connector.session_carrier(inbox, for_one=True)
