"""How the lean client and a server agree on a revision: discover, initialize, or neither.

It sends the handshake's requests and no other.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from mcpgrpc.binding.era import LEGACY_VERSIONS, MODERN_VERSIONS
from mcpgrpc.client.requests import Requests
from mcpgrpc.errors import RemoteError, ServiceError, UsageError

AUTO: Final = "auto"
LEGACY: Final = "legacy"
SERVER_INFO_META_KEY: Final = "io.modelcontextprotocol/serverInfo"
DEFAULT_CLIENT_INFO: Final = {"name": "mcpgrpc", "version": "0.1.0"}


@dataclass(frozen=True, slots=True)
class Negotiated:
    """What client and server agreed on."""

    protocol_version: str
    server_info: dict[str, Any] | None
    capabilities: dict[str, Any]
    instructions: str | None


def checked_mode(mode: str, rpc: str) -> str:
    """The mode itself. Raises UsageError for an unknown one, or one that `rpc` has no room for."""
    if mode not in (AUTO, LEGACY, *MODERN_VERSIONS):
        known = ", ".join((AUTO, LEGACY, *MODERN_VERSIONS))
        raise UsageError(f"mode must be one of {known}, not {mode!r}")
    if mode == LEGACY and rpc == "call":
        raise UsageError('the legacy era needs a stream: use rpc="session"')
    return mode


class Handshake:
    """Agrees with a server.

    Args:
        client_info: MCP's `clientInfo`.
        capabilities: MCP's client capabilities.
    """

    def __init__(self, client_info: dict[str, Any] | None, capabilities: dict[str, Any]) -> None:
        self._client_info = client_info or DEFAULT_CLIENT_INFO
        self._capabilities = capabilities

    async def perform(self, requests: Requests, mode: str, timeout_seconds: float) -> Negotiated:
        """Agree in a mode; what `requests` sends from then on is of that era."""
        if mode == LEGACY:
            return await self._initialize(requests, timeout_seconds)
        version = MODERN_VERSIONS[-1] if mode == AUTO else mode
        requests.speak_modern(version, self._client_info, self._capabilities)
        if mode != AUTO:
            return Negotiated(version, None, {}, None)
        return await self._discover(requests, version, timeout_seconds)

    async def _discover(
        self, requests: Requests, version: str, timeout_seconds: float
    ) -> Negotiated:
        try:
            found = await requests.request("server/discover", None, timeout_seconds=timeout_seconds)
        except ServiceError:
            # The service refuses, which says nothing about the era.
            raise
        except RemoteError:
            return await self._initialize(requests, timeout_seconds)
        if version not in (found.get("supportedVersions") or ()):
            return await self._initialize(requests, timeout_seconds)
        meta = found.get("_meta") or {}
        return Negotiated(
            version,
            meta.get(SERVER_INFO_META_KEY),
            found.get("capabilities") or {},
            found.get("instructions"),
        )

    async def _initialize(self, requests: Requests, timeout_seconds: float) -> Negotiated:
        requests.speak_legacy()
        params = {
            "protocolVersion": LEGACY_VERSIONS[-1],
            "capabilities": self._capabilities,
            "clientInfo": self._client_info,
        }
        answer = await requests.request("initialize", params, timeout_seconds=timeout_seconds)
        version = answer.get("protocolVersion")
        if version not in LEGACY_VERSIONS:
            raise RemoteError(
                -32022, f"the server speaks {version!r}, which this client does not", answer
            )
        await requests.notify("notifications/initialized", None)
        return Negotiated(
            version,
            answer.get("serverInfo"),
            answer.get("capabilities") or {},
            answer.get("instructions"),
        )
