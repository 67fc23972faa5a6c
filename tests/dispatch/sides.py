"""The two sides that are compared: the SDK's own runner, and ours with its direct ways.

The reference side uses nothing of `mcpgrpc_server.sdk` but the way back to the client, which both
sides share.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import mcp.server.runner as sdk_runner
from mcp.server import MCPServer
from mcp.server.connection import Connection, NotifyOnlyOutbound
from mcp.shared.exceptions import MCPError
from mcp.shared.inbound import InboundLadderRejection, classify_inbound_request
from mcp.shared.jsonrpc_dispatcher import handler_exception_to_error_data

from mcpgrpc.binding import json_text
from mcpgrpc.binding.era import Era
from mcpgrpc.binding.ids import Id
from mcpgrpc.binding.in_flight import InFlightRequest
from mcpgrpc.v1 import envelope_pb2
from mcpgrpc_server.backend import ServerCall
from mcpgrpc_server.caller import Caller
from mcpgrpc_server.sdk.app import SdkApp
from mcpgrpc_server.sdk.outbound import ClientOutbound, RequestContext
from mcpgrpc_server.sdk.request_view import RequestView
from tests.dispatch.app import SECURITY

MODERN = "2026-07-28"
LEGACY = "2025-11-25"
OLDEST = "2024-11-05"
REQUEST_ID = 7

CAPABILITIES: dict[str, Any] = {"elicitation": {"form": {}}, "roots": {}}
CLIENT = {"name": "tests", "version": "1"}
ENVELOPE = {
    "io.modelcontextprotocol/protocolVersion": MODERN,
    "io.modelcontextprotocol/clientCapabilities": CAPABILITIES,
    "io.modelcontextprotocol/clientInfo": CLIENT,
}


class RecordingClient:
    """A client that answers each question with the same, and keeps what it is told."""

    takes_requests = True

    def __init__(self) -> None:
        self.caller = Caller("peer", headers={"x-own": "header"})
        self.told: list[Any] = []

    async def notify(
        self, method: str, params_json: str | None, related_request_id: Id | None
    ) -> None:
        self.told.append(["notification", method, params_json, related_request_id])

    def next_request_id(self) -> int:
        return 1

    async def request(
        self,
        request_id: Id,
        method: str,
        params_json: str | None,
        related_request_id: Id | None,
        timeout_seconds: float | None,
    ) -> envelope_pb2.JsonRpcResponse:
        self.told.append(["request", method, params_json, related_request_id, timeout_seconds])
        answer = {"action": "accept", "content": {"seats": 2}}
        return envelope_pb2.JsonRpcResponse(result_json=json.dumps(answer))

    def close_request_stream(self, request_id: Id) -> None:
        self.told.append(["close", request_id])

    def close_standalone_stream(self) -> None:
        self.told.append(["close"])


@dataclass
class Outcome:
    """All that can be seen of a request from outside, in a form that compares."""

    answer: Any
    told: list[Any]
    logged: list[tuple[str, str, str]]
    ways: list[str] = field(default_factory=list, compare=False)


class Reference:
    """An app behind the SDK's own runner.

    Args:
        server: its low-level server.
        version: the revision that its client speaks.
    """

    def __init__(self, server: Any, version: str) -> None:
        self._server = server
        self._version = version
        self._client = RecordingClient()
        self._outbound = ClientOutbound(self._client)
        self._legacy: Any = sdk_runner.ServerRunner(
            server, Connection.for_loop(self._outbound), None
        )

    async def answer(self, method: str, params: Any) -> Outcome:
        """What the SDK makes of a request."""
        self._client.told.clear()
        with recorded_log() as logged:
            try:
                result = await self._result(method, params)
                answer: Any = {"result": json.loads(json_text.dump(result))}
            except Exception as error:  # noqa: BLE001  # whatever a handler raises
                answer = {"error": _error(error)}
        return Outcome(canonical(answer), list(self._client.told), logged)

    async def _result(self, method: str, params: Any) -> Any:
        if self._version != MODERN:
            version = self._legacy.connection.protocol_version
            context = self._context(params, version, is_legacy=True)
            return await self._legacy.on_request(context, method, params)
        route = classify_inbound_request({"method": method, "params": params})
        if isinstance(route, InboundLadderRejection):
            raise MCPError(route.code, route.message, route.data)
        connection = Connection.from_envelope(
            route.protocol_version,
            route.client_info,
            route.client_capabilities,
            outbound=NotifyOnlyOutbound(self._outbound),
        )
        context = self._context(params, route.protocol_version, is_legacy=False)
        return await sdk_runner.serve_one(
            self._server, context, method, params, connection=connection, lifespan_state=None
        )

    def _context(self, params: Any, version: str, *, is_legacy: bool) -> Any:
        meta = (params or {}).get("_meta")
        token = meta.get("progressToken") if isinstance(meta, dict) else None
        is_token = isinstance(token, str | int) and not isinstance(token, bool)
        view = RequestView(self._client, None, REQUEST_ID, version, is_legacy=is_legacy)
        return RequestContext(self._outbound, view, REQUEST_ID, token if is_token else None)


class Ours:
    """An app behind our connection, its direct ways on.

    Args:
        app: the app.
        version: the revision that its client speaks.
    """

    def __init__(self, app: Any, version: str) -> None:
        self._version = version
        self._client = RecordingClient()
        self._connection = SdkApp(app).connect(self._client)

    async def answer(self, method: str, params: Any) -> Outcome:
        """What we make of a request."""
        self._client.told.clear()
        is_modern = self._version == MODERN
        request = InFlightRequest(REQUEST_ID, method, modern=is_modern)
        era = Era.MODERN if is_modern else Era.LEGACY
        ways: list[str] = []
        with recorded_log() as logged, self._noting(ways):
            response = await self._connection.handle_request(
                ServerCall(request, era, params, None, None)
            )
        return Outcome(canonical(_answer(response)), list(self._client.told), logged, ways)

    @contextmanager
    def _noting(self, ways: list[str]) -> Iterator[None]:
        """Note which way a request took."""
        chosen = self._connection._way

        def noted(call: ServerCall, *, is_modern: bool) -> Any:
            way = chosen(call, is_modern=is_modern)
            ways.append("kernel" if way is None else way.kind)
            return way

        self._connection._way = noted  # type: ignore[method-assign]  # to see, not to change
        try:
            yield
        finally:
            del self._connection._way


class Both:
    """Both sides of one app, at one revision.

    Args:
        app: an `MCPServer` or a low-level server.
        version: the revision.
    """

    def __init__(self, app: Any, version: str = MODERN) -> None:
        self.version = version
        server = app._lowlevel_server if isinstance(app, MCPServer) else app
        self._reference = Reference(server, version)
        self._ours = Ours(app, version)

    async def start(self) -> None:
        """The handshake, where the revision has one."""
        if self.version != MODERN:
            hello = {
                "protocolVersion": self.version,
                "capabilities": CAPABILITIES,
                "clientInfo": CLIENT,
            }
            await self.same("initialize", hello)

    def params(self, params: dict[str, Any] | None, **meta: Any) -> dict[str, Any] | None:
        """Params with what every request of the revision carries."""
        if self.version == MODERN:
            return {**(params or {}), "_meta": {**ENVELOPE, **meta}}
        return {**(params or {}), "_meta": meta} if meta else params

    async def same(self, method: str, params: Any) -> Outcome:
        """Ask both, find the same, and give it."""
        expected = await self._reference.answer(method, json_copy(params))
        found = await self._ours.answer(method, json_copy(params))
        assert found == expected
        return found

    async def call(self, name: str, **arguments: Any) -> Outcome:
        """Call a tool on both."""
        return await self.same("tools/call", self.params({"name": name, "arguments": arguments}))

    async def ask(self, method: str) -> Outcome:
        """Ask both for something without params of its own."""
        return await self.same(method, self.params(None))


def json_copy(params: Any) -> Any:
    """Params of a request's own, as they come from the wire."""
    return None if params is None else json_text.parse(json_text.dump(params))


