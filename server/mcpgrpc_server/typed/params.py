"""The params of a request put together of a typed request's fields.

It knows the parts that requests share: `_meta`, the retry, the page. Each service adds its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from mcpgrpc.binding import json_members, json_text
from mcpgrpc.binding.era import MODERN_VERSIONS, PROTOCOL_VERSION_META_KEY
from mcpgrpc.v1 import request_pb2
from mcpgrpc_server.typed.results import PROGRESS_KEY
from mcpgrpc_server.typed.writing import BadRequestError, merge, object_text, word_text, write

REQUEST_ID: Final = 1
"""The id of every typed request, and its progress token: an RPC has only the one."""

_PREFIX: Final = PROTOCOL_VERSION_META_KEY.removesuffix("protocolVersion")
_NEWEST: Final = MODERN_VERSIONS[-1]
_LOG_LEVEL: Final[Any] = request_pb2.RequestContext.DESCRIPTOR.fields_by_name["log_level"]


@dataclass(frozen=True, slots=True)
class TypedRequest:
    """One request of MCP.

    Attributes:
        method: its method.
        params_json: its params.
        target: the tool, prompt or resource that it is about; None where it is about none.
    """

    method: str
    params_json: str
    target: str | None = None


def page(method: str, request: Any) -> TypedRequest:
    """A request for one page of a list. Raises as `assemble`."""
    members = {"cursor": json_text.dump(request.cursor)} if request.HasField("cursor") else {}
    return assemble(method, members, request.context)


def assemble(
    method: str,
    members: Mapping[str, str],
    context: request_pb2.RequestContext,
    *,
    target: str | None = None,
    watched: bool = False,
) -> TypedRequest:
    """A request of its own members and what every request can say.

    Args:
        method: of MCP.
        members: JSON text of each member of its params.
        context: what goes into `_meta`.
        target: what it is about.
        watched: whether its progress is asked for.

    Raises:
        BadRequestError: the context is wrong.
    """
    params = {**members, "_meta": _meta(context, watched=watched)}
    if context.HasField("extra_params_json"):
        merge(params, context.extra_params_json, "context.extra_params_json")
    return TypedRequest(method, json_members.join(params), target)


def required(value: str, name: str) -> str:
    """The JSON text of a field that has to be set.

    Raises:
        BadRequestError: it is empty.
    """
    if not value:
        raise BadRequestError(f"{name} is required")
    return json_text.dump(value)


def retried(retry: request_pb2.InputRetry) -> dict[str, str]:
    """The members of a retry.

    Raises:
        BadRequestError: a response is no JSON object.
    """
    members: dict[str, str] = {}
    if retry.input_responses_json:
        responses = {
            key: object_text(text, f"retry.input_responses_json[{key[:100]!r}]")
            for key, text in retry.input_responses_json.items()
        }
        members["inputResponses"] = json_members.join(responses)
    if retry.HasField("request_state"):
        members["requestState"] = json_text.dump(retry.request_state)
    return members


def _meta(context: request_pb2.RequestContext, *, watched: bool) -> str:
    capabilities = "{}"
    if context.HasField("client_capabilities_json"):
        text = context.client_capabilities_json
        capabilities = object_text(text, "context.client_capabilities_json")
    version = context.protocol_version if context.HasField("protocol_version") else _NEWEST
    meta = {
        PROTOCOL_VERSION_META_KEY: json_text.dump(version),
        f"{_PREFIX}clientCapabilities": capabilities,
    }
    if context.HasField("client_info"):
        meta[f"{_PREFIX}clientInfo"] = write(context.client_info, "context.client_info")
    level = word_text(_LOG_LEVEL, context.log_level, "context.log_level")
    if level is not None:
        meta[f"{_PREFIX}logLevel"] = level
    if watched:
        meta[PROGRESS_KEY] = str(REQUEST_ID)
    if context.HasField("extra_meta_json"):
        merge(meta, context.extra_meta_json, "context.extra_meta_json")
    return json_members.join(meta)
