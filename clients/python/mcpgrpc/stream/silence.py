"""Notices a server that promised to write now and then and does not: one that hangs.

It knows neither frames nor streams, and does nothing on the path of a message but to be told.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

MISSED_KEEPALIVES: Final = 3
"""A peer that promised keep-alives is gone when so many in a row are missing."""


class SilenceWatch:
    """The clock of one stream.

    A loop that was itself held up looks once, however long that took: it has not read what may have
    come, so nobody is judged by it.

    Attributes:
        heard: set by who reads, when something was read and taken.
        is_taking: set by who reads, while something is being taken; nobody is silent then.
    """

    __slots__ = ("_interval_seconds", "_missed", "_on_silence", "_timer", "heard", "is_taking")

    def __init__(self, on_silence: Callable[[str], None]) -> None:
        self.heard = False
        self.is_taking = False
        self._on_silence = on_silence
        self._interval_seconds = 0.0
        self._missed = 0
        self._timer: asyncio.TimerHandle | None = None

    def promised(self, interval_seconds: float) -> None:
        """The peer writes at least this often from now on; 0 is no promise."""
        self.stop()
        self._interval_seconds = interval_seconds
        if interval_seconds > 0:
            self._wait()

    def stop(self) -> None:
        """End watching."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _wait(self) -> None:
        loop = asyncio.get_running_loop()
        self._timer = loop.call_later(self._interval_seconds, self._look)

    def _look(self) -> None:
        is_silent = not (self.heard or self.is_taking)
        self.heard = False
        self._missed = self._missed + 1 if is_silent else 0
        if self._missed > MISSED_KEEPALIVES:
            self._timer = None
            limit = MISSED_KEEPALIVES * self._interval_seconds
            self._on_silence(
                f"nothing came for {limit:g} s, though the server promised to write every"
                f" {self._interval_seconds:g} s"
            )
        else:
            self._wait()
