"""Keeps one connection to an upstream up, from the start of a server to its end.

It answers no request. A command that ends is started again, a URL is probed; between attempts it
pauses, and it says each change once.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

from mcpgrpc.binding.era import MODERN_VERSIONS
from mcpgrpc.errors import McpGrpcError
from mcpgrpc.logs.redaction import clip, escape_controls
from mcpgrpc_server.availability import Availability
from mcpgrpc_server.backoff import Backoff
from mcpgrpc_server.upstream.connector import Connector
from mcpgrpc_server.upstream.handshake import Met, meet, still_answers
from mcpgrpc_server.upstream.modern import ModernSession
from mcpgrpc_server.upstream.refusals import in_words
from mcpgrpc_server.upstream.translated import TranslatedSession

logger = logging.getLogger("mcpgrpc.upstream")

PROBE_SECONDS: Final = 10.0
"""How long an upstream may take to say that it still answers."""

MAX_ABOUT: Final = 120
"""Characters of what an upstream says about itself, in the log."""

FIRST_OUTCOME_SECONDS: Final = 10.0
"""How long a server's start waits for an upstream, so that what it says of itself can be shown."""


class Live:
    """An upstream that is up.

    Args:
        met: what it said, and the connection to it.
    """

    def __init__(self, met: Met) -> None:
        self.met = met
        self.modern = ModernSession(met.session) if met.modern else None
        self.translated = None if met.modern else TranslatedSession(met)

    async def close(self) -> None:
        """Let go of it."""
        closing = self.translated if self.translated is not None else self.met.session
        await closing.close()


class Supervisor:
    """The life of one upstream.

    Args:
        connector: reaches it.
        availability: is told when it comes up and goes down.
        start_timeout_seconds: how long it may take for its first answer.
        probe_interval_seconds: how often a URL is asked whether it still answers.
    """

    def __init__(
        self,
        connector: Connector,
        availability: Availability,
        start_timeout_seconds: float,
        probe_interval_seconds: float,
    ) -> None:
        self.live: Live | None = None
        """What it is now; None while it is down."""
        self.why_down = f"the upstream {connector.name!r} has not come up yet"
        self._connector = connector
        self._name = connector.name
        self._loop = asyncio.get_running_loop()
        self._availability = availability
        self._start_timeout_seconds = start_timeout_seconds
        self._probe_interval_seconds = probe_interval_seconds
        self._backoff = Backoff()
        self._tried = asyncio.Event()
        self._doubted = asyncio.Event()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Keep it up meanwhile; enters when the first attempt has come to an end, or soon."""
        task = asyncio.create_task(self._run(), name=f"upstream {self._name}")
        try:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._tried.wait(), FIRST_OUTCOME_SECONDS)
            yield
        finally:
            task.cancel()
            await asyncio.wait({task})

    def doubt(self) -> None:
        """A request found it lost: look at once whether it still answers."""
        self._doubted.set()

    async def _run(self) -> None:
        while True:
            try:
                why = await self._one_life()
            except McpGrpcError as error:
                why = in_words(error)
            except Exception:
                # Whatever an upstream does must not end what brings it up again.
                logger.exception("upstream %s failed in a way that is not known", self._name)
                why = f"the upstream {self._name!r} failed in a way that is not known"
            self._down(why)
            await asyncio.sleep(self._backoff.next_seconds())

    async def _one_life(self) -> str:
        """Bring it up, and give why it is lost when it is.

        Raises:
            McpGrpcError: it does not come up.
        """
        live = Live(await meet(self._connector, self._start_timeout_seconds))
        try:
            self._up(live)
            began = self._loop.time()
            why = await self._lost(live.met)
            self._backoff.lived(self._loop.time() - began)
            self._down(why)
            return why
        finally:
            await live.close()

    async def _lost(self, met: Met) -> str:
        """Wait until it is lost; gives why."""
        over = met.session.over
        while not over.done():
            if self._connector.is_command:
                await asyncio.wait({over})
            elif (why := await self._probe(met)) is not None:
                return why
        return over.result()

    async def _probe(self, met: Met) -> str | None:
        """Ask a URL, when it is time or there is doubt; gives why it is lost, None when not."""
        doubted = asyncio.create_task(self._doubted.wait(), name="waiting for doubt")
        waited: set[asyncio.Future[Any]] = {doubted, met.session.over}
        try:
            await asyncio.wait(
                waited, timeout=self._probe_interval_seconds, return_when=asyncio.FIRST_COMPLETED
            )
        finally:
            doubted.cancel()
        self._doubted.clear()
        if met.session.over.done():
            return None
        try:
            await still_answers(met, PROBE_SECONDS)
        except TimeoutError:
            return f"the upstream {self._name!r} does not answer within {PROBE_SECONDS:g} s"
        except McpGrpcError as error:
            return in_words(error)
        return None

    def _up(self, live: Live) -> None:
        self.live = live
        logger.info("upstream %s is up: %s", self._name, _about(live.met))
        self._availability.set(serving=True)
        self._tried.set()

    def _down(self, why: str) -> None:
        self.why_down = why
        self.live = None
        if self._availability.serving or not self._tried.is_set():
            logger.warning("upstream %s is down, and is tried again: %s", self._name, why)
        self._availability.set(serving=False)
        self._tried.set()


def _about(met: Met) -> str:
    info = met.server_info or {}
    named = " ".join(str(info[key]) for key in ("name", "version") if key in info)
    era = MODERN_VERSIONS[-1] if met.modern else str(met.about.get("protocolVersion"))
    return clip(escape_controls(f"{named or 'a server without a name'}, {era}"), MAX_ABOUT)
