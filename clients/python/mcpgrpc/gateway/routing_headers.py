"""The headers of a modern POST that mirror its body, so that proxies can route by them.

It answers nothing. A request whose headers say something else than its body is refused in the words
of the official SDK; headers for a tool's own params are `param_headers`.
"""

from __future__ import annotations

from typing import Any, Final

from starlette.requests import Request

from mcpgrpc.binding import errors, ids, json_text
from mcpgrpc.binding.ids import Id
from mcpgrpc.gateway import sdk_framing
from mcpgrpc.gateway.replies import HttpRefusalError
from mcpgrpc.v1 import envelope_pb2

METHOD_HEADER: Final = "mcp-method"
_NAME_HEADER: Final = "mcp-name"


def checked_params(request: Request, message: envelope_pb2.JsonRpcRequest) -> dict[str, Any]:
    """The params of a request whose envelope and mirrored headers agree.

    Raises:
        HttpRefusalError: they do not, a header stands twice, or the method is of the other era.
    """
    request_id = ids.from_message(message.id)
    duplicated = sdk_framing.find_duplicated_routing_header(request.headers.items())
    if duplicated is not None:
        raise HttpRefusalError(
            400,
            f"{duplicated} header appears more than once",
            code=errors.HEADER_MISMATCH,
            request_id=request_id,
        )
    params = json_text.parse_object(message.params_json) if message.params_json else None
    verdict = sdk_framing.classify_inbound_request(
        {"method": message.method, "params": params}, headers=dict(request.headers)
    )
    if isinstance(verdict, sdk_framing.InboundLadderRejection):
        raise rejected(verdict, request_id)
    if message.method == "initialize":
        # This era has no such method; a server of both would take it for the other era's.
        raise HttpRefusalError(
            404,
            "Method not found",
            code=errors.METHOD_NOT_FOUND,
            request_id=request_id,
            data=message.method,
        )
    return params or {}


def mirrors(request: Request, method: str, params: dict[str, Any]) -> tuple[tuple[str, str], ...]:
    """The mirrored headers, for proxies that route a Call by them; they agree with the body."""
    found = [(METHOD_HEADER, method)]
    name = request.headers.get(_NAME_HEADER)
    named = params.get(sdk_framing.NAME_BEARING_METHODS.get(method, ""))
    if name is not None and named is not None:
        found.append((_NAME_HEADER, name))
    return tuple((key, value) for key, value in found if value.isascii() and value.isprintable())


def rejected(
    rejection: sdk_framing.InboundLadderRejection, request_id: Id | None
) -> HttpRefusalError:
    """The refusal of a request that the SDK's rules reject, in its words and with its status."""
    return HttpRefusalError(
        sdk_framing.ERROR_CODE_HTTP_STATUS.get(rejection.code, 400),
        rejection.message,
        code=rejection.code,
        request_id=request_id,
        data=... if rejection.data is None else rejection.data,
    )
