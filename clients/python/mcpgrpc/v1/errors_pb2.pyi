from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from typing import ClassVar as _ClassVar

DESCRIPTOR: _descriptor.FileDescriptor

class Execution(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    EXECUTION_UNSPECIFIED: _ClassVar[Execution]
    EXECUTION_NOT_STARTED: _ClassVar[Execution]
    EXECUTION_MAYBE: _ClassVar[Execution]

class ErrorReason(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    ERROR_REASON_UNSPECIFIED: _ClassVar[ErrorReason]
    ERROR_REASON_DRAINING: _ClassVar[ErrorReason]
    ERROR_REASON_DRAIN_DEADLINE: _ClassVar[ErrorReason]
    ERROR_REASON_WINDOW_EXCEEDED: _ClassVar[ErrorReason]
    ERROR_REASON_RATE_LIMITED: _ClassVar[ErrorReason]
    ERROR_REASON_TIMEOUT: _ClassVar[ErrorReason]
    ERROR_REASON_TOKEN_EXPIRED: _ClassVar[ErrorReason]
    ERROR_REASON_FORBIDDEN: _ClassVar[ErrorReason]
    ERROR_REASON_DUPLICATE_ID: _ClassVar[ErrorReason]
    ERROR_REASON_UPSTREAM_LOST: _ClassVar[ErrorReason]
    ERROR_REASON_UNAUTHENTICATED: _ClassVar[ErrorReason]
    ERROR_REASON_OVERLOADED: _ClassVar[ErrorReason]
    ERROR_REASON_UPSTREAM_UNAVAILABLE: _ClassVar[ErrorReason]
    ERROR_REASON_MESSAGE_TOO_LARGE: _ClassVar[ErrorReason]
    ERROR_REASON_LISTEN_LIMIT: _ClassVar[ErrorReason]
    ERROR_REASON_STREAM_LIMIT: _ClassVar[ErrorReason]
    ERROR_REASON_STREAM_STALLED: _ClassVar[ErrorReason]
    ERROR_REASON_INVALID_FRAME: _ClassVar[ErrorReason]
    ERROR_REASON_STREAM_IDLE: _ClassVar[ErrorReason]
    ERROR_REASON_CONNECTION_LOST: _ClassVar[ErrorReason]
EXECUTION_UNSPECIFIED: Execution
EXECUTION_NOT_STARTED: Execution
EXECUTION_MAYBE: Execution
ERROR_REASON_UNSPECIFIED: ErrorReason
ERROR_REASON_DRAINING: ErrorReason
ERROR_REASON_DRAIN_DEADLINE: ErrorReason
ERROR_REASON_WINDOW_EXCEEDED: ErrorReason
ERROR_REASON_RATE_LIMITED: ErrorReason
ERROR_REASON_TIMEOUT: ErrorReason
ERROR_REASON_TOKEN_EXPIRED: ErrorReason
ERROR_REASON_FORBIDDEN: ErrorReason
ERROR_REASON_DUPLICATE_ID: ErrorReason
ERROR_REASON_UPSTREAM_LOST: ErrorReason
ERROR_REASON_UNAUTHENTICATED: ErrorReason
ERROR_REASON_OVERLOADED: ErrorReason
ERROR_REASON_UPSTREAM_UNAVAILABLE: ErrorReason
ERROR_REASON_MESSAGE_TOO_LARGE: ErrorReason
ERROR_REASON_LISTEN_LIMIT: ErrorReason
ERROR_REASON_STREAM_LIMIT: ErrorReason
ERROR_REASON_STREAM_STALLED: ErrorReason
ERROR_REASON_INVALID_FRAME: ErrorReason
ERROR_REASON_STREAM_IDLE: ErrorReason
ERROR_REASON_CONNECTION_LOST: ErrorReason
