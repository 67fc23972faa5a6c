"""JSON-RPC text and envelopes, both ways, verbatim.

It does not judge methods or eras, and it does not parse what it need not: the text of `params`,
`result` and `error.data` is cut out of the message and put back as it is.

Messages are told apart by which keys are present, as JSON-RPC 2.0 section 4 says: `method` with
`id` is a request, `method` without is a notification, `result` or `error` is a response.
"""

from __future__ import annotations

from typing import Any, Final

from mcpgrpc.binding import errors, ids, json_members, json_text
from mcpgrpc.v1 import envelope_pb2

_ID_RULE: Final = "id must be a string with UTF-8 or an integer of 64 bits"
_ERROR_CODES: Final = range(-(2**63), 2**63)


class InvalidMessageError(ValueError):
    """A text is not one JSON-RPC message.

    `code` is the JSON-RPC error to answer with; `request_id` is the id to answer to, None where it
    could not be read or the message is owed no answer.
    """

    def __init__(self, code: int, message: str, request_id: ids.Id | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.request_id = request_id


def envelope_from_text(
    text: str, *, max_depth: int = json_text.DEFAULT_MAX_DEPTH
) -> envelope_pb2.Envelope:
    """The envelope of one JSON-RPC message.

    Raises:
        InvalidMessageError: -32700 for text that is not JSON, -32600 for JSON that is not one
            message (batches are not), -32602 for params that are not an object.
    """
    members = _members(text, max_depth)
    if "method" in members:
        return _call_envelope(members)
    if "result" in members or "error" in members:
        return _response_envelope(members)
    raise InvalidMessageError(
        errors.INVALID_REQUEST, "neither a method, a result nor an error", _known_id(members)
    )


def text_from_envelope(
    envelope: envelope_pb2.Envelope, *, max_depth: int = json_text.DEFAULT_MAX_DEPTH
) -> str:
    """The JSON-RPC text of an envelope that holds a message.

    JSON members are put in verbatim, line breaks included, after a look that each is one JSON
    value: one that is not could forge other members of the message.

    Raises:
        InvalidMessageError: -32600 for an envelope without a message, a request or a result without
            an id, a call without a method, a response without an outcome and a result that is not
            an object; -32602 for params that are not; -32700 for a member that is not JSON or nests
            deeper than `max_depth`.
    """
    kind = envelope.WhichOneof("message")
    if kind == "request":
        request_id = ids.from_message(envelope.request.id)
        if request_id is None:
            raise InvalidMessageError(errors.INVALID_REQUEST, "a request needs an id")
        call = _call_members(envelope.request, request_id, max_depth)
        members = [_id_member(envelope.request.id), *call]
    elif kind == "notification":
        members = _call_members(envelope.notification, None, max_depth)
    elif kind == "response":
        members = _response_members(envelope.response, max_depth)
    else:
        raise InvalidMessageError(errors.INVALID_REQUEST, "an envelope without a message")
    return "".join(('{"jsonrpc":"2.0",', ",".join(members), "}"))


def _members(text: str, max_depth: int) -> dict[str, str]:
    """The raw text of each member of a JSON object; a key that repeats is refused."""
    try:
        json_text.parse(text, max_depth=max_depth)
        return _cut_members(text)
    except (json_text.JsonTextError, ValueError, RecursionError, StopIteration) as error:
        if isinstance(error, InvalidMessageError):
            raise
        raise InvalidMessageError(errors.PARSE_ERROR, f"not JSON: {error}") from None


def _cut_members(text: str) -> dict[str, str]:
    try:
        return json_members.cut(text)
    except json_members.NotAnObjectError as error:
        what = "a batch" if error.is_array else "not an object"
        raise InvalidMessageError(
            errors.INVALID_REQUEST, f"{what}; send one message at a time"
        ) from None
    except json_members.RepeatedMemberError as error:
        raise InvalidMessageError(errors.INVALID_REQUEST, str(error)) from None


def _known_id(members: dict[str, str]) -> ids.Id | None:
    value = json_text.parse(members["id"]) if "id" in members else None
    return value if ids.is_id(value) else None


def _require_version(members: dict[str, str], request_id: ids.Id | None) -> None:
    if json_text.parse(members.get("jsonrpc", "null")) != "2.0":
        raise InvalidMessageError(errors.INVALID_REQUEST, 'jsonrpc must be "2.0"', request_id)


def _call_envelope(members: dict[str, str]) -> envelope_pb2.Envelope:
    request_id = _known_id(members)
    _require_version(members, request_id)
    if "id" in members and request_id is None:
        raise InvalidMessageError(errors.INVALID_REQUEST, _ID_RULE)
    method = json_text.parse(members["method"])
    if not isinstance(method, str) or not method:
        raise InvalidMessageError(
            errors.INVALID_REQUEST, "method must be a string that is not empty", request_id
        )
    params = members.get("params")
    if params is not None and not params.startswith("{"):
        raise InvalidMessageError(errors.INVALID_PARAMS, "params must be an object", request_id)
    _require_utf8(method, request_id)
    if request_id is None:
        notification = envelope_pb2.JsonRpcNotification(method=method, params_json=params)
        return envelope_pb2.Envelope(notification=notification)
    request = envelope_pb2.JsonRpcRequest(
        id=ids.to_message(request_id), method=method, params_json=params
    )
    return envelope_pb2.Envelope(request=request)


def _response_envelope(members: dict[str, str]) -> envelope_pb2.Envelope:
    # No answer is owed to a response: none of its errors names an id.
    _require_version(members, None)
    if "result" in members and "error" in members:
        raise InvalidMessageError(errors.INVALID_REQUEST, "both a result and an error")
    response = envelope_pb2.JsonRpcResponse()
    _set_response_id(response, members)
    if "error" in members:
        response.error.CopyFrom(_error_message(members["error"]))
        return envelope_pb2.Envelope(response=response)
    if not members["result"].startswith("{"):
        raise InvalidMessageError(errors.INVALID_REQUEST, "result must be an object")
    response.result_json = members["result"]
    return envelope_pb2.Envelope(response=response)


def _set_response_id(response: envelope_pb2.JsonRpcResponse, members: dict[str, str]) -> None:
    if "id" not in members:
        if "result" in members:
            raise InvalidMessageError(errors.INVALID_REQUEST, "a result needs the request's id")
        return
    request_id = _known_id(members)
    if request_id is not None:
        response.id.CopyFrom(ids.to_message(request_id))
    elif members["id"] == "null" and "error" in members:
        response.id.SetInParent()
    else:
        raise InvalidMessageError(errors.INVALID_REQUEST, _ID_RULE)


def _error_message(text: str) -> envelope_pb2.JsonRpcError:
    if not text.startswith("{"):
        raise InvalidMessageError(errors.INVALID_REQUEST, "error must be an object")
    members = _cut_members(text)
    code: Any = json_text.parse(members.get("code", "null"))
    message: Any = json_text.parse(members.get("message", "null"))
    if isinstance(code, bool) or not isinstance(code, int) or not isinstance(message, str):
        raise InvalidMessageError(
            errors.INVALID_REQUEST, "an error needs an integer code and a message"
        )
    if code not in _ERROR_CODES:
        code = errors.INTERNAL_ERROR
    _require_utf8(message, None)
    return envelope_pb2.JsonRpcError(code=code, message=message, data_json=members.get("data"))


def _require_utf8(text: str, request_id: ids.Id | None) -> None:
    """A lone surrogate has no UTF-8, so a protobuf string cannot hold it."""
    try:
        text.encode()
    except UnicodeEncodeError:
        raise InvalidMessageError(
            errors.INVALID_REQUEST, "a lone surrogate outside of params", request_id
        ) from None


def _id_member(message: envelope_pb2.RequestId) -> str:
    return f'"id":{json_text.dump(ids.from_message(message))}'


def _call_members(
    call: envelope_pb2.JsonRpcRequest | envelope_pb2.JsonRpcNotification,
    request_id: ids.Id | None,
    max_depth: int,
) -> list[str]:
    if not call.method:
        raise InvalidMessageError(errors.INVALID_REQUEST, "a call needs a method", request_id)
    members = [f'"method":{json_text.dump(call.method)}']
    if call.HasField("params_json"):
        text = call.params_json
        if not isinstance(_value_of(text, request_id, max_depth), dict):
            raise InvalidMessageError(errors.INVALID_PARAMS, "params must be an object", request_id)
        members.append(f'"params":{text}')
    return members


def _response_members(response: envelope_pb2.JsonRpcResponse, max_depth: int) -> list[str]:
    members = [_id_member(response.id)] if response.HasField("id") else []
    outcome = response.WhichOneof("outcome")
    if outcome == "result_json":
        if ids.from_message(response.id) is None:
            raise InvalidMessageError(errors.INVALID_REQUEST, "a result needs the request's id")
        # Each look at a message's text decodes it anew.
        text = response.result_json
        if not isinstance(_value_of(text, None, max_depth), dict):
            raise InvalidMessageError(errors.INVALID_REQUEST, "result must be an object")
        return [*members, f'"result":{text}']
    if outcome == "error":
        return [*members, f'"error":{_error_text(response.error, max_depth)}']
    raise InvalidMessageError(errors.INVALID_REQUEST, "a response without an outcome")


def _error_text(error: envelope_pb2.JsonRpcError, max_depth: int) -> str:
    members = [f'"code":{error.code}', f'"message":{json_text.dump(error.message)}']
    if error.HasField("data_json"):
        _value_of(error.data_json, None, max_depth)
        members.append(f'"data":{error.data_json}')
    return "{" + ",".join(members) + "}"


def _value_of(text: str, request_id: ids.Id | None, max_depth: int) -> Any:
    try:
        return json_text.parse(text, max_depth=max_depth)
    except json_text.JsonTextError as error:
        raise InvalidMessageError(errors.PARSE_ERROR, f"not JSON: {error}", request_id) from None
