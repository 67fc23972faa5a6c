"""What an upstream's command says and does wrong, in the log: bounded in length and in rate.

It does not decide what is worth a line, and it is no log of requests.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable
from typing import Final

from mcpgrpc.logs.correlation import current, handling
from mcpgrpc.logs.redaction import REDACTED, clip, escape_controls, redact

logger = logging.getLogger("mcpgrpc.upstream")

MAX_CHARACTERS: Final = 1024
"""Of one line: enough for a sentence with a path, too little for somebody's document."""

LINES_PER_WINDOW: Final = 50
WINDOW_SECONDS: Final = 1.0


class BoundedLog:
    """Lines about one upstream; what is too many of them becomes one line with their number.

    Args:
        name: the upstream's name, which begins every line.
        level: the level of a line, as `logging` has it, unless it has its own.
        of_requests: lines belong to the request in whose course they are written; otherwise to the
            upstream alone, since whoever reads its output may do so in any task.
        secrets: texts that are replaced wherever they stand.
        lines_per_window: lines shown in each window.
        window_seconds: how long a window is.
    """

    def __init__(
        self,
        name: str,
        level: int,
        secrets: Iterable[str] = (),
        *,
        of_requests: bool = False,
        lines_per_window: int = LINES_PER_WINDOW,
        window_seconds: float = WINDOW_SECONDS,
    ) -> None:
        self._name = name
        self._level = level
        self._of_requests = of_requests
        self._secrets = tuple(secrets)
        self._lines_per_window = lines_per_window
        self._window_seconds = window_seconds
        self._loop = asyncio.get_running_loop()
        self._window_ends = 0.0
        self._shown = 0
        self._hidden = 0
        self._hidden_level = logging.NOTSET
        self._timer: asyncio.TimerHandle | None = None

    def line(self, text: str, level: int | None = None) -> None:
        """Log a line, or count it."""
        level = self._level if level is None else level
        if not self._has_room():
            self._hidden += 1
            self._hidden_level = max(level, self._hidden_level)
            if self._timer is None:
                self._timer = self._loop.call_at(self._window_ends, self._sum_up)
            return
        # A secret is replaced before the line is cut, so that no part of one is left at the cut.
        self._log(level, clip(self._clean(text), MAX_CHARACTERS))

    def close(self) -> None:
        """Say what was not shown; nothing is logged later by itself."""
        if self._timer is not None:
            self._timer.cancel()
            self._sum_up()

    def _has_room(self) -> bool:
        now = self._loop.time()
        if now >= self._window_ends:
            self._window_ends = now + self._window_seconds
            self._shown = 0
        self._shown += 1
        return self._shown <= self._lines_per_window

    def _clean(self, text: str) -> str:
        for secret in self._secrets:
            text = text.replace(secret, REDACTED)
        return escape_controls(redact(text))

    def _sum_up(self) -> None:
        self._timer = None
        lines = "line" if self._hidden == 1 else "lines"
        self._log(self._hidden_level, f"… {self._hidden} {lines} not shown")
        self._hidden = 0
        self._hidden_level = logging.NOTSET

    def _log(self, level: int, text: str) -> None:
        with handling(current.get() if self._of_requests else None):
            logger.log(level, "%s: %s", self._name, text, extra={"upstream": self._name})
