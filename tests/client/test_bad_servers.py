"""Servers that break the rules: every error is clear, nothing hangs, nobody else suffers."""

from __future__ import annotations

import asyncio
from typing import Any

import grpc
import mcp
import pytest
from mcp import MCPError

import mcpgrpc
from mcpgrpc import Client
from mcpgrpc.binding.limits import Limits
from mcpgrpc.client.inbox import ServerMessages
from mcpgrpc.connection import ConnectionOptions
from mcpgrpc.errors import ConnectError, ConnectionLost, McpGrpcError, RemoteError, RequestTimeout
from mcpgrpc.stream.carrier import Exchange
from mcpgrpc.v1 import envelope_pb2, errors_pb2, mcp_service_pb2, session_pb2
from tests.client.conftest import MODERN
from tests.client.fake_server import Peer, fake_server, result_item

MAX_SECONDS = 10


def envelope_item(**message: Any) -> session_pb2.ServerItem:
    return session_pb2.ServerItem(envelope=envelope_pb2.Envelope(**message))


async def request_of(script: Any, **more: Any) -> dict[str, Any]:
    """One request to a server that runs the script."""
    options: dict[str, Any] = {"mode": MODERN, "timeout_seconds": 2.0, **more}
    async with (
        fake_server(script) as fake,
        asyncio.timeout(MAX_SECONDS),
        Client(fake.address, **options) as client,
    ):
        return await client.request("tools/list")


@pytest.mark.parametrize(
    ("result_json", "what"),
    [
        ("{not json", "the result of tools/list is not JSON"),
        ("", "the result of tools/list is not JSON"),
        ("[1]", "the result of tools/list is not an object"),
        ("null", "the result of tools/list is not an object"),
        ("[" * 5000, "the result of tools/list is not JSON"),
    ],
    ids=["broken", "empty", "array", "null", "deep"],
)
async def test_a_result_that_is_no_object_is_an_error_of_its_request_alone(
    result_json: str, what: str
) -> None:
    async def script(peer: Peer) -> None:
        await peer.settings()
        requests = peer.requests()
        await peer.answer((await anext(requests)).id, result_json)
        await peer.answer((await anext(requests)).id, "{}")
        await peer.for_ever()

    async with (
        fake_server(script) as fake,
        asyncio.timeout(MAX_SECONDS),
        Client(fake.address, mode=MODERN) as client,
    ):
        with pytest.raises(RemoteError, match=what):
            await client.request("tools/list")
        assert await client.request("tools/list") == {}
        assert fake.sessions == 1


async def test_the_sdks_client_gets_an_error_for_a_result_that_is_not_json() -> None:
    async def script(peer: Peer) -> None:
        await peer.settings()
        await peer.answer((await peer.request()).id, "{not json")
        await peer.for_ever()

    async with (
        fake_server(script) as fake,
        asyncio.timeout(MAX_SECONDS),
        mcp.Client(mcpgrpc.transport(fake.address), mode=MODERN) as client,
    ):
        error = (await asyncio.gather(client.list_tools(), return_exceptions=True))[0]
    assert isinstance(error, MCPError)
    assert error.code == -32700


async def test_error_data_that_is_not_json_is_left_out() -> None:
    async def script(peer: Peer) -> None:
        await peer.settings()
        request = await peer.request()
        error = envelope_pb2.JsonRpcError(code=5, message="odd", data_json="{not json")
        await peer.send(
            envelope_item(response=envelope_pb2.JsonRpcResponse(id=request.id, error=error))
        )
        await peer.for_ever()

    with pytest.raises(RemoteError, match="odd") as refused:
        await request_of(script)
    assert refused.value.data is None


async def test_a_response_without_an_outcome_is_an_error() -> None:
    async def script(peer: Peer) -> None:
        await peer.settings()
        request = await peer.request()
        await peer.send(envelope_item(response=envelope_pb2.JsonRpcResponse(id=request.id)))
        await peer.for_ever()

    with pytest.raises(RemoteError):
        await request_of(script)


async def test_responses_nobody_asked_for_and_items_nobody_knows_are_ignored() -> None:
    async def script(peer: Peer) -> None:
        await peer.settings()
        request = await peer.request()
        for stranger in (
            envelope_pb2.RequestId(integer=request.id.integer + 1),
            envelope_pb2.RequestId(text=str(request.id.integer)),
            envelope_pb2.RequestId(),
        ):
            await peer.answer(stranger, '{"forged":true}')
        await peer.send(session_pb2.ServerItem(), envelope_item())
        await peer.send()
        settled = session_pb2.RequestSettled(request_id=envelope_pb2.RequestId(integer=99))
        await peer.send(session_pb2.ServerItem(request_settled=settled))
        malformed = envelope_pb2.JsonRpcNotification(method="notifications/x", params_json="{no")
        await peer.send(envelope_item(notification=malformed))
        await peer.answer(request.id, '{"real":true}')
        await peer.answer(request.id, '{"twice":true}')
        await peer.for_ever()

    assert await request_of(script) == {"real": True}


