from mcpgrpc.v1 import request_pb2 as _request_pb2
from mcpgrpc.v1 import result_pb2 as _result_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class PromptsCapability(_message.Message):
    __slots__ = ("list_changed", "extra_json")
    LIST_CHANGED_FIELD_NUMBER: _ClassVar[int]
    EXTRA_JSON_FIELD_NUMBER: _ClassVar[int]
    list_changed: bool
    extra_json: str
    def __init__(self, list_changed: _Optional[bool] = ..., extra_json: _Optional[str] = ...) -> None: ...

class ResourcesCapability(_message.Message):
    __slots__ = ("subscribe", "list_changed", "extra_json")
    SUBSCRIBE_FIELD_NUMBER: _ClassVar[int]
    LIST_CHANGED_FIELD_NUMBER: _ClassVar[int]
    EXTRA_JSON_FIELD_NUMBER: _ClassVar[int]
    subscribe: bool
    list_changed: bool
    extra_json: str
    def __init__(self, subscribe: _Optional[bool] = ..., list_changed: _Optional[bool] = ..., extra_json: _Optional[str] = ...) -> None: ...

class ToolsCapability(_message.Message):
    __slots__ = ("list_changed", "extra_json")
    LIST_CHANGED_FIELD_NUMBER: _ClassVar[int]
    EXTRA_JSON_FIELD_NUMBER: _ClassVar[int]
    list_changed: bool
    extra_json: str
    def __init__(self, list_changed: _Optional[bool] = ..., extra_json: _Optional[str] = ...) -> None: ...

class ServerCapabilities(_message.Message):
    __slots__ = ("tools", "resources", "prompts", "completions_json", "logging_json", "extensions_json", "experimental_json", "extra_json")
    class ExtensionsJsonEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    class ExperimentalJsonEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    TOOLS_FIELD_NUMBER: _ClassVar[int]
    RESOURCES_FIELD_NUMBER: _ClassVar[int]
    PROMPTS_FIELD_NUMBER: _ClassVar[int]
    COMPLETIONS_JSON_FIELD_NUMBER: _ClassVar[int]
    LOGGING_JSON_FIELD_NUMBER: _ClassVar[int]
    EXTENSIONS_JSON_FIELD_NUMBER: _ClassVar[int]
    EXPERIMENTAL_JSON_FIELD_NUMBER: _ClassVar[int]
    EXTRA_JSON_FIELD_NUMBER: _ClassVar[int]
    tools: ToolsCapability
    resources: ResourcesCapability
    prompts: PromptsCapability
    completions_json: str
    logging_json: str
    extensions_json: _containers.ScalarMap[str, str]
    experimental_json: _containers.ScalarMap[str, str]
    extra_json: str
    def __init__(self, tools: _Optional[_Union[ToolsCapability, _Mapping]] = ..., resources: _Optional[_Union[ResourcesCapability, _Mapping]] = ..., prompts: _Optional[_Union[PromptsCapability, _Mapping]] = ..., completions_json: _Optional[str] = ..., logging_json: _Optional[str] = ..., extensions_json: _Optional[_Mapping[str, str]] = ..., experimental_json: _Optional[_Mapping[str, str]] = ..., extra_json: _Optional[str] = ...) -> None: ...

class DiscoverRequest(_message.Message):
    __slots__ = ("context",)
    CONTEXT_FIELD_NUMBER: _ClassVar[int]
    context: _request_pb2.RequestContext
    def __init__(self, context: _Optional[_Union[_request_pb2.RequestContext, _Mapping]] = ...) -> None: ...

class DiscoverResult(_message.Message):
    __slots__ = ("supported_versions", "capabilities", "instructions", "ttl_ms", "cache_scope", "meta_json", "extra_json")
    SUPPORTED_VERSIONS_FIELD_NUMBER: _ClassVar[int]
    CAPABILITIES_FIELD_NUMBER: _ClassVar[int]
    INSTRUCTIONS_FIELD_NUMBER: _ClassVar[int]
    TTL_MS_FIELD_NUMBER: _ClassVar[int]
    CACHE_SCOPE_FIELD_NUMBER: _ClassVar[int]
    META_JSON_FIELD_NUMBER: _ClassVar[int]
    EXTRA_JSON_FIELD_NUMBER: _ClassVar[int]
    supported_versions: _containers.RepeatedScalarFieldContainer[str]
    capabilities: ServerCapabilities
    instructions: str
    ttl_ms: int
    cache_scope: _result_pb2.CacheScope
    meta_json: str
    extra_json: str
    def __init__(self, supported_versions: _Optional[_Iterable[str]] = ..., capabilities: _Optional[_Union[ServerCapabilities, _Mapping]] = ..., instructions: _Optional[str] = ..., ttl_ms: _Optional[int] = ..., cache_scope: _Optional[_Union[_result_pb2.CacheScope, str]] = ..., meta_json: _Optional[str] = ..., extra_json: _Optional[str] = ...) -> None: ...

class DiscoverResponse(_message.Message):
    __slots__ = ("complete", "other")
    COMPLETE_FIELD_NUMBER: _ClassVar[int]
    OTHER_FIELD_NUMBER: _ClassVar[int]
    complete: DiscoverResult
    other: _result_pb2.OtherResult
    def __init__(self, complete: _Optional[_Union[DiscoverResult, _Mapping]] = ..., other: _Optional[_Union[_result_pb2.OtherResult, _Mapping]] = ...) -> None: ...
