"""What doors and upstreams take of the SDK's HTTP framing; the only module that imports it.

It holds no logic of its own. These are deep imports, of modules that the SDK does not promise to
keep: when a name moves, this is the module to change. What is taken are the rules that the official
suite checks: the ladder of a modern request, header mirrors, the status of an error code. Sessions
and SSE are the door's own: the SDK's transports parse and write every message anew.
"""

from __future__ import annotations

from mcp.shared.inbound import (
    ERROR_CODE_HTTP_STATUS,
    MCP_PARAM_HEADER_PREFIX,
    NAME_BEARING_METHODS,
    InboundLadderRejection,
    classify_inbound_request,
    decode_header_value,
    encode_header_value,
    find_duplicated_routing_header,
    find_invalid_x_mcp_header,
    mcp_param_headers,
    unsupported_protocol_version_rejection,
    validate_mcp_param_headers,
    x_mcp_header_map,
)
from mcp_types.version import HANDSHAKE_PROTOCOL_VERSIONS

__all__ = [
    "ERROR_CODE_HTTP_STATUS",
    "HANDSHAKE_PROTOCOL_VERSIONS",
    "MCP_PARAM_HEADER_PREFIX",
    "NAME_BEARING_METHODS",
    "InboundLadderRejection",
    "classify_inbound_request",
    "decode_header_value",
    "encode_header_value",
    "find_duplicated_routing_header",
    "find_invalid_x_mcp_header",
    "mcp_param_headers",
    "unsupported_protocol_version_rejection",
    "validate_mcp_param_headers",
    "x_mcp_header_map",
]
