"""The answers and the requests that a merged server makes by itself.

It routes nothing.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import Any, Final

from mcpgrpc.binding import errors, json_text
from mcpgrpc.binding.era import PROTOCOL_VERSION_META_KEY, Era
from mcpgrpc.binding.errors import Refusal
from mcpgrpc.binding.ids import Id
from mcpgrpc.binding.in_flight import InFlightRequest
from mcpgrpc.v1 import envelope_pb2, errors_pb2
from mcpgrpc_server.backend import ServerCall
from mcpgrpc_server.merge.kinds import Kind

LEGACY_RESOURCE_NOT_FOUND: Final = -32002
"""What revisions before 2026-07-28 answer for a resource that does not exist."""

CLIENT_INFO_META_KEY: Final = "io.modelcontextprotocol/clientInfo"

ENVELOPE_KEYS: Final = (
    PROTOCOL_VERSION_META_KEY,
    CLIENT_INFO_META_KEY,
    "io.modelcontextprotocol/clientCapabilities",
)
"""The members of `_meta` by which a modern request says who asks, and in which revision."""

_OWN_ID_PREFIX: Final = "mcpgrpc-merge-"
_own_numbers = itertools.count(1)


def own_call(method: str, params: Mapping[str, Any] | None, *, modern: bool) -> ServerCall:
    """A request to a member that no client has made; its id says so."""
    request = InFlightRequest(f"{_OWN_ID_PREFIX}{next(_own_numbers)}", method, modern)
    own = None if params is None else dict(params)
    text = None if own is None else json_text.dump(own)
    return ServerCall(request, Era.MODERN if modern else Era.LEGACY, own, text, None)


def is_own_id(request_id: Id | None) -> bool:
    """Whether an id is one of `own_call`, which means nothing to a client."""
    return isinstance(request_id, str) and request_id.startswith(_OWN_ID_PREFIX)


def is_modern(call: ServerCall) -> bool:
    """Whether a request is of the stateless era."""
    return call.request.modern or call.era is Era.MODERN


def result(members: Mapping[str, Any]) -> envelope_pb2.JsonRpcResponse:
    """A result."""
    return envelope_pb2.JsonRpcResponse(result_json=json_text.dump(dict(members)))


def result_object(response: envelope_pb2.JsonRpcResponse | None) -> dict[str, Any] | None:
    """The result that a response holds, parsed; None for an error and for what is no object."""
    if response is None or response.WhichOneof("outcome") != "result_json":
        return None
    try:
        return json_text.parse_object(response.result_json)
    except json_text.JsonTextError:
        return None


def is_error(response: envelope_pb2.JsonRpcResponse) -> bool:
    """Whether a response is no result."""
    return bool(response.WhichOneof("outcome") != "result_json")


def is_unknown_method(response: envelope_pb2.JsonRpcResponse) -> bool:
    """Whether a member says that it does not have the method, and so has done nothing."""
    return is_error(response) and response.error.code == errors.METHOD_NOT_FOUND


def unavailable(member: str) -> envelope_pb2.JsonRpcResponse:
    """A member that is down is needed."""
    return Refusal(
        errors_pb2.ERROR_REASON_UPSTREAM_UNAVAILABLE,
        f"{member} is not available now; send the request again later",
    ).response()


def unknown(kind: Kind, key: str, *, modern: bool) -> envelope_pb2.JsonRpcResponse:
    """No member has what is asked for."""
    if not kind.is_uri:
        return errors.failure(errors.INVALID_PARAMS, f"Unknown {kind.noun}: {key}")
    code = errors.INVALID_PARAMS if modern else LEGACY_RESOURCE_NOT_FOUND
    return errors.failure(code, f"Unknown {kind.noun}: {key}", {"uri": key})


def malformed(what: str) -> envelope_pb2.JsonRpcResponse:
    """The params of a request lack what it is routed by."""
    return errors.failure(errors.INVALID_PARAMS, f"Invalid request parameters: {what}")


def unknown_method(method: str) -> envelope_pb2.JsonRpcResponse:
    """No member has a method."""
    return errors.failure(errors.METHOD_NOT_FOUND, "Method not found", method)
