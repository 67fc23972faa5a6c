"""Where the records of a process go: one stream, in the form and from the level that is asked for.

Only commands call it: a library leaves logging to the application around it.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterable
from typing import Final, Literal, TextIO

from mcpgrpc.logs.correlation import CorrelationFilter
from mcpgrpc.logs.lines import JsonFormatter, TextFormatter
from mcpgrpc.logs.redaction import Redaction

LogLevel = Literal["debug", "info", "warning", "error", "critical"]
LogFormat = Literal["auto", "text", "json"]

_HANDLER_NAME: Final = "mcpgrpc"


def configure_logging(
    level: LogLevel,
    log_format: LogFormat = "auto",
    stream: TextIO | None = None,
    *,
    redact: Iterable[str] = (),
) -> None:
    """Send the records of the process to a stream; calling it again replaces what it set up.

    Args:
        level: the lowest level that is written.
        log_format: "auto" is text on a terminal and JSON elsewhere.
        stream: standard error when left out.
        redact: names of headers, fields and arguments whose values are hidden, beyond the built-in
            ones; see `Redaction`.

    Raises:
        ValueError: one of the names is none.
    """
    redaction = Redaction(redact)
    target = sys.stderr if stream is None else stream
    as_text = log_format == "text" or (log_format == "auto" and target.isatty())
    handler = logging.StreamHandler(target)
    handler.set_name(_HANDLER_NAME)
    handler.setFormatter(TextFormatter(redaction) if as_text else JsonFormatter(redaction))
    handler.addFilter(CorrelationFilter())
    root = logging.getLogger()
    for old in [each for each in root.handlers if each.get_name() == _HANDLER_NAME]:
        root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(level.upper())
    # Their debugging is about their own insides and drowns everybody else's.
    for noisy in ("asyncio", "grpc"):
        logging.getLogger(noisy).setLevel(max(root.level, logging.INFO))
