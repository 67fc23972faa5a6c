"""Requests of the modern era as a legacy upstream takes them, and its answers as modern ones.

It is pure: text in, text out. What a session is needed for (subscriptions, log levels) is not here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from mcpgrpc.binding import errors, json_members, json_text
from mcpgrpc.binding.era import MODERN_VERSIONS, PROTOCOL_VERSION_META_KEY
from mcpgrpc.v1 import envelope_pb2
from mcpgrpc_server.upstream.refusals import malformed

CLIENT_INFO_META_KEY: Final = "io.modelcontextprotocol/clientInfo"
CLIENT_CAPABILITIES_META_KEY: Final = "io.modelcontextprotocol/clientCapabilities"
LOG_LEVEL_META_KEY: Final = "io.modelcontextprotocol/logLevel"
SERVER_INFO_META_KEY: Final = "io.modelcontextprotocol/serverInfo"

DISCOVER_METHOD: Final = "server/discover"

_ENVELOPE_KEYS: Final = (
    PROTOCOL_VERSION_META_KEY,
    CLIENT_INFO_META_KEY,
    CLIENT_CAPABILITIES_META_KEY,
    LOG_LEVEL_META_KEY,
)
_REMOVED_METHODS: Final = frozenset(
    {
        "initialize",
        "logging/setLevel",
        "ping",
        "resources/subscribe",
        "resources/unsubscribe",
    }
)
"""Methods of the legacy era that 2026-07-28 does not have."""

_CACHEABLE_METHODS: Final = frozenset(
    {
        "prompts/list",
        "resources/list",
        "resources/read",
        "resources/templates/list",
        "tools/list",
    }
)
_STALE_AT_ONCE: Final = {"ttlMs": "0", "cacheScope": '"private"'}
"""A legacy upstream says nothing about caching, and may answer differently each time and to each
caller."""

_LEGACY_ONLY_CAPABILITIES: Final = ("tasks",)
_RESOURCE_NOT_FOUND: Final = -32002
"""Retired in 2026-07-28, where a resource that is not there is a matter of the params."""


def refused(method: str, params: Mapping[str, Any] | None) -> envelope_pb2.JsonRpcResponse | None:
    """The answer to a request that no server of the modern era would take; None for the others."""
    meta = (params or {}).get("_meta")
    meta = meta if isinstance(meta, dict) else {}
    needed = (PROTOCOL_VERSION_META_KEY, CLIENT_CAPABILITIES_META_KEY)
    missing = [key for key in needed if key not in meta]
    if missing:
        return errors.failure(errors.INVALID_PARAMS, f"params._meta needs {' and '.join(missing)}")
    version = meta[PROTOCOL_VERSION_META_KEY]
    if not isinstance(version, str):
        return errors.failure(
            errors.INVALID_PARAMS, f"{PROTOCOL_VERSION_META_KEY} must be a string"
        )
    if version not in MODERN_VERSIONS:
        data = {"supported": list(MODERN_VERSIONS), "requested": version}
        return errors.failure(
            errors.UNSUPPORTED_PROTOCOL_VERSION, "Unsupported protocol version", data
        )
    if method in _REMOVED_METHODS:
        return errors.failure(errors.METHOD_NOT_FOUND, f"{method} is no method of {version}")
    return None


def legacy_params(params_json: str) -> str:
    """The params of a modern request without what a legacy server does not know.

    Raises:
        ValueError: a member stands twice.
    """
    members = json_members.cut(params_json)
    meta = json_members.cut(members["_meta"])
    for key in _ENVELOPE_KEYS:
        meta.pop(key, None)
    if meta:
        members["_meta"] = json_members.join(meta)
    else:
        del members["_meta"]
    return json_members.join(members)


def modern_answer(
    method: str, answer: envelope_pb2.JsonRpcResponse, server_info_json: str | None
) -> envelope_pb2.JsonRpcResponse:
    """A legacy upstream's answer as a modern server would give it.

    Args:
        method: of the request.
        answer: its outcome.
        server_info_json: what the upstream said about itself, which stands on every result.
    """
    if answer.WhichOneof("outcome") == "error":
        if answer.error.code == _RESOURCE_NOT_FOUND and method == "resources/read":
            answer.error.code = errors.INVALID_PARAMS
        return answer
    try:
        members = json_members.cut(answer.result_json)
        meta = json_members.cut(members.get("_meta", "{}"))
    except ValueError:
        return malformed()
    members.setdefault("resultType", '"complete"')
    if method in _CACHEABLE_METHODS:
        members = _STALE_AT_ONCE | members
    if server_info_json is not None:
        meta.setdefault(SERVER_INFO_META_KEY, server_info_json)
        members["_meta"] = json_members.join(meta)
    return envelope_pb2.JsonRpcResponse(result_json=json_members.join(members))


def discovered(initialize_result: Mapping[str, Any]) -> envelope_pb2.JsonRpcResponse:
    """The answer to `server/discover` from what the upstream said to `initialize`."""
    capabilities = initialize_result.get("capabilities")
    capabilities = dict(capabilities) if isinstance(capabilities, dict) else {}
    for name in _LEGACY_ONLY_CAPABILITIES:
        capabilities.pop(name, None)
    result: dict[str, Any] = {
        "resultType": "complete",
        "supportedVersions": list(MODERN_VERSIONS),
        "capabilities": capabilities,
        "ttlMs": 0,
        "cacheScope": "private",
    }
    if isinstance(initialize_result.get("instructions"), str):
        result["instructions"] = initialize_result["instructions"]
    if isinstance(initialize_result.get("serverInfo"), dict):
        result["_meta"] = {SERVER_INFO_META_KEY: initialize_result["serverInfo"]}
    return envelope_pb2.JsonRpcResponse(result_json=json_text.dump(result))