async def test_a_request_settled_without_an_answer_may_have_run() -> None:
    async def script(peer: Peer) -> None:
        await peer.settings()
        request = await peer.request()
        settled = session_pb2.RequestSettled(request_id=request.id)
        await peer.send(session_pb2.ServerItem(request_settled=settled))
        await peer.for_ever()

    with pytest.raises(ConnectionLost, match="settled the request without an answer") as lost:
        await request_of(script)
    assert lost.value.execution == "MAYBE"


def fragment(number: int, **members: Any) -> session_pb2.ServerItem:
    return session_pb2.ServerItem(fragment=session_pb2.Fragment(fragment_id=number, **members))


BROKEN_FRAMES: dict[str, list[session_pb2.ServerItem]] = {
    "pieces that are no envelope": [
        fragment(1, data=b"\xff\xff\xff", state=session_pb2.FRAGMENT_STATE_LAST)
    ],
    "more pieces than announced": [fragment(1, data=b"12345", total_bytes=2)],
    "too large a whole": [fragment(1, data=b"1", total_bytes=2**40)],
    "too many at once": [fragment(number, data=b"1") for number in range(100)],
}


@pytest.mark.parametrize("what", list(BROKEN_FRAMES))
async def test_frames_that_break_the_rules_end_the_stream_and_say_why(what: str) -> None:
    async def script(peer: Peer) -> None:
        await peer.settings()
        await peer.request()
        await peer.send(*BROKEN_FRAMES[what])
        await peer.for_ever()

    with pytest.raises(ConnectionLost, match="the server broke the protocol") as lost:
        await request_of(script)
    assert lost.value.execution == "MAYBE"


async def test_frames_that_break_the_rules_before_the_settings_are_a_connect_error() -> None:
    async def script(peer: Peer) -> None:
        await peer.send(*BROKEN_FRAMES["pieces that are no envelope"])
        await peer.for_ever()

    with pytest.raises(ConnectError, match=r"cannot talk to .* the server broke the protocol"):
        await request_of(script)


async def test_a_stream_that_ends_before_its_settings_is_tried_again_until_the_time_is_over() -> (
    None
):
    async def script(peer: Peer) -> None:
        return

    with pytest.raises(ConnectError, match="no server answers at"):
        await request_of(script, connect_timeout_seconds=0.3)


async def test_a_server_that_never_answers_is_a_timeout() -> None:
    cancelled = asyncio.Event()

    async def script(peer: Peer) -> None:
        await peer.settings()
        async for frame in peer.frames:
            for item in frame.items:
                if item.envelope.notification.method == "notifications/cancelled":
                    cancelled.set()

    async with (
        fake_server(script) as fake,
        asyncio.timeout(MAX_SECONDS),
        Client(fake.address, mode=MODERN) as client,
    ):
        with pytest.raises(RequestTimeout):
            await client.request("tools/list", timeout=0.1)
        await cancelled.wait()


async def test_a_window_of_one_is_kept() -> None:
    unanswered = 0
    most = 0

    async def script(peer: Peer) -> None:
        nonlocal unanswered, most
        await peer.settings(Limits(max_in_flight=1))
        async for request in peer.requests():
            unanswered += 1
            most = max(most, unanswered)
            unanswered -= 1
            await peer.answer(request.id, "{}")

    async with (
        fake_server(script) as fake,
        asyncio.timeout(MAX_SECONDS),
        Client(fake.address, mode=MODERN) as client,
    ):
        await asyncio.gather(*(client.request("tools/list") for _ in range(50)))
    assert most == 1


async def test_a_server_that_stops_reading_holds_up_calls_until_their_own_timeout() -> None:
    """What it does not read stays bounded: senders wait at the high-water mark."""

    async def script(peer: Peer) -> None:
        await peer.settings()
        await asyncio.Event().wait()

    text = "x" * 200_000
    async with (
        fake_server(script) as fake,
        asyncio.timeout(MAX_SECONDS),
        Client(fake.address, mode=MODERN) as client,
    ):
        calls = [client.request("tools/call", {"text": text}, timeout=0.5) for _ in range(100)]
        outcomes = await asyncio.gather(*calls, return_exceptions=True)
    assert {type(outcome) for outcome in outcomes} == {RequestTimeout}


