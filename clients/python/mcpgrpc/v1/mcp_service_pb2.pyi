from mcpgrpc.v1 import envelope_pb2 as _envelope_pb2
from mcpgrpc.v1 import session_pb2 as _session_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class SessionRequest(_message.Message):
    __slots__ = ("items",)
    ITEMS_FIELD_NUMBER: _ClassVar[int]
    items: _containers.RepeatedCompositeFieldContainer[_session_pb2.ClientItem]
    def __init__(self, items: _Optional[_Iterable[_Union[_session_pb2.ClientItem, _Mapping]]] = ...) -> None: ...

class SessionResponse(_message.Message):
    __slots__ = ("items",)
    ITEMS_FIELD_NUMBER: _ClassVar[int]
    items: _containers.RepeatedCompositeFieldContainer[_session_pb2.ServerItem]
    def __init__(self, items: _Optional[_Iterable[_Union[_session_pb2.ServerItem, _Mapping]]] = ...) -> None: ...

class CallRequest(_message.Message):
    __slots__ = ("request", "door")
    REQUEST_FIELD_NUMBER: _ClassVar[int]
    DOOR_FIELD_NUMBER: _ClassVar[int]
    request: _envelope_pb2.JsonRpcRequest
    door: _envelope_pb2.DoorContext
    def __init__(self, request: _Optional[_Union[_envelope_pb2.JsonRpcRequest, _Mapping]] = ..., door: _Optional[_Union[_envelope_pb2.DoorContext, _Mapping]] = ...) -> None: ...

class CallResponse(_message.Message):
    __slots__ = ("notification", "response")
    NOTIFICATION_FIELD_NUMBER: _ClassVar[int]
    RESPONSE_FIELD_NUMBER: _ClassVar[int]
    notification: _envelope_pb2.JsonRpcNotification
    response: _envelope_pb2.JsonRpcResponse
    def __init__(self, notification: _Optional[_Union[_envelope_pb2.JsonRpcNotification, _Mapping]] = ..., response: _Optional[_Union[_envelope_pb2.JsonRpcResponse, _Mapping]] = ...) -> None: ...
