from mcpgrpc.v1 import content_pb2 as _content_pb2
from mcpgrpc.v1 import request_pb2 as _request_pb2
from mcpgrpc.v1 import result_pb2 as _result_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Resource(_message.Message):
    __slots__ = ("uri", "name", "title", "description", "mime_type", "size", "icons", "annotations", "meta_json", "extra_json")
    URI_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    TITLE_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    MIME_TYPE_FIELD_NUMBER: _ClassVar[int]
    SIZE_FIELD_NUMBER: _ClassVar[int]
    ICONS_FIELD_NUMBER: _ClassVar[int]
    ANNOTATIONS_FIELD_NUMBER: _ClassVar[int]
    META_JSON_FIELD_NUMBER: _ClassVar[int]
    EXTRA_JSON_FIELD_NUMBER: _ClassVar[int]
    uri: str
    name: str
    title: str
    description: str
    mime_type: str
    size: int
    icons: _containers.RepeatedCompositeFieldContainer[_content_pb2.Icon]
    annotations: _content_pb2.Annotations
    meta_json: str
    extra_json: str
    def __init__(self, uri: _Optional[str] = ..., name: _Optional[str] = ..., title: _Optional[str] = ..., description: _Optional[str] = ..., mime_type: _Optional[str] = ..., size: _Optional[int] = ..., icons: _Optional[_Iterable[_Union[_content_pb2.Icon, _Mapping]]] = ..., annotations: _Optional[_Union[_content_pb2.Annotations, _Mapping]] = ..., meta_json: _Optional[str] = ..., extra_json: _Optional[str] = ...) -> None: ...

class ResourceTemplate(_message.Message):
    __slots__ = ("uri_template", "name", "title", "description", "mime_type", "icons", "annotations", "meta_json", "extra_json")
    URI_TEMPLATE_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    TITLE_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    MIME_TYPE_FIELD_NUMBER: _ClassVar[int]
    ICONS_FIELD_NUMBER: _ClassVar[int]
    ANNOTATIONS_FIELD_NUMBER: _ClassVar[int]
    META_JSON_FIELD_NUMBER: _ClassVar[int]
    EXTRA_JSON_FIELD_NUMBER: _ClassVar[int]
    uri_template: str
    name: str
    title: str
    description: str
    mime_type: str
    icons: _containers.RepeatedCompositeFieldContainer[_content_pb2.Icon]
    annotations: _content_pb2.Annotations
    meta_json: str
    extra_json: str
    def __init__(self, uri_template: _Optional[str] = ..., name: _Optional[str] = ..., title: _Optional[str] = ..., description: _Optional[str] = ..., mime_type: _Optional[str] = ..., icons: _Optional[_Iterable[_Union[_content_pb2.Icon, _Mapping]]] = ..., annotations: _Optional[_Union[_content_pb2.Annotations, _Mapping]] = ..., meta_json: _Optional[str] = ..., extra_json: _Optional[str] = ...) -> None: ...

class ListResourcesRequest(_message.Message):
    __slots__ = ("cursor", "context")
    CURSOR_FIELD_NUMBER: _ClassVar[int]
    CONTEXT_FIELD_NUMBER: _ClassVar[int]
    cursor: str
    context: _request_pb2.RequestContext
    def __init__(self, cursor: _Optional[str] = ..., context: _Optional[_Union[_request_pb2.RequestContext, _Mapping]] = ...) -> None: ...

class ListResourcesResult(_message.Message):
    __slots__ = ("resources", "next_cursor", "ttl_ms", "cache_scope", "meta_json", "extra_json")
    RESOURCES_FIELD_NUMBER: _ClassVar[int]
    NEXT_CURSOR_FIELD_NUMBER: _ClassVar[int]
    TTL_MS_FIELD_NUMBER: _ClassVar[int]
    CACHE_SCOPE_FIELD_NUMBER: _ClassVar[int]
    META_JSON_FIELD_NUMBER: _ClassVar[int]
    EXTRA_JSON_FIELD_NUMBER: _ClassVar[int]
    resources: _containers.RepeatedCompositeFieldContainer[Resource]
    next_cursor: str
    ttl_ms: int
    cache_scope: _result_pb2.CacheScope
    meta_json: str
    extra_json: str
    def __init__(self, resources: _Optional[_Iterable[_Union[Resource, _Mapping]]] = ..., next_cursor: _Optional[str] = ..., ttl_ms: _Optional[int] = ..., cache_scope: _Optional[_Union[_result_pb2.CacheScope, str]] = ..., meta_json: _Optional[str] = ..., extra_json: _Optional[str] = ...) -> None: ...

class ListResourcesResponse(_message.Message):
    __slots__ = ("complete", "other")
    COMPLETE_FIELD_NUMBER: _ClassVar[int]
    OTHER_FIELD_NUMBER: _ClassVar[int]
    complete: ListResourcesResult
    other: _result_pb2.OtherResult
    def __init__(self, complete: _Optional[_Union[ListResourcesResult, _Mapping]] = ..., other: _Optional[_Union[_result_pb2.OtherResult, _Mapping]] = ...) -> None: ...

