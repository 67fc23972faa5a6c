from mcpgrpc.v1 import request_pb2 as _request_pb2
from mcpgrpc.v1 import result_pb2 as _result_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class PromptReference(_message.Message):
    __slots__ = ("name", "title")
    NAME_FIELD_NUMBER: _ClassVar[int]
    TITLE_FIELD_NUMBER: _ClassVar[int]
    name: str
    title: str
    def __init__(self, name: _Optional[str] = ..., title: _Optional[str] = ...) -> None: ...

class ResourceTemplateReference(_message.Message):
    __slots__ = ("uri",)
    URI_FIELD_NUMBER: _ClassVar[int]
    uri: str
    def __init__(self, uri: _Optional[str] = ...) -> None: ...

class CompletionArgument(_message.Message):
    __slots__ = ("name", "value")
    NAME_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    name: str
    value: str
    def __init__(self, name: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...

class CompletionContext(_message.Message):
    __slots__ = ("arguments",)
    class ArgumentsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    ARGUMENTS_FIELD_NUMBER: _ClassVar[int]
    arguments: _containers.ScalarMap[str, str]
    def __init__(self, arguments: _Optional[_Mapping[str, str]] = ...) -> None: ...

class CompleteRequest(_message.Message):
    __slots__ = ("prompt", "resource", "argument", "completion_context", "context")
    PROMPT_FIELD_NUMBER: _ClassVar[int]
    RESOURCE_FIELD_NUMBER: _ClassVar[int]
    ARGUMENT_FIELD_NUMBER: _ClassVar[int]
    COMPLETION_CONTEXT_FIELD_NUMBER: _ClassVar[int]
    CONTEXT_FIELD_NUMBER: _ClassVar[int]
    prompt: PromptReference
    resource: ResourceTemplateReference
    argument: CompletionArgument
    completion_context: CompletionContext
    context: _request_pb2.RequestContext
    def __init__(self, prompt: _Optional[_Union[PromptReference, _Mapping]] = ..., resource: _Optional[_Union[ResourceTemplateReference, _Mapping]] = ..., argument: _Optional[_Union[CompletionArgument, _Mapping]] = ..., completion_context: _Optional[_Union[CompletionContext, _Mapping]] = ..., context: _Optional[_Union[_request_pb2.RequestContext, _Mapping]] = ...) -> None: ...

class Completion(_message.Message):
    __slots__ = ("values", "total", "has_more", "extra_json")
    VALUES_FIELD_NUMBER: _ClassVar[int]
    TOTAL_FIELD_NUMBER: _ClassVar[int]
    HAS_MORE_FIELD_NUMBER: _ClassVar[int]
    EXTRA_JSON_FIELD_NUMBER: _ClassVar[int]
    values: _containers.RepeatedScalarFieldContainer[str]
    total: int
    has_more: bool
    extra_json: str
    def __init__(self, values: _Optional[_Iterable[str]] = ..., total: _Optional[int] = ..., has_more: _Optional[bool] = ..., extra_json: _Optional[str] = ...) -> None: ...

class CompleteResult(_message.Message):
    __slots__ = ("completion", "meta_json", "extra_json")
    COMPLETION_FIELD_NUMBER: _ClassVar[int]
    META_JSON_FIELD_NUMBER: _ClassVar[int]
    EXTRA_JSON_FIELD_NUMBER: _ClassVar[int]
    completion: Completion
    meta_json: str
    extra_json: str
    def __init__(self, completion: _Optional[_Union[Completion, _Mapping]] = ..., meta_json: _Optional[str] = ..., extra_json: _Optional[str] = ...) -> None: ...

class CompleteResponse(_message.Message):
    __slots__ = ("complete", "other")
    COMPLETE_FIELD_NUMBER: _ClassVar[int]
    OTHER_FIELD_NUMBER: _ClassVar[int]
    complete: CompleteResult
    other: _result_pb2.OtherResult
    def __init__(self, complete: _Optional[_Union[CompleteResult, _Mapping]] = ..., other: _Optional[_Union[_result_pb2.OtherResult, _Mapping]] = ...) -> None: ...
