import datetime

from google.protobuf import duration_pb2 as _duration_pb2
from mcpgrpc.v1 import errors_pb2 as _errors_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class RequestId(_message.Message):
    __slots__ = ("text", "integer")
    TEXT_FIELD_NUMBER: _ClassVar[int]
    INTEGER_FIELD_NUMBER: _ClassVar[int]
    text: str
    integer: int
    def __init__(self, text: _Optional[str] = ..., integer: _Optional[int] = ...) -> None: ...

class JsonRpcRequest(_message.Message):
    __slots__ = ("id", "method", "params_json")
    ID_FIELD_NUMBER: _ClassVar[int]
    METHOD_FIELD_NUMBER: _ClassVar[int]
    PARAMS_JSON_FIELD_NUMBER: _ClassVar[int]
    id: RequestId
    method: str
    params_json: str
    def __init__(self, id: _Optional[_Union[RequestId, _Mapping]] = ..., method: _Optional[str] = ..., params_json: _Optional[str] = ...) -> None: ...

class JsonRpcNotification(_message.Message):
    __slots__ = ("method", "params_json")
    METHOD_FIELD_NUMBER: _ClassVar[int]
    PARAMS_JSON_FIELD_NUMBER: _ClassVar[int]
    method: str
    params_json: str
    def __init__(self, method: _Optional[str] = ..., params_json: _Optional[str] = ...) -> None: ...

class JsonRpcError(_message.Message):
    __slots__ = ("code", "message", "data_json")
    CODE_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    DATA_JSON_FIELD_NUMBER: _ClassVar[int]
    code: int
    message: str
    data_json: str
    def __init__(self, code: _Optional[int] = ..., message: _Optional[str] = ..., data_json: _Optional[str] = ...) -> None: ...

class JsonRpcResponse(_message.Message):
    __slots__ = ("id", "result_json", "error", "reason", "execution")
    ID_FIELD_NUMBER: _ClassVar[int]
    RESULT_JSON_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    EXECUTION_FIELD_NUMBER: _ClassVar[int]
    id: RequestId
    result_json: str
    error: JsonRpcError
    reason: _errors_pb2.ErrorReason
    execution: _errors_pb2.Execution
    def __init__(self, id: _Optional[_Union[RequestId, _Mapping]] = ..., result_json: _Optional[str] = ..., error: _Optional[_Union[JsonRpcError, _Mapping]] = ..., reason: _Optional[_Union[_errors_pb2.ErrorReason, str]] = ..., execution: _Optional[_Union[_errors_pb2.Execution, str]] = ...) -> None: ...

class Header(_message.Message):
    __slots__ = ("name", "value")
    NAME_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    name: str
    value: str
    def __init__(self, name: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...

class DoorContext(_message.Message):
    __slots__ = ("headers", "refuses_server_requests", "can_close_request_stream", "can_close_standalone_stream")
    HEADERS_FIELD_NUMBER: _ClassVar[int]
    REFUSES_SERVER_REQUESTS_FIELD_NUMBER: _ClassVar[int]
    CAN_CLOSE_REQUEST_STREAM_FIELD_NUMBER: _ClassVar[int]
    CAN_CLOSE_STANDALONE_STREAM_FIELD_NUMBER: _ClassVar[int]
    headers: _containers.RepeatedCompositeFieldContainer[Header]
    refuses_server_requests: bool
    can_close_request_stream: bool
    can_close_standalone_stream: bool
    def __init__(self, headers: _Optional[_Iterable[_Union[Header, _Mapping]]] = ..., refuses_server_requests: _Optional[bool] = ..., can_close_request_stream: _Optional[bool] = ..., can_close_standalone_stream: _Optional[bool] = ...) -> None: ...

class Envelope(_message.Message):
    __slots__ = ("request", "notification", "response", "related_request_id", "timeout", "door")
    REQUEST_FIELD_NUMBER: _ClassVar[int]
    NOTIFICATION_FIELD_NUMBER: _ClassVar[int]
    RESPONSE_FIELD_NUMBER: _ClassVar[int]
    RELATED_REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    TIMEOUT_FIELD_NUMBER: _ClassVar[int]
    DOOR_FIELD_NUMBER: _ClassVar[int]
    request: JsonRpcRequest
    notification: JsonRpcNotification
    response: JsonRpcResponse
    related_request_id: RequestId
    timeout: _duration_pb2.Duration
    door: DoorContext
    def __init__(self, request: _Optional[_Union[JsonRpcRequest, _Mapping]] = ..., notification: _Optional[_Union[JsonRpcNotification, _Mapping]] = ..., response: _Optional[_Union[JsonRpcResponse, _Mapping]] = ..., related_request_id: _Optional[_Union[RequestId, _Mapping]] = ..., timeout: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., door: _Optional[_Union[DoorContext, _Mapping]] = ...) -> None: ...
