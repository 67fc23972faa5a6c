from mcpgrpc.v1 import content_pb2 as _content_pb2
from mcpgrpc.v1 import request_pb2 as _request_pb2
from mcpgrpc.v1 import result_pb2 as _result_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class PromptArgument(_message.Message):
    __slots__ = ("name", "title", "description", "required", "extra_json")
    NAME_FIELD_NUMBER: _ClassVar[int]
    TITLE_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    REQUIRED_FIELD_NUMBER: _ClassVar[int]
    EXTRA_JSON_FIELD_NUMBER: _ClassVar[int]
    name: str
    title: str
    description: str
    required: bool
    extra_json: str
    def __init__(self, name: _Optional[str] = ..., title: _Optional[str] = ..., description: _Optional[str] = ..., required: _Optional[bool] = ..., extra_json: _Optional[str] = ...) -> None: ...

class Prompt(_message.Message):
    __slots__ = ("name", "title", "description", "arguments", "icons", "meta_json", "extra_json")
    NAME_FIELD_NUMBER: _ClassVar[int]
    TITLE_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    ARGUMENTS_FIELD_NUMBER: _ClassVar[int]
    ICONS_FIELD_NUMBER: _ClassVar[int]
    META_JSON_FIELD_NUMBER: _ClassVar[int]
    EXTRA_JSON_FIELD_NUMBER: _ClassVar[int]
    name: str
    title: str
    description: str
    arguments: _containers.RepeatedCompositeFieldContainer[PromptArgument]
    icons: _containers.RepeatedCompositeFieldContainer[_content_pb2.Icon]
    meta_json: str
    extra_json: str
    def __init__(self, name: _Optional[str] = ..., title: _Optional[str] = ..., description: _Optional[str] = ..., arguments: _Optional[_Iterable[_Union[PromptArgument, _Mapping]]] = ..., icons: _Optional[_Iterable[_Union[_content_pb2.Icon, _Mapping]]] = ..., meta_json: _Optional[str] = ..., extra_json: _Optional[str] = ...) -> None: ...

class ListPromptsRequest(_message.Message):
    __slots__ = ("cursor", "context")
    CURSOR_FIELD_NUMBER: _ClassVar[int]
    CONTEXT_FIELD_NUMBER: _ClassVar[int]
    cursor: str
    context: _request_pb2.RequestContext
    def __init__(self, cursor: _Optional[str] = ..., context: _Optional[_Union[_request_pb2.RequestContext, _Mapping]] = ...) -> None: ...

class ListPromptsResult(_message.Message):
    __slots__ = ("prompts", "next_cursor", "ttl_ms", "cache_scope", "meta_json", "extra_json")
    PROMPTS_FIELD_NUMBER: _ClassVar[int]
    NEXT_CURSOR_FIELD_NUMBER: _ClassVar[int]
    TTL_MS_FIELD_NUMBER: _ClassVar[int]
    CACHE_SCOPE_FIELD_NUMBER: _ClassVar[int]
    META_JSON_FIELD_NUMBER: _ClassVar[int]
    EXTRA_JSON_FIELD_NUMBER: _ClassVar[int]
    prompts: _containers.RepeatedCompositeFieldContainer[Prompt]
    next_cursor: str
    ttl_ms: int
    cache_scope: _result_pb2.CacheScope
    meta_json: str
    extra_json: str
    def __init__(self, prompts: _Optional[_Iterable[_Union[Prompt, _Mapping]]] = ..., next_cursor: _Optional[str] = ..., ttl_ms: _Optional[int] = ..., cache_scope: _Optional[_Union[_result_pb2.CacheScope, str]] = ..., meta_json: _Optional[str] = ..., extra_json: _Optional[str] = ...) -> None: ...

class ListPromptsResponse(_message.Message):
    __slots__ = ("complete", "other")
    COMPLETE_FIELD_NUMBER: _ClassVar[int]
    OTHER_FIELD_NUMBER: _ClassVar[int]
    complete: ListPromptsResult
    other: _result_pb2.OtherResult
    def __init__(self, complete: _Optional[_Union[ListPromptsResult, _Mapping]] = ..., other: _Optional[_Union[_result_pb2.OtherResult, _Mapping]] = ...) -> None: ...

class GetPromptRequest(_message.Message):
    __slots__ = ("name", "arguments", "retry", "context")
    class ArgumentsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    NAME_FIELD_NUMBER: _ClassVar[int]
    ARGUMENTS_FIELD_NUMBER: _ClassVar[int]
    RETRY_FIELD_NUMBER: _ClassVar[int]
    CONTEXT_FIELD_NUMBER: _ClassVar[int]
    name: str
    arguments: _containers.ScalarMap[str, str]
    retry: _request_pb2.InputRetry
    context: _request_pb2.RequestContext
    def __init__(self, name: _Optional[str] = ..., arguments: _Optional[_Mapping[str, str]] = ..., retry: _Optional[_Union[_request_pb2.InputRetry, _Mapping]] = ..., context: _Optional[_Union[_request_pb2.RequestContext, _Mapping]] = ...) -> None: ...

class PromptMessage(_message.Message):
    __slots__ = ("role", "content", "extra_json")
    ROLE_FIELD_NUMBER: _ClassVar[int]
    CONTENT_FIELD_NUMBER: _ClassVar[int]
    EXTRA_JSON_FIELD_NUMBER: _ClassVar[int]
    role: _content_pb2.Role
    content: _content_pb2.ContentBlock
    extra_json: str
    def __init__(self, role: _Optional[_Union[_content_pb2.Role, str]] = ..., content: _Optional[_Union[_content_pb2.ContentBlock, _Mapping]] = ..., extra_json: _Optional[str] = ...) -> None: ...

class GetPromptResult(_message.Message):
    __slots__ = ("description", "messages", "meta_json", "extra_json")
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    MESSAGES_FIELD_NUMBER: _ClassVar[int]
    META_JSON_FIELD_NUMBER: _ClassVar[int]
    EXTRA_JSON_FIELD_NUMBER: _ClassVar[int]
    description: str
    messages: _containers.RepeatedCompositeFieldContainer[PromptMessage]
    meta_json: str
    extra_json: str
    def __init__(self, description: _Optional[str] = ..., messages: _Optional[_Iterable[_Union[PromptMessage, _Mapping]]] = ..., meta_json: _Optional[str] = ..., extra_json: _Optional[str] = ...) -> None: ...

class GetPromptResponse(_message.Message):
    __slots__ = ("complete", "input_required", "other")
    COMPLETE_FIELD_NUMBER: _ClassVar[int]
    INPUT_REQUIRED_FIELD_NUMBER: _ClassVar[int]
    OTHER_FIELD_NUMBER: _ClassVar[int]
    complete: GetPromptResult
    input_required: _result_pb2.InputRequiredResult
    other: _result_pb2.OtherResult
    def __init__(self, complete: _Optional[_Union[GetPromptResult, _Mapping]] = ..., input_required: _Optional[_Union[_result_pb2.InputRequiredResult, _Mapping]] = ..., other: _Optional[_Union[_result_pb2.OtherResult, _Mapping]] = ...) -> None: ...