class ListResourceTemplatesRequest(_message.Message):
    __slots__ = ("cursor", "context")
    CURSOR_FIELD_NUMBER: _ClassVar[int]
    CONTEXT_FIELD_NUMBER: _ClassVar[int]
    cursor: str
    context: _request_pb2.RequestContext
    def __init__(self, cursor: _Optional[str] = ..., context: _Optional[_Union[_request_pb2.RequestContext, _Mapping]] = ...) -> None: ...

class ListResourceTemplatesResult(_message.Message):
    __slots__ = ("resource_templates", "next_cursor", "ttl_ms", "cache_scope", "meta_json", "extra_json")
    RESOURCE_TEMPLATES_FIELD_NUMBER: _ClassVar[int]
    NEXT_CURSOR_FIELD_NUMBER: _ClassVar[int]
    TTL_MS_FIELD_NUMBER: _ClassVar[int]
    CACHE_SCOPE_FIELD_NUMBER: _ClassVar[int]
    META_JSON_FIELD_NUMBER: _ClassVar[int]
    EXTRA_JSON_FIELD_NUMBER: _ClassVar[int]
    resource_templates: _containers.RepeatedCompositeFieldContainer[ResourceTemplate]
    next_cursor: str
    ttl_ms: int
    cache_scope: _result_pb2.CacheScope
    meta_json: str
    extra_json: str
    def __init__(self, resource_templates: _Optional[_Iterable[_Union[ResourceTemplate, _Mapping]]] = ..., next_cursor: _Optional[str] = ..., ttl_ms: _Optional[int] = ..., cache_scope: _Optional[_Union[_result_pb2.CacheScope, str]] = ..., meta_json: _Optional[str] = ..., extra_json: _Optional[str] = ...) -> None: ...

class ListResourceTemplatesResponse(_message.Message):
    __slots__ = ("complete", "other")
    COMPLETE_FIELD_NUMBER: _ClassVar[int]
    OTHER_FIELD_NUMBER: _ClassVar[int]
    complete: ListResourceTemplatesResult
    other: _result_pb2.OtherResult
    def __init__(self, complete: _Optional[_Union[ListResourceTemplatesResult, _Mapping]] = ..., other: _Optional[_Union[_result_pb2.OtherResult, _Mapping]] = ...) -> None: ...

class ReadResourceRequest(_message.Message):
    __slots__ = ("uri", "retry", "context")
    URI_FIELD_NUMBER: _ClassVar[int]
    RETRY_FIELD_NUMBER: _ClassVar[int]
    CONTEXT_FIELD_NUMBER: _ClassVar[int]
    uri: str
    retry: _request_pb2.InputRetry
    context: _request_pb2.RequestContext
    def __init__(self, uri: _Optional[str] = ..., retry: _Optional[_Union[_request_pb2.InputRetry, _Mapping]] = ..., context: _Optional[_Union[_request_pb2.RequestContext, _Mapping]] = ...) -> None: ...

class ReadResourceResult(_message.Message):
    __slots__ = ("contents", "ttl_ms", "cache_scope", "meta_json", "extra_json")
    CONTENTS_FIELD_NUMBER: _ClassVar[int]
    TTL_MS_FIELD_NUMBER: _ClassVar[int]
    CACHE_SCOPE_FIELD_NUMBER: _ClassVar[int]
    META_JSON_FIELD_NUMBER: _ClassVar[int]
    EXTRA_JSON_FIELD_NUMBER: _ClassVar[int]
    contents: _containers.RepeatedCompositeFieldContainer[_content_pb2.ResourceContents]
    ttl_ms: int
    cache_scope: _result_pb2.CacheScope
    meta_json: str
    extra_json: str
    def __init__(self, contents: _Optional[_Iterable[_Union[_content_pb2.ResourceContents, _Mapping]]] = ..., ttl_ms: _Optional[int] = ..., cache_scope: _Optional[_Union[_result_pb2.CacheScope, str]] = ..., meta_json: _Optional[str] = ..., extra_json: _Optional[str] = ...) -> None: ...

class ReadResourceResponse(_message.Message):
    __slots__ = ("complete", "input_required", "other")
    COMPLETE_FIELD_NUMBER: _ClassVar[int]
    INPUT_REQUIRED_FIELD_NUMBER: _ClassVar[int]
    OTHER_FIELD_NUMBER: _ClassVar[int]
    complete: ReadResourceResult
    input_required: _result_pb2.InputRequiredResult
    other: _result_pb2.OtherResult
    def __init__(self, complete: _Optional[_Union[ReadResourceResult, _Mapping]] = ..., input_required: _Optional[_Union[_result_pb2.InputRequiredResult, _Mapping]] = ..., other: _Optional[_Union[_result_pb2.OtherResult, _Mapping]] = ...) -> None: ...
