"""Which era of MCP a stream speaks, and which requests it takes then.

It does not negotiate a version: `initialize` and the request's own envelope do, in the application.

    open    --initialize answered with a result-->                         legacy
    open    --modern request answered with a result or -32020 to -32022--> modern
    legacy, modern: for good

The first request does not decide: a client that probes with `server/discover` and falls back to
`initialize` does both on one stream.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Any, Final

from mcpgrpc.binding import errors
from mcpgrpc.v1 import envelope_pb2

PROTOCOL_VERSION_META_KEY: Final = "io.modelcontextprotocol/protocolVersion"
"""The member of `params._meta` that makes a request a modern one."""

MODERN_VERSIONS: Final = ("2026-07-28",)
"""Revisions whose requests carry their own envelope."""

LEGACY_VERSIONS: Final = ("2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25")
"""Revisions that begin with `initialize`."""

_DECIDES_MODERN: Final = range(-32022, -32019)


class Era(Enum):
    """The era of a stream."""

    OPEN = "open"
    LEGACY = "legacy"
    MODERN = "modern"


def is_modern_request(method: str, params: Mapping[str, Any] | None) -> bool:
    """Whether a request carries the envelope of 2026-07-28.

    `initialize` does not exist there, so it is a legacy request whatever it carries.
    """
    if not params or method == "initialize":
        return False
    meta = params.get("_meta")
    return isinstance(meta, dict) and PROTOCOL_VERSION_META_KEY in meta


class EraGate:
    """The era of one stream. A door that knows it pins it from the start."""

    def __init__(self, pinned: Era = Era.OPEN) -> None:
        self.era = pinned

    def refuse(
        self, method: str, modern: bool, params: Mapping[str, Any] | None
    ) -> envelope_pb2.JsonRpcResponse | None:
        """The answer to a request of the other era; None when the stream takes it."""
        if self.era is Era.LEGACY and modern:
            return errors.failure(
                errors.INVALID_REQUEST,
                "this connection serves the handshake protocol era; "
                "requests carrying the 2026-07-28 envelope are not accepted on it",
            )
        if self.era is Era.MODERN and method == "initialize":
            return errors.failure(
                errors.UNSUPPORTED_PROTOCOL_VERSION,
                "connection is serving the 2026-07-28 protocol; "
                "the initialize handshake is not accepted",
                _supported_data(params),
            )
        return None

    def answered(self, method: str, modern: bool, code: int | None) -> None:
        """A request was answered: with a result (`code` None) or with an error's code."""
        if self.era is not Era.OPEN:
            return
        if method == "initialize":
            if code is None:
                self.era = Era.LEGACY
        elif modern and (code is None or code in _DECIDES_MODERN):
            self.era = Era.MODERN


def _supported_data(params: Mapping[str, Any] | None) -> dict[str, Any]:
    data: dict[str, Any] = {"supported": list(MODERN_VERSIONS)}
    requested = (params or {}).get("protocolVersion")
    if isinstance(requested, str):
        data["requested"] = requested
    return data
