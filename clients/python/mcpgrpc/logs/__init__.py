"""Logs of every process of this project: their lines, what is hidden in them, whose they are.

It is the standard library's logging throughout, and nothing here opens a file or a connection.
"""

from mcpgrpc.logs.correlation import CorrelationFilter, current_id
from mcpgrpc.logs.lines import JsonFormatter, TextFormatter
from mcpgrpc.logs.redaction import Redaction
from mcpgrpc.logs.setup import LogFormat, LogLevel, configure_logging

__all__ = [
    "CorrelationFilter",
    "JsonFormatter",
    "LogFormat",
    "LogLevel",
    "Redaction",
    "TextFormatter",
    "configure_logging",
    "current_id",
]
