"""A backend whose log messages to its callers also go into this server's own log.

It changes nothing that a caller hears, and mirrors only what belongs to a request: who caused it is
known then. Lines are bounded in length, and in number for each tool.
"""

from __future__ import annotations

import logging
from contextlib import AbstractAsyncContextManager
from typing import Any, Final

from mcpgrpc.binding import json_text
from mcpgrpc.binding.ids import Id
from mcpgrpc.logs.correlation import FIELD, current_id
from mcpgrpc.logs.redaction import clip
from mcpgrpc.v1 import envelope_pb2
from mcpgrpc_server.availability import Availability
from mcpgrpc_server.backend import (
    Backend,
    BackendConnection,
    Client,
    ClientNotification,
    ServerCall,
    Summary,
)
from mcpgrpc_server.caller import Caller
from mcpgrpc_server.telemetry.allowance import Allowance

_log: Final = logging.getLogger("mcpgrpc.notifications")

MESSAGE_METHOD: Final = "notifications/message"

MAX_CHARACTERS: Final = 1024
"""Of what is said in a line."""

MAX_JSON_CHARACTERS: Final = 64 * 1024
"""Of a message that is parsed; of a larger one only its size is told."""

LEVELS: Final = {
    "debug": logging.DEBUG,
    "info": logging.INFO,
    "notice": logging.INFO,
    "warning": logging.WARNING,
    "error": logging.ERROR,
    "critical": logging.CRITICAL,
    "alert": logging.CRITICAL,
    "emergency": logging.CRITICAL,
}
"""MCP's levels, which are syslog's, as those of this log; the word itself stands in the line."""


class MirroredBackend:
    """Stands before another backend.

    Args:
        backend: what answers.
    """

    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        self._allowance = Allowance()

    @property
    def availability(self) -> Availability:
        """That of the backend."""
        return self._backend.availability

    def lifespan(self) -> AbstractAsyncContextManager[None]:
        """That of the backend."""
        return self._backend.lifespan()

    def connect(self, client: Client) -> BackendConnection:
        """A client whose messages are mirrored."""
        mirror = MirroringClient(client, self._allowance)
        return MirroredConnection(self._backend.connect(mirror), mirror)

    async def summary(self) -> Summary:
        """What the backend serves."""
        return await self._backend.summary()


class MirroringClient:
    """A client, and what it is told about its requests, in the log.

    Args:
        client: who it is.
        allowance: how many lines of a tool are written.
    """

    def __init__(self, client: Client, allowance: Allowance) -> None:
        self._client = client
        self._allowance = allowance
        self._running: dict[Id, tuple[ServerCall, str]] = {}

    def begin(self, call: ServerCall) -> None:
        """A request runs. What it says may come from another task, which is of no request."""
        self._running[call.request.id] = (call, current_id())

    def end(self, call: ServerCall) -> None:
        """It is over."""
        self._running.pop(call.request.id, None)

    @property
    def caller(self) -> Caller:
        """Who it is."""
        return self._client.caller

    @property
    def takes_requests(self) -> bool:
        """Whether it can be asked something."""
        return self._client.takes_requests

    async def notify(
        self, method: str, params_json: str | None, related_request_id: Id | None
    ) -> None:
        """Send a notification, and log it where it is a message of a request."""
        if method == MESSAGE_METHOD and related_request_id in self._running:
            call, correlation_id = self._running[related_request_id]
            self._mirror(params_json or "{}", call, correlation_id)
        await self._client.notify(method, params_json, related_request_id)

    def next_request_id(self) -> int:
        """An id for a request to the client."""
        return self._client.next_request_id()

    async def request(
        self,
        request_id: Id,
        method: str,
        params_json: str | None,
        related_request_id: Id | None,
        timeout_seconds: float | None,
    ) -> envelope_pb2.JsonRpcResponse:
        """Ask the client."""
        return await self._client.request(
            request_id, method, params_json, related_request_id, timeout_seconds
        )

    def close_request_stream(self, request_id: Id) -> None:
        """Ask the door to end the stream of a request."""
        self._client.close_request_stream(request_id)

    def close_standalone_stream(self) -> None:
        """Ask the door to end the standalone stream."""
        self._client.close_standalone_stream()

    def _mirror(self, params_json: str, call: ServerCall, correlation_id: str) -> None:
        said = _said(params_json)
        word = said.get("level")
        level = LEVELS.get(word, logging.INFO) if isinstance(word, str) else logging.INFO
        if not _log.isEnabledFor(level):
            return
        facts = _facts(said, call)
        suppressed = self._allowance.take(facts["target"] or facts["method"])
        if suppressed is None:
            return
        if suppressed:
            facts["suppressed"] = suppressed
        facts[FIELD] = correlation_id
        _log.log(level, "%s", _text(said.get("data")), extra=facts)


class MirroredConnection:
    """One client's connection.

    Args:
        connection: to the backend.
        mirror: the client as the backend knows it.
    """

    def __init__(self, connection: BackendConnection, mirror: MirroringClient) -> None:
        self._connection = connection
        self._mirror = mirror

    async def handle_request(self, call: ServerCall) -> envelope_pb2.JsonRpcResponse:
        """Pass on a request, and know it while it runs."""
        self._mirror.begin(call)
        try:
            return await self._connection.handle_request(call)
        finally:
            self._mirror.end(call)

    async def handle_notification(self, notification: ClientNotification) -> None:
        """Pass on a notification."""
        await self._connection.handle_notification(notification)

    def listen_completion(self, call: ServerCall) -> envelope_pb2.JsonRpcResponse:
        """That of the backend."""
        return self._connection.listen_completion(call)

    async def aclose(self) -> None:
        """The client is gone."""
        await self._connection.aclose()


def _said(params_json: str) -> dict[str, Any]:
    if len(params_json) > MAX_JSON_CHARACTERS:
        return {"data": f"a message of {len(params_json)} characters"}
    try:
        return json_text.parse_object(params_json) or {}
    except json_text.JsonTextError:
        return {}


def _facts(said: dict[str, Any], call: ServerCall) -> dict[str, Any]:
    target = (call.params or {}).get("name")
    name = said.get("logger")
    return {
        "method": call.request.method,
        "target": clip(target, MAX_CHARACTERS) if isinstance(target, str) else None,
        "mcp_level": said.get("level"),
        "mcp_logger": clip(name, MAX_CHARACTERS) if isinstance(name, str) else None,
    }


def _text(data: Any) -> str:
    return clip(data if isinstance(data, str) else json_text.dump(data), MAX_CHARACTERS)
