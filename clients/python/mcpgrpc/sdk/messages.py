"""The SDK's message models and envelopes, both ways.

It keeps no state: ids, params and results pass through as they are.
"""

from __future__ import annotations

from typing import Any

from mcp.shared.message import ClientMessageMetadata, SessionMessage
from mcp_types import (
    INTERNAL_ERROR,
    PARSE_ERROR,
    ErrorData,
    JSONRPCError,
    JSONRPCNotification,
    JSONRPCRequest,
    JSONRPCResponse,
)

from mcpgrpc.binding import ids, json_text
from mcpgrpc.binding.ids import Id
from mcpgrpc.v1 import envelope_pb2

_MIRROR_PREFIX = "mcp-"
"""Headers that repeat what the message itself says; a proxy's business, and not on a Session."""


def request_envelope(message: JSONRPCRequest, metadata: object) -> envelope_pb2.Envelope:
    """A request of the SDK's client."""
    headers = metadata.headers if isinstance(metadata, ClientMessageMetadata) else None
    return new_request(message.id, message.method, message.params, headers)


def new_request(
    request_id: Id, method: str, params: dict[str, Any] | None, headers: dict[str, str] | None
) -> envelope_pb2.Envelope:
    """A request of these parts; `headers` are those that the SDK would have HTTP carry."""
    # Filled in place: a message that is put into another one is copied.
    envelope = envelope_pb2.Envelope()
    request = envelope.request
    ids.write(request.id, request_id)
    request.method = method
    if params is not None:
        request.params_json = json_text.dump(params)
    for name, value in (headers or {}).items():
        lower = name.lower()
        if not lower.startswith(_MIRROR_PREFIX):
            envelope.door.headers.add(name=lower, value=value)
    return envelope


def notification_envelope(message: JSONRPCNotification) -> envelope_pb2.Envelope:
    """A notification of the SDK's client."""
    notification = envelope_pb2.JsonRpcNotification(
        method=message.method, params_json=_text(message.params)
    )
    return envelope_pb2.Envelope(notification=notification)


def reply_envelope(message: JSONRPCResponse | JSONRPCError) -> envelope_pb2.Envelope:
    """The SDK client's answer to a request of the server."""
    response = envelope_pb2.JsonRpcResponse()
    if message.id is not None:
        response.id.CopyFrom(ids.to_message(message.id))
    if isinstance(message, JSONRPCResponse):
        response.result_json = json_text.dump(message.result)
        return envelope_pb2.Envelope(response=response)
    response.error.code = message.error.code
    response.error.message = message.error.message
    if message.error.data is not None:
        response.error.data_json = json_text.dump(message.error.data)
    return envelope_pb2.Envelope(response=response)


def incoming_request(envelope: envelope_pb2.Envelope) -> SessionMessage:
    """A request of the server."""
    request = envelope.request
    message = JSONRPCRequest(
        jsonrpc="2.0",
        id=_required(ids.from_message(request.id)),
        method=request.method,
        **_params(request),
    )
    return SessionMessage(message)


def incoming_notification(envelope: envelope_pb2.Envelope) -> SessionMessage:
    """A notification of the server."""
    notification = envelope.notification
    message = JSONRPCNotification(
        jsonrpc="2.0", method=notification.method, **_params(notification)
    )
    return SessionMessage(message)


def incoming_response(envelope: envelope_pb2.Envelope) -> SessionMessage:
    """The answer to a request of the SDK's client."""
    request_id = _required(ids.from_message(envelope.response.id))
    answer = outcome(envelope.response)
    if isinstance(answer, ErrorData):
        return SessionMessage(JSONRPCError(jsonrpc="2.0", id=request_id, error=answer))
    return SessionMessage(JSONRPCResponse(jsonrpc="2.0", id=request_id, result=answer))


def outcome(response: envelope_pb2.JsonRpcResponse) -> dict[str, Any] | ErrorData:
    """What became of a request: its result, or its error."""
    if not response.HasField("result_json"):
        return _error(response)
    try:
        result = json_text.parse_object(response.result_json)
    except json_text.JsonTextError:
        result = None
    if result is None:
        return ErrorData(code=PARSE_ERROR, message="the result is not a JSON object")
    return result


def _error(response: envelope_pb2.JsonRpcResponse) -> ErrorData:
    if not response.HasField("error"):
        return ErrorData(code=INTERNAL_ERROR, message="the response has no outcome")
    error = response.error
    try:
        data = json_text.parse(error.data_json) if error.HasField("data_json") else None
    except json_text.JsonTextError:
        data = None
    return ErrorData(code=error.code, message=error.message, data=data)


def _text(params: dict[str, Any] | None) -> str | None:
    return None if params is None else json_text.dump(params)


def _params(
    call: envelope_pb2.JsonRpcRequest | envelope_pb2.JsonRpcNotification,
) -> dict[str, Any]:
    """Left out when absent: the SDK tells an unset `params` from a null one."""
    return {"params": json_text.parse(call.params_json)} if call.HasField("params_json") else {}


def _required(request_id: Id | None) -> Id:
    if request_id is None:
        raise AssertionError("the core admits no request without an id")
    return request_id
