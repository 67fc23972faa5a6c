"""What the span of one MCP request is called, says, and ends with, whoever makes it.

Names and attributes are those of the official SDK's spans, MCP's semantic conventions and those of
RPC. What strangers choose (names, ids, messages) is cut to a bound.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any, Final

from opentelemetry.trace import Span, StatusCode

from mcpgrpc.binding.era import PROTOCOL_VERSION_META_KEY
from mcpgrpc.binding.ids import Id
from mcpgrpc.binding.tool_errors import says_error
from mcpgrpc.v1 import envelope_pb2

MAX_NAME_CHARS: Final = 128
"""Of a method, a tool, a prompt, an id: what MCP recommends as the longest name of a tool."""

MAX_TEXT_CHARS: Final = 1024
"""Of a URI and of an error's message."""

CANCELLED: Final = "cancelled"
TIMEOUT: Final = "timeout"

_CALL_TOOL: Final = "tools/call"
_ERROR_TYPE: Final = "error.type"
_MCP_SERVICE: Final = "McpService"
_SESSION_ID: Final = "mcp-session-id"
_NOTHING: Final[Mapping[str, str]] = {}


def span_name(method: str, params: Mapping[str, Any] | None) -> str:
    """`tools/call add`, or the method alone where nothing is named."""
    target = (params or {}).get("name")
    method = clipped(method, MAX_NAME_CHARS)
    return f"{method} {clipped(target)}" if isinstance(target, str) and target else method


class RequestAttributes(Mapping[str, str | int]):
    """The attributes of MCP and RPC, put together once somebody looks at them.

    A sampler that drops a request seldom does, and most requests are dropped.

    Args:
        method: the request's method.
        request_id: its id.
        params: its parameters.
        rpc: what it goes over, by its short name: `Session`, `ToolsService/CallTool`.
        beside: further attributes.
    """

    __slots__ = ("_asked", "_found")

    def __init__(
        self,
        method: str,
        request_id: Id | None,
        params: Mapping[str, Any] | None,
        rpc: str = "",
        beside: Mapping[str, str] = _NOTHING,
    ) -> None:
        self._asked = method, request_id, params, rpc, beside
        self._found: dict[str, str | int] | None = None

    def __getitem__(self, name: str) -> str | int:
        return self._whole()[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._whole())

    def __len__(self) -> int:
        return len(self._whole())

    def _whole(self) -> dict[str, str | int]:
        if self._found is None:
            method, request_id, params, rpc, beside = self._asked
            found = _attributes_of_mcp(method, request_id, params or {})
            self._found = {**found, **_attributes_of_rpc(rpc), **beside}
        return self._found


def _attributes_of_mcp(
    method: str, request_id: Id | None, params: Mapping[str, Any]
) -> dict[str, str | int]:
    found: dict[str, str | int] = {"mcp.method.name": clipped(method)}
    meta = params.get("_meta")
    version = meta.get(PROTOCOL_VERSION_META_KEY) if isinstance(meta, Mapping) else None
    if isinstance(version, str):
        found["mcp.protocol.version"] = clipped(version)
    if request_id is not None:
        found["jsonrpc.request.id"] = clipped(str(request_id))
    target = params.get("name")
    if method == _CALL_TOOL:
        found["gen_ai.operation.name"] = "execute_tool"
    attribute = _NAMED.get(method)
    if attribute is not None and isinstance(target, str):
        found[attribute] = clipped(target)
    uri = params.get("uri")
    if isinstance(uri, str):
        found["mcp.resource.uri"] = clipped(uri, MAX_TEXT_CHARS)
    return found


_NAMED: Final = {_CALL_TOOL: "gen_ai.tool.name", "prompts/get": "gen_ai.prompt.name"}


@lru_cache(maxsize=64)
def _attributes_of_rpc(rpc: str) -> Mapping[str, str | int]:
    if not rpc:
        return {}
    service, _, method = rpc.rpartition("/")
    return {
        "rpc.system": "grpc",
        "rpc.service": f"mcpgrpc.v1.{service or _MCP_SERVICE}",
        "rpc.method": method,
    }


def session_attributes(headers: Mapping[str, str] | None) -> dict[str, str]:
    """The attribute of the HTTP session that a door's request belongs to, if any."""
    session_id = (headers or {}).get(_SESSION_ID)
    return {} if session_id is None else {"mcp.session.id": clipped(session_id)}


def end_with(span: Span, method: str, response: envelope_pb2.JsonRpcResponse) -> None:
    """Say how a request was answered; the span is still to be ended."""
    if not span.is_recording():
        return
    if response.HasField("error"):
        error = response.error
        end_with_error(span, error.code, error.message, by_service=bool(response.reason))
    elif method == _CALL_TOOL and says_error(response.result_json):
        end_with_tool_error(span)


def end_with_error(span: Span, code: int, message: str, *, by_service: bool) -> None:
    """It was answered an error; one of the service itself has the number of gRPC's status."""
    span.set_attribute(_ERROR_TYPE, str(code))
    span.set_attribute("rpc.response.status_code", str(code))
    if by_service:
        span.set_attribute("rpc.grpc.status_code", code)
    span.set_status(StatusCode.ERROR, clipped(message, MAX_TEXT_CHARS))


def end_with_tool_error(span: Span) -> None:
    """The tool itself failed."""
    span.set_attribute(_ERROR_TYPE, "tool_error")
    span.set_status(StatusCode.ERROR)


def end_unanswered(span: Span, why: str, message: str = "") -> None:
    """It got no answer: `CANCELLED`, `TIMEOUT`, or the name of an exception."""
    span.set_attribute(_ERROR_TYPE, why)
    span.set_status(StatusCode.ERROR, clipped(message or why, MAX_TEXT_CHARS))


def clipped(text: str, max_chars: int = MAX_NAME_CHARS) -> str:
    """At most so much of a text, without what has no UTF-8 form: it would cost a whole batch."""
    if len(text) > max_chars:
        text = text[:max_chars]
    return text if text.isascii() else text.encode(errors="replace").decode()
