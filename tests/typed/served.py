"""A server whose backend answers what a test says, and both ways to ask it: typed, and as a Call.

It checks nothing by itself.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

import grpc
from google.rpc import error_details_pb2, status_pb2

from mcpgrpc.v1 import envelope_pb2, mcp_service_pb2, mcp_service_pb2_grpc
from mcpgrpc_server import Server, ServerSettings
from mcpgrpc_server.availability import Availability
from mcpgrpc_server.backend import Client, ClientNotification, ServerCall, Summary
from tests.typed.methods import Method
from tests.wire.raw import LOCAL_CONNECTION, MAX_SECONDS, META

Answer: TypeAlias = Callable[[ServerCall, Client], Awaitable[envelope_pb2.JsonRpcResponse]]

SCRIPTED_ID: Final = 1
"""The id that typed requests have, so that a Call can be the very same."""


async def nothing(call: ServerCall, client: Client) -> envelope_pb2.JsonRpcResponse:
    """Answer an empty object."""
    return envelope_pb2.JsonRpcResponse(result_json="{}")


@dataclass
class Scripted:
    """A backend that answers what it is told to.

    Attributes:
        answer: makes the answers.
        seen: every call that reached it.
    """

    answer: Answer = nothing
    seen: list[ServerCall] = field(default_factory=list)
    availability: Availability = field(default_factory=lambda: Availability(serving=True))

    def says(self, result_json: str) -> None:
        """Answer this result from now on."""

        async def answer(call: ServerCall, client: Client) -> envelope_pb2.JsonRpcResponse:
            return envelope_pb2.JsonRpcResponse(result_json=result_json)

        self.answer = answer

    def fails(self, code: int, message: str, data_json: str | None = None) -> None:
        """Answer this error from now on."""

        async def answer(call: ServerCall, client: Client) -> envelope_pb2.JsonRpcResponse:
            error = envelope_pb2.JsonRpcError(code=code, message=message, data_json=data_json)
            return envelope_pb2.JsonRpcResponse(error=error)

        self.answer = answer

    def lifespan(self) -> AbstractAsyncContextManager[None]:
        """Nothing to bring up."""
        return nullcontext()

    def connect(self, client: Client) -> ScriptedConnection:
        """A new client."""
        return ScriptedConnection(self, client)

    async def summary(self) -> Summary:
        """Nothing to say."""
        return Summary("scripted")


@dataclass
class ScriptedConnection:
    """One client of it."""

    backend: Scripted
    client: Client

    async def handle_request(self, call: ServerCall) -> envelope_pb2.JsonRpcResponse:
        self.backend.seen.append(call)
        return await self.backend.answer(call, self.client)

    async def handle_notification(self, notification: ClientNotification) -> None:
        raise AssertionError("no typed RPC sends notifications")

    def listen_completion(self, call: ServerCall) -> envelope_pb2.JsonRpcResponse:
        text = '{"resultType":"complete","_meta":{"io.modelcontextprotocol/subscriptionId":1}}'
        return envelope_pb2.JsonRpcResponse(result_json=text)

    async def aclose(self) -> None:
        """Nothing to close."""


@dataclass(frozen=True)
class Failed:
    """How a typed RPC failed, with what its trailers say.

    Attributes:
        code: the status.
        message: of the status.
        domain: of the ErrorInfo, as the rest is.
        trailer_bytes: what the trailers take on the wire, the message percent-encoded included.
    """

    code: grpc.StatusCode
    message: str
    domain: str
    reason: str
    metadata: dict[str, str]
    error_code: str
    trailers: tuple[tuple[str, Any], ...]


def failed(error: grpc.aio.AioRpcError) -> Failed:
    """What a typed caller learns of an error."""
    trailers = tuple(error.trailing_metadata() or ())
    info = error_details_pb2.ErrorInfo()
    for key, value in trailers:
        if key == "grpc-status-details-bin":
            status_pb2.Status.FromString(value).details[0].Unpack(info)
    return Failed(
        error.code(),
        error.details() or "",
        info.domain,
        info.reason,
        dict(info.metadata),
        str(dict(trailers).get("mcpgrpc-error-code", "")),
        trailers,
    )


class Ways:
    """Both ways to ask one server.

    Args:
        channel: to it.
    """

    def __init__(self, channel: grpc.aio.Channel) -> None:
        self.channel = channel

    async def typed(self, method: Method, request: Any = None, **options: Any) -> Any:
        """The response of a typed RPC."""
        rpc: Any = getattr(method.stub(self.channel), method.rpc)
        return await rpc(method.request if request is None else request, **_bounded(options))

    async def refused(self, method: Method, request: Any = None, **options: Any) -> Failed:
        """How a typed RPC failed."""
        try:
            response = await self.typed(method, request, **options)
        except grpc.aio.AioRpcError as error:
            return failed(error)
        raise AssertionError(f"answered {response}")

    async def call(self, method: str, params: dict[str, Any], **meta: Any) -> Any:
        """The response of a Call, as JSON-RPC has it; notifications go before it."""
        *_, last = await self.call_messages(method, params, **meta)
        return last.response

    async def call_messages(
        self, method: str, params: dict[str, Any], **meta: Any
    ) -> list[mcp_service_pb2.CallResponse]:
        """Every message of a Call."""
        text = json.dumps({**params, "_meta": {**TYPED_META, **meta}})
        request = envelope_pb2.JsonRpcRequest(method=method, params_json=text)
        request.id.integer = SCRIPTED_ID
        stub: Any = mcp_service_pb2_grpc.McpServiceStub(self.channel)
        rpc = stub.Call(mcp_service_pb2.CallRequest(request=request), timeout=MAX_SECONDS)
        return [message async for message in rpc]


TYPED_META: Final[dict[str, Any]] = {
    key: value for key, value in META.items() if not key.endswith("clientInfo")
}
"""What a typed request without a context says in `_meta`."""


def _bounded(options: dict[str, Any]) -> dict[str, Any]:
    return {"timeout": MAX_SECONDS, **options}


@asynccontextmanager
async def ways_to(app: object, **settings: Any) -> AsyncIterator[Ways]:
    """A server of an app, or a Backend, for as long as the context is open."""
    options = ServerSettings.model_validate(settings)
    async with (
        Server(app, ["127.0.0.1:0"], settings=options) as server,
        connected(server) as ways,
    ):
        yield ways


@asynccontextmanager
async def connected(server: Server) -> AsyncIterator[Ways]:
    """A connection of its own to a server."""
    async with grpc.aio.insecure_channel(server.addresses[0], options=LOCAL_CONNECTION) as channel:
        yield Ways(channel)


async def soon(event: asyncio.Event) -> None:
    """Wait for an event, for no longer than a test may."""
    await asyncio.wait_for(event.wait(), MAX_SECONDS)
