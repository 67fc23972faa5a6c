"""The header fields that MCP's HTTP wants beside a message: mirrors of what stands in its body.

It takes nothing from any caller's headers: what a door forwarded stays with the envelope. The rules
are the SDK's, by way of the one module that knows them.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from typing import Any, Final

from mcpgrpc.binding import json_text
from mcpgrpc.binding.era import PROTOCOL_VERSION_META_KEY
from mcpgrpc.gateway import sdk_framing
from mcpgrpc.tracing import fields as trace_fields
from mcpgrpc.v1 import envelope_pb2
from mcpgrpc_server.upstream.http.endpoint import EVENTS, JSON

ACCEPT: Final = "accept"
VERSION: Final = "mcp-protocol-version"
SESSION_ID: Final = "mcp-session-id"
LAST_EVENT_ID: Final = "last-event-id"
JSON_OR_EVENTS: Final = f"{JSON}, {EVENTS}"

_METHOD: Final = "mcp-method"
_NAME: Final = "mcp-name"

ParamHeaders = Mapping[tuple[str, ...], str]
"""Which arguments of a tool are mirrored: the way to each, and the end of its header's name."""


def params_of(request: envelope_pb2.JsonRpcRequest) -> dict[str, Any]:
    """The params of a request; empty where it has none that are an object."""
    if not request.HasField("params_json"):
        return {}
    try:
        return json_text.parse_object(request.params_json) or {}
    except json_text.JsonTextError:
        return {}


def call_headers(method: str, params: Mapping[str, Any]) -> dict[str, str]:
    """The header fields of a modern request, but those of its arguments."""
    headers = {ACCEPT: JSON_OR_EVENTS}
    _mirror(headers, _METHOD, method)
    meta = params.get("_meta")
    if isinstance(meta, dict):
        # A trace's context too, for whatever stands before the upstream's MCP server.
        headers |= trace_fields.bounded(meta)
        _mirror(headers, VERSION, meta.get(PROTOCOL_VERSION_META_KEY))
    _mirror(headers, _NAME, params.get(sdk_framing.NAME_BEARING_METHODS.get(method, "")))
    return headers


def param_headers(declared: ParamHeaders, params: Mapping[str, Any]) -> dict[str, str]:
    """The header fields of a `tools/call`'s arguments."""
    arguments = params.get("arguments")
    if not isinstance(arguments, dict):
        return {}
    try:
        return sdk_framing.mcp_param_headers(declared, arguments)
    except UnicodeEncodeError:
        # A lone surrogate has no form; without it the upstream says what it thinks of the body.
        return {}


def declared_headers(input_schema: Any) -> ParamHeaders:
    """Which arguments a tool's schema wants mirrored; none where the schema breaks the rules."""
    if sdk_framing.find_invalid_x_mcp_header(input_schema) is not None:
        return {}
    return sdk_framing.x_mcp_header_map(input_schema)


def _mirror(headers: dict[str, str], name: str, value: Any) -> None:
    """Set a field, unless the body holds there no string, or a lone surrogate, which has no form.

    The upstream then says itself what it thinks of that.
    """
    if isinstance(value, str):
        with contextlib.suppress(UnicodeEncodeError):
            headers[name] = sdk_framing.encode_header_value(value)
