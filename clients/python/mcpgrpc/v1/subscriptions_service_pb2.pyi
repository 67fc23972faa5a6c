from mcpgrpc.v1 import request_pb2 as _request_pb2
from mcpgrpc.v1 import result_pb2 as _result_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class SubscriptionFilter(_message.Message):
    __slots__ = ("tools_list_changed", "prompts_list_changed", "resources_list_changed", "resource_subscriptions", "extra_json")
    TOOLS_LIST_CHANGED_FIELD_NUMBER: _ClassVar[int]
    PROMPTS_LIST_CHANGED_FIELD_NUMBER: _ClassVar[int]
    RESOURCES_LIST_CHANGED_FIELD_NUMBER: _ClassVar[int]
    RESOURCE_SUBSCRIPTIONS_FIELD_NUMBER: _ClassVar[int]
    EXTRA_JSON_FIELD_NUMBER: _ClassVar[int]
    tools_list_changed: bool
    prompts_list_changed: bool
    resources_list_changed: bool
    resource_subscriptions: _containers.RepeatedScalarFieldContainer[str]
    extra_json: str
    def __init__(self, tools_list_changed: _Optional[bool] = ..., prompts_list_changed: _Optional[bool] = ..., resources_list_changed: _Optional[bool] = ..., resource_subscriptions: _Optional[_Iterable[str]] = ..., extra_json: _Optional[str] = ...) -> None: ...

class ListenRequest(_message.Message):
    __slots__ = ("notifications", "context")
    NOTIFICATIONS_FIELD_NUMBER: _ClassVar[int]
    CONTEXT_FIELD_NUMBER: _ClassVar[int]
    notifications: SubscriptionFilter
    context: _request_pb2.RequestContext
    def __init__(self, notifications: _Optional[_Union[SubscriptionFilter, _Mapping]] = ..., context: _Optional[_Union[_request_pb2.RequestContext, _Mapping]] = ...) -> None: ...

class SubscriptionsAcknowledged(_message.Message):
    __slots__ = ("notifications", "meta_json", "extra_json")
    NOTIFICATIONS_FIELD_NUMBER: _ClassVar[int]
    META_JSON_FIELD_NUMBER: _ClassVar[int]
    EXTRA_JSON_FIELD_NUMBER: _ClassVar[int]
    notifications: SubscriptionFilter
    meta_json: str
    extra_json: str
    def __init__(self, notifications: _Optional[_Union[SubscriptionFilter, _Mapping]] = ..., meta_json: _Optional[str] = ..., extra_json: _Optional[str] = ...) -> None: ...

class ListChanged(_message.Message):
    __slots__ = ("meta_json", "extra_json")
    META_JSON_FIELD_NUMBER: _ClassVar[int]
    EXTRA_JSON_FIELD_NUMBER: _ClassVar[int]
    meta_json: str
    extra_json: str
    def __init__(self, meta_json: _Optional[str] = ..., extra_json: _Optional[str] = ...) -> None: ...

class ResourceUpdated(_message.Message):
    __slots__ = ("uri", "meta_json", "extra_json")
    URI_FIELD_NUMBER: _ClassVar[int]
    META_JSON_FIELD_NUMBER: _ClassVar[int]
    EXTRA_JSON_FIELD_NUMBER: _ClassVar[int]
    uri: str
    meta_json: str
    extra_json: str
    def __init__(self, uri: _Optional[str] = ..., meta_json: _Optional[str] = ..., extra_json: _Optional[str] = ...) -> None: ...

class SubscriptionsListenResult(_message.Message):
    __slots__ = ("meta_json", "extra_json")
    META_JSON_FIELD_NUMBER: _ClassVar[int]
    EXTRA_JSON_FIELD_NUMBER: _ClassVar[int]
    meta_json: str
    extra_json: str
    def __init__(self, meta_json: _Optional[str] = ..., extra_json: _Optional[str] = ...) -> None: ...

class ListenResponse(_message.Message):
    __slots__ = ("acknowledged", "tools_list_changed", "prompts_list_changed", "resources_list_changed", "resource_updated", "other_notification", "complete", "other_result")
    ACKNOWLEDGED_FIELD_NUMBER: _ClassVar[int]
    TOOLS_LIST_CHANGED_FIELD_NUMBER: _ClassVar[int]
    PROMPTS_LIST_CHANGED_FIELD_NUMBER: _ClassVar[int]
    RESOURCES_LIST_CHANGED_FIELD_NUMBER: _ClassVar[int]
    RESOURCE_UPDATED_FIELD_NUMBER: _ClassVar[int]
    OTHER_NOTIFICATION_FIELD_NUMBER: _ClassVar[int]
    COMPLETE_FIELD_NUMBER: _ClassVar[int]
    OTHER_RESULT_FIELD_NUMBER: _ClassVar[int]
    acknowledged: SubscriptionsAcknowledged
    tools_list_changed: ListChanged
    prompts_list_changed: ListChanged
    resources_list_changed: ListChanged
    resource_updated: ResourceUpdated
    other_notification: _result_pb2.OtherNotification
    complete: SubscriptionsListenResult
    other_result: _result_pb2.OtherResult
    def __init__(self, acknowledged: _Optional[_Union[SubscriptionsAcknowledged, _Mapping]] = ..., tools_list_changed: _Optional[_Union[ListChanged, _Mapping]] = ..., prompts_list_changed: _Optional[_Union[ListChanged, _Mapping]] = ..., resources_list_changed: _Optional[_Union[ListChanged, _Mapping]] = ..., resource_updated: _Optional[_Union[ResourceUpdated, _Mapping]] = ..., other_notification: _Optional[_Union[_result_pb2.OtherNotification, _Mapping]] = ..., complete: _Optional[_Union[SubscriptionsListenResult, _Mapping]] = ..., other_result: _Optional[_Union[_result_pb2.OtherResult, _Mapping]] = ...) -> None: ...
