"""How many streams one caller may have open, over the wire."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any

import grpc
import pytest

import mcpgrpc
from mcpgrpc.errors import McpGrpcError, ServiceError
from mcpgrpc.v1 import mcp_service_pb2, mcp_service_pb2_grpc
from mcpgrpc_server import Server, ServerSettings
from mcpgrpc_server.telemetry import NoTelemetry, StreamInfo
from tests.authentication.served import Guarded, Metadata, Peer, bearer
from tests.doors.door import initialize_request, open_door
from tests.rights.app import TokenIsSubject
from tests.wire.raw import MAX_SECONDS, Ending, RawSession, ending_of, modern, request

MOST = 3
ALICE, BOB = bearer("alice"), bearer("bob")
LIMIT = f"{MOST} streams of this caller are open, its limit; close one"


class Refused(NoTelemetry):
    """How often anything was refused, by reason."""

    def __init__(self) -> None:
        self.reasons: Counter[str] = Counter()

    def refused(self, where: object, reason: str) -> None:
        assert isinstance(where, StreamInfo)
        self.reasons[reason] += 1


@pytest.fixture
def refused() -> Refused:
    return Refused()


@pytest.fixture
async def server(refused: Refused) -> AsyncIterator[Server]:
    told = ServerSettings(listen=["127.0.0.1:0"], max_streams_per_caller=MOST)
    interceptors = [TokenIsSubject()]
    async with Server(
        Guarded(), settings=told, interceptors=interceptors, telemetry=refused
    ) as serving:
        yield serving


@pytest.fixture
async def peer(server: Server) -> AsyncIterator[Peer]:
    async with Peer(server.addresses[0]) as connected:
        yield connected


async def opened(peer: Peer, metadata: Metadata = ALICE) -> RawSession:
    session = peer.session(metadata)
    await session.next("settings")
    return session


def listening(peer: Peer, metadata: Metadata = ALICE) -> Any:
    """A Call that subscribes."""
    listen = request(1, "subscriptions/listen", modern({"notifications": {}}))
    stub: Any = mcp_service_pb2_grpc.McpServiceStub(peer.channel)
    message = mcp_service_pb2.CallRequest(request=listen.request)
    return stub.Call(message, metadata=metadata, timeout=MAX_SECONDS)


async def ending_of_listening(peer: Peer, metadata: Metadata = ALICE) -> Ending:
    rpc = listening(peer, metadata)
    with pytest.raises(grpc.aio.AioRpcError):
        await rpc.read()
    return await ending_of(rpc)


def assert_limited(ending: Ending) -> None:
    assert ending.code is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert (ending.reason, ending.execution) == ("STREAM_LIMIT", "NOT_STARTED")
    assert LIMIT in ending.details


async def test_a_caller_opens_so_many_sessions_over_all_of_its_connections(
    server: Server, peer: Peer, refused: Refused
) -> None:
    async with Peer(server.addresses[0]) as other:
        for connection in (peer, other, peer):
            await opened(connection)
        for connection in (peer, other):
            assert_limited(await connection.call_session(ALICE))
        assert (await other.call_session(BOB)).code is grpc.StatusCode.OK
    assert refused.reasons == {"STREAM_LIMIT": 2}


async def test_what_holds_no_stream_open_is_not_counted(peer: Peer) -> None:
    for _ in range(MOST):
        await opened(peer)
    assert (await peer.call(ALICE)).code is grpc.StatusCode.OK


async def test_a_subscribing_call_is_a_stream(peer: Peer) -> None:
    listens = [listening(peer) for _ in range(MOST)]
    for listen in listens:
        await listen.read()
    assert_limited(await ending_of_listening(peer))
    assert_limited(await peer.call_session(ALICE))
    assert (await peer.call_session(BOB)).code is grpc.StatusCode.OK


@pytest.mark.parametrize("how", ["half-closed", "cancelled", "lost"])
async def test_a_stream_that_has_ended_gives_its_place_back(
    server: Server, peer: Peer, how: str
) -> None:
    async with AsyncExitStack() as stack:
        owner = await stack.enter_async_context(Peer(server.addresses[0]))
        first = await opened(owner)
        for _ in range(MOST - 1):
            await opened(peer)
        assert_limited(await peer.call_session(ALICE))
        if how == "half-closed":
            await first.half_close()
            assert (await first.ending()).code is grpc.StatusCode.OK
        elif how == "cancelled":
            first.cancel()
        else:
            await owner.channel.close()
        async with asyncio.timeout(MAX_SECONDS):
            # The server hears of the last two a moment later.
            while (await peer.call_session(ALICE)).code is not grpc.StatusCode.OK:
                continue


async def test_the_client_says_so_and_does_not_try_again_by_itself(
    server: Server, peer: Peer, refused: Refused
) -> None:
    for _ in range(MOST):
        await opened(peer)
    with pytest.raises(McpGrpcError, match=LIMIT) as said:
        async with mcpgrpc.Client(server.addresses[0], token="alice"):
            pass
    assert isinstance(said.value, ServiceError)
    assert (said.value.code, said.value.execution) == (8, "NOT_STARTED")
    assert refused.reasons == {"STREAM_LIMIT": 1}


async def test_callers_without_identity_are_one_for_each_host_and_http_says_429(
    server: Server, peer: Peer
) -> None:
    async with open_door(server.addresses[0]) as door:
        session = await door.initialize()
        for _ in range(MOST - 1):
            await opened(peer, ())
        answer = await door.legacy(initialize_request())
        assert answer.status_code == 429
        assert answer.json()["error"]["data"] == {
            "reason": "STREAM_LIMIT",
            "execution": "NOT_STARTED",
        }
        assert (await door.legacy({"id": 1, "method": "ping"}, session)).status_code == 200
        await door.initialize(authorization="Bearer alice")