def canonical(answer: Any) -> str:
    """JSON that compares byte for byte; sealed states by what they hold."""
    return json.dumps(_unsealed(answer), sort_keys=True)


def _unsealed(value: Any) -> Any:
    if isinstance(value, list):
        return [_unsealed(each) for each in value]
    if not isinstance(value, dict):
        return value
    members = {name: _unsealed(each) for name, each in value.items()}
    state = members.get("requestState")
    if isinstance(state, str) and state.startswith("v1."):
        claims = json.loads(SECURITY.codec.unseal(state))
        sealed = _unsealed({"requestState": claims["s"]})
        members["requestState"] = ["sealed", {name: claims.get(name) for name in "vmta"}, sealed]
    return members


def _answer(response: envelope_pb2.JsonRpcResponse) -> Any:
    if response.WhichOneof("outcome") == "result_json":
        return {"result": json.loads(response.result_json)}
    error = response.error
    shown: dict[str, Any] = {"code": error.code, "message": error.message}
    if error.HasField("data_json"):
        shown["data"] = json.loads(error.data_json)
    return {"error": shown}


def _error(error: Exception) -> dict[str, Any]:
    data = handler_exception_to_error_data(error)
    if data is None or not _is_sendable(data.message):
        return {"code": -32603, "message": "Internal server error"}
    shown: dict[str, Any] = {"code": data.code, "message": data.message}
    if data.data is not None:
        shown["data"] = data.data
    return shown


def _is_sendable(text: str) -> bool:
    """Whether a message of the wire can hold it: what is not UTF-8 is answered as a fault."""
    return text.encode(errors="replace").decode() == text


class _Records(logging.Handler):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, str, str]] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.found.append((record.name, record.levelname, record.getMessage()))


@contextmanager
def recorded_log() -> Iterator[list[tuple[str, str, str]]]:
    """What the SDK's own loggers write."""
    handler = _Records()
    sdk = logging.getLogger("mcp")
    sdk.addHandler(handler)
    try:
        yield handler.found
    finally:
        sdk.removeHandler(handler)
