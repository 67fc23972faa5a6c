"""The log of a server as its settings say; the lines themselves are `mcpgrpc.logs`'s.

Only a command, or a process that it starts, calls it: a library leaves logging to the application
around it.
"""

from __future__ import annotations

from mcpgrpc.logs.setup import configure_logging
from mcpgrpc_server.log_settings import LogSettings


def log_as(settings: LogSettings) -> None:
    """Send the records of the process to standard error, as the settings say."""
    configure_logging(settings.log_level, settings.log_format, redact=settings.log_redact)
