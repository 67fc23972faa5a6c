"""Log levels of MCP: which messages a request has asked for.

It logs nothing. In the modern era each request names its level; a legacy session has one for all.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from mcpgrpc_server.upstream.translation import LOG_LEVEL_META_KEY

LOG_METHOD: Final = "notifications/message"
SET_LEVEL_METHOD: Final = "logging/setLevel"

LEVELS: Final = (
    "debug",
    "info",
    "notice",
    "warning",
    "error",
    "critical",
    "alert",
    "emergency",
)
"""From the least to the most severe."""

_RANKS: Final = {level: rank for rank, level in enumerate(LEVELS)}


def rank_asked_for(params: Mapping[str, Any] | None) -> int | None:
    """The rank of the level that a modern request names; None for no messages at all."""
    meta = (params or {}).get("_meta")
    return _rank(meta.get(LOG_LEVEL_META_KEY)) if isinstance(meta, dict) else None


def rank_of_message(params: Mapping[str, Any] | None) -> int | None:
    """The rank of a log message; None for what has no level."""
    return _rank((params or {}).get("level"))


def _rank(level: object) -> int | None:
    return _RANKS.get(level) if isinstance(level, str) else None
