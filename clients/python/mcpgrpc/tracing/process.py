"""Traces of one process, where `OTEL_*` asks for them: begun before its work, sent at its end.

It knows no command. A process that cannot trace says so in one line and does its work all the same:
those variables are often set for a whole cluster.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Final, TypeAlias

from mcpgrpc.tracing import environment

if TYPE_CHECKING:
    from mcpgrpc.tracing.setup import Tracing

Tell: TypeAlias = Callable[[str], object]
"""Tells a person or a log what went wrong, in one line."""

_LOGGERS: Final = "opentelemetry"


class _Complaints(logging.Handler):
    """The last error of OpenTelemetry, for a process without a log, where it has no other place."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.last = ""

    def emit(self, record: logging.LogRecord) -> None:
        self.last = record.getMessage()


class ProcessTracing:
    """The tracing of a process."""

    def __init__(self) -> None:
        self._is_begun = False
        self._tracing: Tracing | None = None
        self._complaints = _Complaints()

    def begin(self, tell: Tell) -> None:
        """Set up what the variables ask for, once; after gRPC's own settings were made."""
        if self._is_begun:
            return
        self._is_begun = True
        names = environment.exporters(os.environ)
        if not names:
            return
        from mcpgrpc.tracing.setup import TracingSetupError, set_up

        if not logging.getLogger().handlers:
            logging.getLogger(_LOGGERS).addHandler(self._complaints)
        try:
            self._tracing = set_up(names, os.environ)
        except TracingSetupError as error:
            tell(f"no traces: {error}")

    def end(self, tell: Tell) -> None:
        """Send what is left, within a bound."""
        tracing, self._tracing = self._tracing, None
        if tracing is not None and not tracing.end():
            tell("the last traces were not sent: nobody took them in time")
        elif self._complaints.last:
            tell(f"traces were lost: {self._complaints.last}")


TRACING: Final = ProcessTracing()
"""That of this process: OpenTelemetry's provider is one for a process, too."""
