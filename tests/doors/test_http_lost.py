"""The HTTP door when the server behind it refuses, dies and comes back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import grpc
import httpx2
import pytest
from google.protobuf import any_pb2
from google.rpc import error_details_pb2, status_pb2

from tests.doors.conftest import ServerProcess
from tests.doors.door import (
    ANSWER_SECONDS,
    Door,
    initialize_request,
    legacy_headers,
    messages_of,
    modern_request,
    next_message,
    open_door,
    tool_call,
)

CALLS = 100
ATTEMPTS = 14


class Refusing(grpc.GenericRpcHandler):
    """Ends every RPC with one status, and keeps the metadata it came with."""

    def __init__(self, status: grpc.StatusCode, reason: str | None) -> None:
        self._status = status
        self._reason = reason
        self.metadata: list[dict[str, Any]] = []

    def service(self, handler_call_details: grpc.HandlerCallDetails) -> Any:
        self.metadata.append(dict(handler_call_details.invocation_metadata or ()))
        return grpc.stream_stream_rpc_method_handler(self._refuse)

    async def _refuse(self, requests: Any, context: Any) -> None:
        trailers: tuple[tuple[str, bytes], ...] = ()
        if self._reason is not None:
            info = error_details_pb2.ErrorInfo(
                domain="mcpgrpc", reason=self._reason, metadata={"execution": "NOT_STARTED"}
            )
            detail = any_pb2.Any()
            detail.Pack(info)
            status = status_pb2.Status(code=self._status.value[0], message="no", details=[detail])
            trailers = (("grpc-status-details-bin", status.SerializeToString()),)
        await context.abort(self._status, "no", trailers)


@asynccontextmanager
async def refusing(handler: Refusing) -> AsyncIterator[Door]:
    server = grpc.aio.server()
    server.add_generic_rpc_handlers((handler,))
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    try:
        # What may pass by itself is tried again for so long.
        async with open_door(f"127.0.0.1:{port}", connect_timeout_seconds=1) as door:
            yield door
    finally:
        await server.stop(None)


@pytest.mark.parametrize(
    ("code", "reason", "status"),
    [
        (grpc.StatusCode.UNAUTHENTICATED, "UNAUTHENTICATED", 401),
        (grpc.StatusCode.UNAUTHENTICATED, None, 401),
        (grpc.StatusCode.PERMISSION_DENIED, "FORBIDDEN", 403),
        (grpc.StatusCode.RESOURCE_EXHAUSTED, "RATE_LIMITED", 429),
        (grpc.StatusCode.UNAVAILABLE, "UPSTREAM_UNAVAILABLE", 503),
        (grpc.StatusCode.DEADLINE_EXCEEDED, "TIMEOUT", 504),
        (grpc.StatusCode.RESOURCE_EXHAUSTED, "SOMETHING_NEWER", 429),
    ],
)
async def test_a_refusal_is_an_http_status_with_the_error_as_its_body(
    code: grpc.StatusCode, reason: str | None, status: int
) -> None:
    async with refusing(Refusing(code, reason)) as door:
        modern = await door.modern("tools/list")
        legacy = await door.legacy(initialize_request())
    for answer, request_id in ((modern, 1), (legacy, 0)):
        assert answer.status_code == status
        assert ("www-authenticate" in answer.headers) == (status == 401)
        error = answer.json()
        assert error["id"] == request_id
        assert error["error"]["code"] == code.value[0]
        assert error["error"]["data"]["reason"] == (reason or code.name)


async def test_an_error_of_the_application_is_no_refusal_whatever_its_code(
    watched_door: Door,
) -> None:
    modern = await watched_door.modern("tools/call", {"name": "forge"})
    session = await watched_door.initialize()
    legacy = await watched_door.legacy(tool_call(1, "forge"), session)
    for answer in (modern, legacy):
        assert answer.status_code == 200
        assert messages_of(answer)[-1]["error"]["code"] == 16


async def test_each_rpc_carries_the_credentials_of_its_own_caller() -> None:
    handler = Refusing(grpc.StatusCode.UNAUTHENTICATED, "UNAUTHENTICATED")
    async with refusing(handler) as door:
        await door.modern("tools/list", authorization="Bearer one", traceparent="00-a-b-01")
        await door.modern("tools/call", {"name": "add"}, **{"x-api-key": "two"})
        await door.legacy(initialize_request(), authorization="Bearer three")
        await door.modern("tools/list")
    one, two, three, nobody = handler.metadata
    assert one["authorization"] == "Bearer one"
    assert one["traceparent"] == "00-a-b-01"
    assert one["mcp-method"] == "tools/list"
    assert (two["x-api-key"], two["mcp-name"]) == ("two", "add")
    assert (three["authorization"], three["mcpgrpc-era"]) == ("Bearer three", "legacy")
    assert "authorization" not in two | nobody
    assert "x-api-key" not in one | three | nobody


async def test_killing_the_server_under_a_hundred_calls_leaves_nobody_waiting(
    everything: ServerProcess,
) -> None:
    async with open_door(everything.address) as door, asyncio.timeout(2 * ANSWER_SECONDS):
        session = await door.initialize()
        calls = [_slow(door, session, number) for number in range(CALLS)]
        running = [asyncio.create_task(call) for call in calls]
        content, headers = modern_request(
            "tools/call",
            {"name": "slow", "arguments": {"seconds": 30}, "_meta": {"progressToken": 1}},
        )
        async with door.http.stream("POST", door.mcp, content=content, headers=headers) as seen:
            await next_message(seen.aiter_lines())
            await everything.kill()
            answers = await asyncio.gather(*running)
        for number, answer in enumerate(answers):
            last = messages_of(answer)[-1]
            # A call that came after the end of its session was not carried at all.
            if answer.status_code != 404:
                assert last["id"] == number
                assert last["error"]["data"]["reason"] == "CONNECTION_LOST"

        assert (await door.legacy({"id": 1, "method": "ping"}, session)).status_code == 404
        await everything.start()
        added = await door.modern("tools/call", {"name": "add", "arguments": {"a": 1, "b": 2}})
        assert added.json()["result"]["structuredContent"] == {"result": 3}
        await door.initialize()


async def _slow(door: Door, session: str, number: int) -> httpx2.Response:
    """Half of the calls on one legacy session, half of them modern."""
    arguments = {"seconds": 30}
    if number % 2:
        return await door.legacy(tool_call(number, "slow", **arguments), session)
    content, headers = modern_request(
        "tools/call", {"name": "slow", "arguments": arguments}, number
    )
    return await door.http.post(door.mcp, content=content, headers=headers)


async def test_the_standalone_stream_ends_with_the_server(everything: ServerProcess) -> None:
    async with open_door(everything.address) as door, asyncio.timeout(ANSWER_SECONDS):
        session = await door.initialize()
        headers = legacy_headers(session)
        async with door.http.stream("GET", door.mcp, headers=headers) as listening:
            await everything.kill()
            await listening.aread()
        assert (await door.http.get(door.mcp, headers=headers)).status_code == 404


async def test_readiness_follows_the_server(everything: ServerProcess) -> None:
    async with open_door(everything.address) as door:
        assert (await door.http.get(f"{door.url}/ready")).status_code == 200
        await everything.kill()
        assert (await door.http.get(f"{door.url}/ready")).status_code == 503
        await everything.start()
        # Again: on a busy machine the probe's own two seconds may not be enough.
        async with asyncio.timeout(ANSWER_SECONDS):
            while (await door.http.get(f"{door.url}/ready")).status_code != 200:
                pass


async def test_a_door_does_not_look_for_its_server_less_and_less_often() -> None:
    """However long the server was away, readiness follows it within a pause of half a second."""
    attempts = asyncio.Queue[None]()

    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        attempts.put_nowait(None)
        writer.close()

    listener = await asyncio.start_server(refuse, "127.0.0.1", 0)
    async with listener, open_door(f"127.0.0.1:{listener.sockets[0].getsockname()[1]}") as door:
        assert (await door.http.get(f"{door.url}/ready")).status_code == 503
        # With pauses that grow up to 5 s, gRPC's without a bound even more, so many take 30 s.
        async with asyncio.timeout(ANSWER_SECONDS):
            for _ in range(ATTEMPTS):
                await attempts.get()
