import datetime

from google.protobuf import duration_pb2 as _duration_pb2
from mcpgrpc.v1 import envelope_pb2 as _envelope_pb2
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class GoAwayReason(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    GO_AWAY_REASON_UNSPECIFIED: _ClassVar[GoAwayReason]
    GO_AWAY_REASON_SHUTDOWN: _ClassVar[GoAwayReason]
    GO_AWAY_REASON_MAX_AGE: _ClassVar[GoAwayReason]
    GO_AWAY_REASON_TOKEN_EXPIRING: _ClassVar[GoAwayReason]

class FragmentState(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    FRAGMENT_STATE_UNSPECIFIED: _ClassVar[FragmentState]
    FRAGMENT_STATE_LAST: _ClassVar[FragmentState]
    FRAGMENT_STATE_ABORTED: _ClassVar[FragmentState]
GO_AWAY_REASON_UNSPECIFIED: GoAwayReason
GO_AWAY_REASON_SHUTDOWN: GoAwayReason
GO_AWAY_REASON_MAX_AGE: GoAwayReason
GO_AWAY_REASON_TOKEN_EXPIRING: GoAwayReason
FRAGMENT_STATE_UNSPECIFIED: FragmentState
FRAGMENT_STATE_LAST: FragmentState
FRAGMENT_STATE_ABORTED: FragmentState

class Settings(_message.Message):
    __slots__ = ("max_in_flight", "max_frame_bytes", "max_envelope_bytes", "max_open_fragments", "keepalive_interval")
    MAX_IN_FLIGHT_FIELD_NUMBER: _ClassVar[int]
    MAX_FRAME_BYTES_FIELD_NUMBER: _ClassVar[int]
    MAX_ENVELOPE_BYTES_FIELD_NUMBER: _ClassVar[int]
    MAX_OPEN_FRAGMENTS_FIELD_NUMBER: _ClassVar[int]
    KEEPALIVE_INTERVAL_FIELD_NUMBER: _ClassVar[int]
    max_in_flight: int
    max_frame_bytes: int
    max_envelope_bytes: int
    max_open_fragments: int
    keepalive_interval: _duration_pb2.Duration
    def __init__(self, max_in_flight: _Optional[int] = ..., max_frame_bytes: _Optional[int] = ..., max_envelope_bytes: _Optional[int] = ..., max_open_fragments: _Optional[int] = ..., keepalive_interval: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ...) -> None: ...

class GoAway(_message.Message):
    __slots__ = ("reason", "accepted_requests", "grace")
    REASON_FIELD_NUMBER: _ClassVar[int]
    ACCEPTED_REQUESTS_FIELD_NUMBER: _ClassVar[int]
    GRACE_FIELD_NUMBER: _ClassVar[int]
    reason: GoAwayReason
    accepted_requests: int
    grace: _duration_pb2.Duration
    def __init__(self, reason: _Optional[_Union[GoAwayReason, str]] = ..., accepted_requests: _Optional[int] = ..., grace: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ...) -> None: ...

class Fragment(_message.Message):
    __slots__ = ("fragment_id", "data", "state", "total_bytes")
    FRAGMENT_ID_FIELD_NUMBER: _ClassVar[int]
    DATA_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    TOTAL_BYTES_FIELD_NUMBER: _ClassVar[int]
    fragment_id: int
    data: bytes
    state: FragmentState
    total_bytes: int
    def __init__(self, fragment_id: _Optional[int] = ..., data: _Optional[bytes] = ..., state: _Optional[_Union[FragmentState, str]] = ..., total_bytes: _Optional[int] = ...) -> None: ...

class RequestSettled(_message.Message):
    __slots__ = ("request_id",)
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    request_id: _envelope_pb2.RequestId
    def __init__(self, request_id: _Optional[_Union[_envelope_pb2.RequestId, _Mapping]] = ...) -> None: ...

class RequestStreamClose(_message.Message):
    __slots__ = ("request_id",)
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    request_id: _envelope_pb2.RequestId
    def __init__(self, request_id: _Optional[_Union[_envelope_pb2.RequestId, _Mapping]] = ...) -> None: ...

class StandaloneStreamClose(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class Credentials(_message.Message):
    __slots__ = ("authorization",)
    AUTHORIZATION_FIELD_NUMBER: _ClassVar[int]
    authorization: str
    def __init__(self, authorization: _Optional[str] = ...) -> None: ...

class ClientItem(_message.Message):
    __slots__ = ("envelope", "fragment", "settings", "credentials", "request_settled")
    ENVELOPE_FIELD_NUMBER: _ClassVar[int]
    FRAGMENT_FIELD_NUMBER: _ClassVar[int]
    SETTINGS_FIELD_NUMBER: _ClassVar[int]
    CREDENTIALS_FIELD_NUMBER: _ClassVar[int]
    REQUEST_SETTLED_FIELD_NUMBER: _ClassVar[int]
    envelope: _envelope_pb2.Envelope
    fragment: Fragment
    settings: Settings
    credentials: Credentials
    request_settled: RequestSettled
    def __init__(self, envelope: _Optional[_Union[_envelope_pb2.Envelope, _Mapping]] = ..., fragment: _Optional[_Union[Fragment, _Mapping]] = ..., settings: _Optional[_Union[Settings, _Mapping]] = ..., credentials: _Optional[_Union[Credentials, _Mapping]] = ..., request_settled: _Optional[_Union[RequestSettled, _Mapping]] = ...) -> None: ...

class ServerItem(_message.Message):
    __slots__ = ("envelope", "fragment", "settings", "go_away", "request_settled", "request_stream_close", "standalone_stream_close")
    ENVELOPE_FIELD_NUMBER: _ClassVar[int]
    FRAGMENT_FIELD_NUMBER: _ClassVar[int]
    SETTINGS_FIELD_NUMBER: _ClassVar[int]
    GO_AWAY_FIELD_NUMBER: _ClassVar[int]
    REQUEST_SETTLED_FIELD_NUMBER: _ClassVar[int]
    REQUEST_STREAM_CLOSE_FIELD_NUMBER: _ClassVar[int]
    STANDALONE_STREAM_CLOSE_FIELD_NUMBER: _ClassVar[int]
    envelope: _envelope_pb2.Envelope
    fragment: Fragment
    settings: Settings
    go_away: GoAway
    request_settled: RequestSettled
    request_stream_close: RequestStreamClose
    standalone_stream_close: StandaloneStreamClose
    def __init__(self, envelope: _Optional[_Union[_envelope_pb2.Envelope, _Mapping]] = ..., fragment: _Optional[_Union[Fragment, _Mapping]] = ..., settings: _Optional[_Union[Settings, _Mapping]] = ..., go_away: _Optional[_Union[GoAway, _Mapping]] = ..., request_settled: _Optional[_Union[RequestSettled, _Mapping]] = ..., request_stream_close: _Optional[_Union[RequestStreamClose, _Mapping]] = ..., standalone_stream_close: _Optional[_Union[StandaloneStreamClose, _Mapping]] = ...) -> None: ...
