"""The legacy sessions under modern requests, one for each identity that calls.

It translates nothing. Callers of different identities never share a session: an upstream may keep
in it what belongs to one of them.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Final

from mcpgrpc.errors import ConnectionLost, McpGrpcError
from mcpgrpc_server.caller_key import CallerKey, identity_key
from mcpgrpc_server.identity import Identity
from mcpgrpc_server.upstream.budget import SessionBudget
from mcpgrpc_server.upstream.connector import Connector
from mcpgrpc_server.upstream.handshake import begin_session
from mcpgrpc_server.upstream.refusals import RefusedError
from mcpgrpc_server.upstream.translated import TranslatedSession

LOOKS_PER_IDLE_TIME: Final = 4
"""How often within the idle time sessions are looked at, so that none stays much longer."""


def _future() -> asyncio.Future[Any]:
    return asyncio.get_running_loop().create_future()


@dataclass(slots=True, eq=False)
class _Kept:
    """The session of one identity.

    Attributes:
        key: of the identity.
        ready: the session, once it has begun.
        end: set when it is to end.
        users: requests under way.
        idle_since: when the last one ended.
        life: from its beginning to its end.
    """

    key: CallerKey
    ready: asyncio.Future[TranslatedSession] = field(default_factory=_future)
    end: asyncio.Future[None] = field(default_factory=_future)
    users: int = 0
    idle_since: float = 0.0
    life: asyncio.Task[None] | None = None

    @property
    def is_idle(self) -> bool:
        """Whether it has begun, and nobody uses it."""
        return self.ready.done() and not self.users


class IdentitySessions:
    """The sessions with one upstream.

    Args:
        connector: reaches the upstream.
        budget: the places for sessions.
        start_timeout_seconds: how long an upstream may take to begin one.
        idle_seconds: how long one without requests is kept.
    """

    def __init__(
        self,
        connector: Connector,
        budget: SessionBudget,
        start_timeout_seconds: float,
        idle_seconds: float,
    ) -> None:
        self._connector = connector
        self._budget = budget
        self._start_timeout_seconds = start_timeout_seconds
        self._idle_seconds = idle_seconds
        self._kept: dict[CallerKey, _Kept] = {}
        self._lives: set[asyncio.Task[None]] = set()
        budget.make_room = self.end_idlest

    @asynccontextmanager
    async def use(self, identity: Identity) -> AsyncIterator[TranslatedSession]:
        """The session of an identity, which stays while it is used.

        Raises:
            RefusedError: there is no place for another one.
            McpGrpcError: it cannot be had.
        """
        key = identity_key(identity)
        kept = self._kept.get(key) or self._begin(key)
        kept.users += 1
        try:
            yield await asyncio.shield(kept.ready)
        finally:
            kept.users -= 1
            kept.idle_since = asyncio.get_running_loop().time()

    async def end_idlest(self) -> bool:
        """End the session that was unused longest; False when all are in use."""
        idle = [kept for kept in self._kept.values() if kept.is_idle]
        if not idle:
            return False
        await self._end(min(idle, key=lambda kept: kept.idle_since))
        return True

    async def end_idle(self) -> None:
        """End sessions as they fall idle; runs until it is cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(self._idle_seconds / LOOKS_PER_IDLE_TIME)
            due = loop.time() - self._idle_seconds
            for kept in list(self._kept.values()):
                if kept.is_idle and kept.idle_since <= due:
                    await self._end(kept)

    async def close(self) -> None:
        """End every session; what is under way fails."""
        for life in self._lives:
            life.cancel()
        if self._lives:
            await asyncio.wait(self._lives)

    def _begin(self, key: CallerKey) -> _Kept:
        kept = _Kept(key)
        kept.life = asyncio.create_task(self._live(kept), name=f"session of {self._connector.name}")
        self._kept[key] = kept
        self._lives.add(kept.life)
        kept.life.add_done_callback(self._lives.discard)
        return kept

    async def _end(self, kept: _Kept) -> None:
        self._forget(kept)
        if not kept.end.done():
            kept.end.set_result(None)
        if kept.life is not None:
            await asyncio.wait({kept.life})

    def _forget(self, kept: _Kept) -> None:
        """The next request of this identity begins another session."""
        if self._kept.get(kept.key) is kept:
            del self._kept[kept.key]

    async def _live(self, kept: _Kept) -> None:
        try:
            await self._budget.take()
            try:
                await self._serve(kept)
            finally:
                self._budget.give_back()
        except (McpGrpcError, RefusedError) as error:
            _fail(kept, error)
        finally:
            self._forget(kept)
            _fail(kept, ConnectionLost("this server is stopping", execution="NOT_STARTED"))

    async def _serve(self, kept: _Kept) -> None:
        session = TranslatedSession(
            await begin_session(self._connector, self._start_timeout_seconds)
        )
        kept.ready.set_result(session)
        try:
            ends: set[asyncio.Future[Any]] = {session.session.over, kept.end}
            await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._forget(kept)
            await session.close()


def _fail(kept: _Kept, error: Exception) -> None:
    if not kept.ready.done():
        kept.ready.set_exception(error)
        # Whoever asked may be gone.
        kept.ready.exception()
