"""The lines that a process writes, as its operator gets them: through the handler of the commands.

It changes no logger but the root's level, and puts that back.
"""

from __future__ import annotations

import asyncio
import io
import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from mcpgrpc.logs import LogLevel, configure_logging


@dataclass
class Written:
    """What was written since."""

    stream: io.StringIO = field(default_factory=io.StringIO)

    @property
    def text(self) -> str:
        return self.stream.getvalue()

    async def seen(self, text: str) -> None:
        """Wait until it was written; whoever asks bounds the time."""
        while True:
            if text in self.text:
                return
            await asyncio.sleep(0)

    def lines(self, logger: str = "") -> list[dict[str, Any]]:
        """The lines of a logger and those below it; of all when left out."""
        found = [json.loads(line) for line in self.text.splitlines()]
        return [line for line in found if f"{line['logger']}.".startswith(logger)]

    def ids(self, logger: str) -> list[str | None]:
        """The correlation ids of a logger's lines, in their order."""
        return [line.get("correlation_id") for line in self.lines(logger)]


@contextmanager
def written(level: LogLevel = "debug", redact: tuple[str, ...] = ()) -> Iterator[Written]:
    """Log as a command does, as JSON into memory."""
    root = logging.getLogger()
    before, handlers = root.level, list(root.handlers)
    found = Written()
    configure_logging(level, "json", found.stream, redact=redact)
    try:
        yield found
    finally:
        root.setLevel(before)
        root.handlers[:] = handlers
