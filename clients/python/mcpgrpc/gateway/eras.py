"""Of which era an HTTP request is: by its version header alone, as the SDK tells them apart.

It judges no version: whoever serves the era does.
"""

from __future__ import annotations

from typing import Final

from mcpgrpc.gateway.sdk_framing import HANDSHAKE_PROTOCOL_VERSIONS

VERSION_HEADER: Final = "mcp-protocol-version"

LEGACY: Final = "legacy"
MODERN: Final = "modern"


def era_of(version: str | None) -> str:
    """Legacy for the versions that begin with `initialize`, and where there is no such header."""
    return LEGACY if version is None or version in HANDSHAKE_PROTOCOL_VERSIONS else MODERN
