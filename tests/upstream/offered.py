"""Upstreams offered over real gRPC: what starts them, and what clients see of them.

It holds no tests.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeAlias

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

from mcpgrpc.v1 import envelope_pb2, mcp_service_pb2
from mcpgrpc_server import Server
from mcpgrpc_server.identity import Identity, IdentityKind, current_identity
from tests.wire.raw import LOCAL_CONNECTION, MAX_SECONDS, RawCalls, RawSession, text_of, tool

Table: TypeAlias = dict[str, Any]
Offer: TypeAlias = Callable[..., Awaitable[Server]]
"""Serves upstreams by name, given as tables of the settings, with further settings under `_`."""

PLAIN = Path(__file__).with_name("plain_upstream.py")
EXAMPLES = Path(__file__).parents[2] / "examples"


def plain(kind: str, name: str = "plain", **more: Any) -> Table:
    """The hand-written upstream of an era."""
    return {"command": [sys.executable, "-S", "-E", str(PLAIN), kind, name], **more}


def everything(**more: Any) -> Table:
    """The SDK's server of either era, as a command."""
    return {"command": [sys.executable, str(EXAMPLES / "everything.py")], **more}


def legacy(name: str, arguments: dict[str, Any] | None = None, token: Any = None) -> str:
    """The params of a legacy `tools/call`."""
    params: dict[str, Any] = {"name": name, "arguments": arguments or {}}
    if token is not None:
        params["_meta"] = {"progressToken": token}
    return json.dumps(params)


async def said(session: RawSession, request_id: str | int, name: str, **arguments: Any) -> str:
    """The text of a modern tool call on a Session."""
    return text_of(await session.call(request_id, name, arguments))


async def called(
    calls: RawCalls, server: Server, name: str, **arguments: Any
) -> envelope_pb2.JsonRpcResponse:
    """The response of a tool call that is a Call of its own."""
    messages, ending = await calls.run(server, tool(1, name, arguments))
    assert messages, ending
    return messages[-1].response


async def seen_by(calls: RawCalls, server: Server) -> list[dict[str, Any]]:
    """Every message that the process of modern requests has received, this question excluded."""
    received: list[dict[str, Any]] = json.loads(text_of(await called(calls, server, "seen")))
    return received[:-1]


def params_of(notification: envelope_pb2.JsonRpcNotification) -> dict[str, Any]:
    params: dict[str, Any] = json.loads(notification.params_json)
    return params


def notifications_of(
    messages: list[mcp_service_pb2.CallResponse],
) -> list[tuple[str, dict[str, Any]]]:
    """The notifications of a Call: methods and params."""
    found = [each.notification for each in messages if each.HasField("notification")]
    return [(each.method, params_of(each)) for each in found]


async def ended(pid: int) -> None:
    """Wait until a process that may be nobody's child here has ended."""
    loop = asyncio.get_running_loop()
    over = asyncio.Event()
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    try:
        loop.add_reader(descriptor, over.set)
        await asyncio.wait_for(over.wait(), MAX_SECONDS)
    finally:
        loop.remove_reader(descriptor)
        os.close(descriptor)


@asynccontextmanager
async def health_of(server: Server) -> AsyncIterator[Callable[[bool], Awaitable[None]]]:
    """Gives what waits until health says SERVING, or NOT_SERVING, from what it said last on."""
    async with grpc.aio.insecure_channel(server.addresses[0], options=LOCAL_CONNECTION) as channel:
        stub: Any = health_pb2_grpc.HealthStub(channel)
        watch = stub.Watch(health_pb2.HealthCheckRequest(), timeout=4 * MAX_SECONDS)

        async def until(serving: bool) -> None:
            wanted = health_pb2.HealthCheckResponse.SERVING if serving else NOT_SERVING
            async with asyncio.timeout(2 * MAX_SECONDS):
                while (await watch.read()).status != wanted:
                    pass

        yield until


NOT_SERVING = health_pb2.HealthCheckResponse.NOT_SERVING


class ByName(grpc.aio.ServerInterceptor):
    """Takes the metadata `x-user` for the identity of the caller."""

    async def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Awaitable[Any]],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> Any:
        handler = await continuation(handler_call_details)
        metadata = dict(handler_call_details.invocation_metadata or ())
        subject = metadata.get("x-user")
        if subject is None:
            return handler
        serve = handler.stream_stream or handler.unary_stream
        is_session = handler.stream_stream is not None

        async def identified(request: Any, context: Any) -> Any:
            current_identity.set(Identity(str(subject), IdentityKind.JWT))
            return await serve(request, context)

        wrap = (
            grpc.stream_stream_rpc_method_handler
            if is_session
            else grpc.unary_stream_rpc_method_handler
        )
        return wrap(identified, handler.request_deserializer, handler.response_serializer)
