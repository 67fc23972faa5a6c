from mcpgrpc.v1 import content_pb2 as _content_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class LoggingLevel(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    LOGGING_LEVEL_UNSPECIFIED: _ClassVar[LoggingLevel]
    LOGGING_LEVEL_DEBUG: _ClassVar[LoggingLevel]
    LOGGING_LEVEL_INFO: _ClassVar[LoggingLevel]
    LOGGING_LEVEL_NOTICE: _ClassVar[LoggingLevel]
    LOGGING_LEVEL_WARNING: _ClassVar[LoggingLevel]
    LOGGING_LEVEL_ERROR: _ClassVar[LoggingLevel]
    LOGGING_LEVEL_CRITICAL: _ClassVar[LoggingLevel]
    LOGGING_LEVEL_ALERT: _ClassVar[LoggingLevel]
    LOGGING_LEVEL_EMERGENCY: _ClassVar[LoggingLevel]
LOGGING_LEVEL_UNSPECIFIED: LoggingLevel
LOGGING_LEVEL_DEBUG: LoggingLevel
LOGGING_LEVEL_INFO: LoggingLevel
LOGGING_LEVEL_NOTICE: LoggingLevel
LOGGING_LEVEL_WARNING: LoggingLevel
LOGGING_LEVEL_ERROR: LoggingLevel
LOGGING_LEVEL_CRITICAL: LoggingLevel
LOGGING_LEVEL_ALERT: LoggingLevel
LOGGING_LEVEL_EMERGENCY: LoggingLevel

class Implementation(_message.Message):
    __slots__ = ("name", "version", "title", "description", "website_url", "icons", "extra_json")
    NAME_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    TITLE_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    WEBSITE_URL_FIELD_NUMBER: _ClassVar[int]
    ICONS_FIELD_NUMBER: _ClassVar[int]
    EXTRA_JSON_FIELD_NUMBER: _ClassVar[int]
    name: str
    version: str
    title: str
    description: str
    website_url: str
    icons: _containers.RepeatedCompositeFieldContainer[_content_pb2.Icon]
    extra_json: str
    def __init__(self, name: _Optional[str] = ..., version: _Optional[str] = ..., title: _Optional[str] = ..., description: _Optional[str] = ..., website_url: _Optional[str] = ..., icons: _Optional[_Iterable[_Union[_content_pb2.Icon, _Mapping]]] = ..., extra_json: _Optional[str] = ...) -> None: ...

class RequestContext(_message.Message):
    __slots__ = ("protocol_version", "client_capabilities_json", "client_info", "log_level", "extra_meta_json", "extra_params_json")
    PROTOCOL_VERSION_FIELD_NUMBER: _ClassVar[int]
    CLIENT_CAPABILITIES_JSON_FIELD_NUMBER: _ClassVar[int]
    CLIENT_INFO_FIELD_NUMBER: _ClassVar[int]
    LOG_LEVEL_FIELD_NUMBER: _ClassVar[int]
    EXTRA_META_JSON_FIELD_NUMBER: _ClassVar[int]
    EXTRA_PARAMS_JSON_FIELD_NUMBER: _ClassVar[int]
    protocol_version: str
    client_capabilities_json: str
    client_info: Implementation
    log_level: LoggingLevel
    extra_meta_json: str
    extra_params_json: str
    def __init__(self, protocol_version: _Optional[str] = ..., client_capabilities_json: _Optional[str] = ..., client_info: _Optional[_Union[Implementation, _Mapping]] = ..., log_level: _Optional[_Union[LoggingLevel, str]] = ..., extra_meta_json: _Optional[str] = ..., extra_params_json: _Optional[str] = ...) -> None: ...

class InputRetry(_message.Message):
    __slots__ = ("input_responses_json", "request_state")
    class InputResponsesJsonEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    INPUT_RESPONSES_JSON_FIELD_NUMBER: _ClassVar[int]
    REQUEST_STATE_FIELD_NUMBER: _ClassVar[int]
    input_responses_json: _containers.ScalarMap[str, str]
    request_state: str
    def __init__(self, input_responses_json: _Optional[_Mapping[str, str]] = ..., request_state: _Optional[str] = ...) -> None: ...
