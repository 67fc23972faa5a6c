from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class CacheScope(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    CACHE_SCOPE_UNSPECIFIED: _ClassVar[CacheScope]
    CACHE_SCOPE_PRIVATE: _ClassVar[CacheScope]
    CACHE_SCOPE_PUBLIC: _ClassVar[CacheScope]
CACHE_SCOPE_UNSPECIFIED: CacheScope
CACHE_SCOPE_PRIVATE: CacheScope
CACHE_SCOPE_PUBLIC: CacheScope

class InputRequest(_message.Message):
    __slots__ = ("method", "params_json", "extra_json")
    METHOD_FIELD_NUMBER: _ClassVar[int]
    PARAMS_JSON_FIELD_NUMBER: _ClassVar[int]
    EXTRA_JSON_FIELD_NUMBER: _ClassVar[int]
    method: str
    params_json: str
    extra_json: str
    def __init__(self, method: _Optional[str] = ..., params_json: _Optional[str] = ..., extra_json: _Optional[str] = ...) -> None: ...

class InputRequiredResult(_message.Message):
    __slots__ = ("input_requests", "request_state", "meta_json", "extra_json")
    class InputRequestsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: InputRequest
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[InputRequest, _Mapping]] = ...) -> None: ...
    INPUT_REQUESTS_FIELD_NUMBER: _ClassVar[int]
    REQUEST_STATE_FIELD_NUMBER: _ClassVar[int]
    META_JSON_FIELD_NUMBER: _ClassVar[int]
    EXTRA_JSON_FIELD_NUMBER: _ClassVar[int]
    input_requests: _containers.MessageMap[str, InputRequest]
    request_state: str
    meta_json: str
    extra_json: str
    def __init__(self, input_requests: _Optional[_Mapping[str, InputRequest]] = ..., request_state: _Optional[str] = ..., meta_json: _Optional[str] = ..., extra_json: _Optional[str] = ...) -> None: ...

class OtherResult(_message.Message):
    __slots__ = ("result_type", "result_json")
    RESULT_TYPE_FIELD_NUMBER: _ClassVar[int]
    RESULT_JSON_FIELD_NUMBER: _ClassVar[int]
    result_type: str
    result_json: str
    def __init__(self, result_type: _Optional[str] = ..., result_json: _Optional[str] = ...) -> None: ...

class OtherNotification(_message.Message):
    __slots__ = ("method", "params_json")
    METHOD_FIELD_NUMBER: _ClassVar[int]
    PARAMS_JSON_FIELD_NUMBER: _ClassVar[int]
    method: str
    params_json: str
    def __init__(self, method: _Optional[str] = ..., params_json: _Optional[str] = ...) -> None: ...
