"""The exceptions of the client: what the peer answered, what the way there did, what we did wrong.

McpGrpcError
├── RemoteError        the application answered a JSON-RPC error
│   └── ServiceError   the mcpgrpc service itself refused or ended the request
├── ConnectError       no server could be reached
├── ConnectionLost     the connection broke while a request was under way
├── RequestTimeout     no answer within the time allowed
└── UsageError         the call itself is wrong; nothing was sent
"""

from __future__ import annotations

from typing import Any

from mcpgrpc.binding.errors import retry_after_seconds


class McpGrpcError(Exception):
    """The base of everything that the client raises on purpose."""


class RemoteError(McpGrpcError):
    """A JSON-RPC error.

    Attributes:
        code: the JSON-RPC code.
        message: the sentence that came with it.
        data: its `data`, parsed; None when absent.
    """

    def __init__(self, code: int, message: str, data: Any = None) -> None:
        super().__init__(code, message, data)
        self.code = code
        self.message = message
        self.data = data

    def __str__(self) -> str:
        return f"{self.message} (code {self.code})"


class ServiceError(RemoteError):
    """The service itself refused or ended a request.

    Attributes:
        reason: why, such as "WINDOW_EXCEEDED".
        execution: "NOT_STARTED" when it certainly did not run, else "MAYBE".
    """

    def __init__(
        self, code: int, message: str, data: Any = None, *, reason: str, execution: str
    ) -> None:
        super().__init__(code, message, data)
        self.reason = reason
        self.execution = execution

    def __str__(self) -> str:
        return f"{self.message} ({self.reason}, {self.execution})"

    @property
    def retry_after_seconds(self) -> float | None:
        """In how long it is worth to try again; None when the service does not say."""
        return retry_after_seconds(self.data)


class ConnectError(McpGrpcError):
    """No server could be reached; nothing was sent. Says where and what to do."""


class ConnectionLost(McpGrpcError):  # noqa: N818  # says what happened, as ConnectionResetError
    """The connection broke under a request.

    Attributes:
        execution: "NOT_STARTED" when the request certainly did not run, else "MAYBE".
    """

    def __init__(self, message: str, *, execution: str) -> None:
        super().__init__(message)
        self.execution = execution


class RequestTimeout(McpGrpcError):  # noqa: N818  # says what happened, as TimeoutError
    """No answer came within the time allowed; the server was told to stop."""


class UsageError(McpGrpcError):
    """An argument is wrong; nothing was sent."""
