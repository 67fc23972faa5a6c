"""Whether a server has had too much to do for some time; what follows from it is for others.

It refuses nothing: the stage beside it does, at once, for a single request.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from typing import Final

from mcpgrpc_server.admission.stage import ConcurrencyStage
from mcpgrpc_server.pipeline import Stage
from mcpgrpc_server.settings import ServerSettings

OVERLOADED_SHARE: Final = 0.9
"""Of the bound. At the bound itself a server is seldom seen: as one request ends, it is below."""

RECOVERED_SHARE: Final = 0.6
"""Far from the other, so that neither a pause of the callers nor their return turns it over."""

LOOKS: Final = 8
"""How often the count is read within the time; each time it must say the same."""


class OverloadWatch:
    """Reads a count of running requests now and then; belongs to the event loop it is made on.

    Args:
        running: how many run now.
        most: how many may.
        seconds: how long there must be too many, or few enough again, without a break.
        tell: told of each change, True for overloaded; it begins with False.
    """

    def __init__(
        self, running: Callable[[], int], most: int, seconds: float, tell: Callable[[bool], None]
    ) -> None:
        self._running = running
        self._most = most
        self._interval_seconds = seconds / LOOKS
        self._tell = tell
        self._loop = asyncio.get_running_loop()
        self._is_overloaded = False
        self._looks_against = 0
        self._timer: asyncio.TimerHandle | None = None

    def start(self) -> None:
        """Begin to look; where there is no bound, or nobody wants to know, there is nothing to."""
        if self._most and self._interval_seconds:
            self._timer = self._loop.call_later(self._interval_seconds, self._look)

    def stop(self) -> None:
        """Tell no more."""
        if self._timer is not None:
            self._timer.cancel()

    def saw(self, running: int) -> None:
        """So many run now; one of LOOKS in the time."""
        if self._is_overloaded:
            is_against = running <= RECOVERED_SHARE * self._most
        else:
            is_against = running >= OVERLOADED_SHARE * self._most
        self._looks_against = self._looks_against + 1 if is_against else 0
        if self._looks_against >= LOOKS:
            self._looks_against = 0
            self._is_overloaded = not self._is_overloaded
            self._tell(self._is_overloaded)

    def _look(self) -> None:
        self.saw(self._running())
        self.start()


def overload_watch(
    settings: ServerSettings, stages: Iterable[Stage], tell: Callable[[bool], None]
) -> OverloadWatch:
    """What watches the requests that pass these stages."""
    counting = [each for each in stages if isinstance(each, ConcurrencyStage)]
    return OverloadWatch(
        lambda: max((each.running for each in counting), default=0),
        settings.max_requests_per_server,
        settings.overload_not_ready_seconds,
        tell,
    )
