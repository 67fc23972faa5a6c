"""Keeps metadata that is no text out of gRPC's own log, which shows it whole: it may be a secret.

It changes no other line of that log, and nothing of what gRPC does.
"""

from __future__ import annotations

import logging
from typing import Final

from mcpgrpc.logs.redaction import REDACTED

_GRPC_LOGGER: Final = "grpc._cython.cygrpc"
_COMPLAINT: Final = "Invalid encoding on %s"


class _WithoutValue(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        if record.msg == _COMPLAINT:
            record.args = (REDACTED,)
            record.exc_info = None
        return True


_filter: Final = _WithoutValue()


def hide_unreadable_metadata() -> None:
    """Hide it from every handler of this process's log, from now on. Idempotent."""
    logging.getLogger(_GRPC_LOGGER).addFilter(_filter)