async def test_a_stream_that_breaks_while_it_is_written_is_a_lost_connection() -> None:
    """gRPC reports such a write as an internal error of its own, which says nothing to anybody."""
    waiting = asyncio.Event()

    async def script(peer: Peer) -> None:
        await peer.settings()
        await waiting.wait()
        await peer.context.abort(grpc.StatusCode.UNAVAILABLE, "gone")

    async with (
        fake_server(script) as fake,
        asyncio.timeout(MAX_SECONDS),
        Client(fake.address, mode=MODERN) as client,
    ):
        params = {"text": "x" * 200_000}
        calls = [asyncio.create_task(client.request("tools/call", params)) for _ in range(20)]
        done, _ = await asyncio.wait(calls, timeout=0.2)
        assert not done
        waiting.set()
        outcomes = await asyncio.gather(*calls, return_exceptions=True)
    kinds = {type(outcome) for outcome in outcomes}
    assert kinds <= {ConnectionLost, ConnectError}
    assert "INTERNAL" not in str(outcomes)


async def test_a_call_that_its_server_never_answers_ends_with_its_deadline() -> None:
    """Here nobody but gRPC keeps the time: neither the server nor a timer of the client."""

    async def silent(request: mcp_service_pb2.CallRequest, context: Any) -> None:
        await asyncio.Event().wait()

    request = envelope_pb2.JsonRpcRequest(id=envelope_pb2.RequestId(integer=1), method="x")
    async with fake_server(call_script=silent) as fake, asyncio.timeout(MAX_SECONDS):
        options = ConnectionOptions(fake.address, rpc="call")
        channel = options.open_channel()
        carrier = options.carrier(channel, ServerMessages(None, None))
        answer = await carrier.exchange(Exchange(envelope_pb2.Envelope(request=request), 0.1))
        await channel.close()
    assert answer.response.reason == errors_pb2.ERROR_REASON_TIMEOUT
    assert answer.response.id.integer == 1


async def test_a_flood_of_notifications_harms_no_call() -> None:
    heard: list[str] = []

    async def script(peer: Peer) -> None:
        await peer.settings()
        request = await peer.request()
        shout = envelope_pb2.JsonRpcNotification(method="notifications/shout")
        for _ in range(50):
            await peer.send(*(envelope_item(notification=shout) for _ in range(100)))
        await peer.send(result_item(request.id, "{}"))
        await peer.for_ever()

    assert await request_of(script, on_notification=lambda method, _: heard.append(method)) == {}
    assert heard == ["notifications/shout"] * 5000


async def test_a_notification_callback_that_raises_harms_nothing(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def script(peer: Peer) -> None:
        await peer.settings()
        request = await peer.request()
        shout = envelope_pb2.JsonRpcNotification(method="notifications/shout")
        await peer.send(envelope_item(notification=shout), result_item(request.id, "{}"))
        await peer.for_ever()

    def broken(method: str, params: dict[str, Any] | None) -> None:
        raise ValueError("not my day")

    assert await request_of(script, on_notification=broken) == {}
    assert "the callback for notifications/shout raised" in caplog.text


@pytest.mark.parametrize("what", ["nothing", "only notifications", "garbage"])
async def test_a_call_that_ends_without_a_response_is_lost(what: str) -> None:
    async def answer(request: mcp_service_pb2.CallRequest, context: Any) -> None:
        shout = envelope_pb2.JsonRpcNotification(method="notifications/shout")
        if what == "only notifications":
            await context.write(mcp_service_pb2.CallResponse(notification=shout))
        elif what == "garbage":
            await context.write(mcp_service_pb2.CallResponse())

    async with (
        fake_server(call_script=answer) as fake,
        asyncio.timeout(MAX_SECONDS),
        Client(fake.address, mode=MODERN, rpc="call") as client,
    ):
        with pytest.raises(ConnectionLost, match="it ended without a response") as lost:
            await client.request("tools/list")
    assert lost.value.execution == "MAYBE"


@pytest.mark.parametrize("rpc", ["session", "call"])
async def test_auto_mode_against_a_server_that_refuses_both_handshakes_says_so(rpc: str) -> None:
    def refused(request: envelope_pb2.JsonRpcRequest) -> envelope_pb2.JsonRpcResponse:
        error = envelope_pb2.JsonRpcError(code=-32601, message=f"no {request.method} here")
        return envelope_pb2.JsonRpcResponse(id=request.id, error=error)

    async def script(peer: Peer) -> None:
        await peer.settings()
        async for request in peer.requests():
            await peer.send(envelope_item(response=refused(request)))

    async def answer(request: mcp_service_pb2.CallRequest, context: Any) -> None:
        await context.write(mcp_service_pb2.CallResponse(response=refused(request.request)))

    async with fake_server(script, answer) as fake, asyncio.timeout(MAX_SECONDS):
        with pytest.raises(McpGrpcError, match=r"no initialize here|needs a stream"):
            async with Client(fake.address, rpc=rpc):
                pytest.fail("it connected")
