"""What becomes of an open stream when its API key is revoked, ends, or is replaced."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import grpc
import pytest

from mcpgrpc.v1 import mcp_service_pb2, mcp_service_pb2_grpc, session_pb2
from mcpgrpc_server import Server, ServerSettings
from mcpgrpc_server.authentication.rpc_interception import RpcInterceptor, RpcOpening
from mcpgrpc_server.host import StreamBounds
from mcpgrpc_server.identity import Identity, IdentityKind
from mcpgrpc_server.session.expiry import TokenExpiry
from tests.authentication.key_ring import HOLDER, KeyRing, as_bearer, as_header
from tests.authentication.served import Metadata, Peer
from tests.wire.app import Probe, build
from tests.wire.raw import MAX_SECONDS, RawSession, modern, request, text_of, tool, within


class Served:
    """A server whose keys can change.

    Attributes:
        ring: the keys.
        probe: what the tools go through.
    """

    def __init__(self, folder: Path, stack: AsyncExitStack) -> None:
        self.ring = KeyRing()
        self.probe = Probe()
        self._path = folder / "keys.toml"
        self._stack = stack

    def save(self) -> None:
        """Let the server know the keys as they are now."""
        self.ring.save(self._path)

    async def peer(self, *interceptors: grpc.aio.ServerInterceptor, **settings: Any) -> Peer:
        """A connection to it."""
        self.save()
        told = ServerSettings.model_validate({"api_keys": str(self._path), **settings})
        server = Server(
            build(self.probe), listen=["127.0.0.1:0"], settings=told, interceptors=interceptors
        )
        await self._stack.enter_async_context(server)
        self._stack.callback(self.probe.release_all)
        return await self._stack.enter_async_context(Peer(server.addresses[0]))


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[Served]:
    async with AsyncExitStack() as stack:
        yield Served(tmp_path, stack)


def fresh(key: str) -> session_pb2.ClientItem:
    credentials = session_pb2.Credentials(authorization=f"Bearer {key}")
    return session_pb2.ClientItem(credentials=credentials)


async def subject_of(session: RawSession, request_id: int) -> Any:
    response = await session.call(request_id, "whoami")
    return json.loads(response.result_json)["structuredContent"]["subject"]


async def test_a_revoked_key_ends_the_acceptance_of_its_streams_and_no_others(
    server: Served,
) -> None:
    other_key = server.ring.add("other")
    peer = await server.peer()
    session, other = peer.session(as_header(server.ring.good)), peer.session(as_header(other_key))
    await session.send(tool(1, "hold", {"key": "running"}))
    await within(server.probe.began["running"].wait())

    server.ring.revoke(server.ring.good)
    server.save()
    go_away = await session.next("go_away")
    assert go_away.reason == session_pb2.GO_AWAY_REASON_TOKEN_EXPIRING
    await session.send(tool(2, "echo", {"value": "late"}))
    refused = await session.response(2)
    assert (refused.error.code, refused.execution) == (16, 1)
    server.probe.gates["running"].set()
    assert text_of(await session.response(1)) == "running"
    assert (await session.ending()).code is grpc.StatusCode.OK
    assert (await peer.call(as_header(server.ring.good))).code is grpc.StatusCode.UNAUTHENTICATED
    assert await subject_of(other, 1) == "other"


async def test_what_runs_under_a_revoked_key_has_the_overrun_and_no_more(server: Served) -> None:
    peer = await server.peer(token_overrun_seconds=0.2)
    session = peer.session(as_bearer(server.ring.good))
    await session.send(tool(1, "hold", {"key": "running"}))
    await within(server.probe.began["running"].wait())
    server.ring.revoke(server.ring.good)
    server.save()
    ended = await session.response(1)
    assert (ended.error.code, ended.execution) == (10, 2)
    await within(server.probe.cancelled["running"].wait())


def listening(peer: Peer, metadata: Metadata) -> Any:
    """A subscription by a Call, which ends only when somebody ends it."""
    stub: Any = mcp_service_pb2_grpc.McpServiceStub(peer.channel)
    params = modern({"notifications": {"toolsListChanged": True}})
    message = mcp_service_pb2.CallRequest(
        request=request(1, "subscriptions/listen", params).request
    )
    return stub.Call(message, metadata=metadata, timeout=MAX_SECONDS)


async def test_a_subscription_by_a_call_ends_when_its_key_is_revoked(server: Served) -> None:
    peer = await server.peer()
    rpc = listening(peer, as_bearer(server.ring.good))
    acknowledged = await rpc.read()
    assert acknowledged.WhichOneof("message") == "notification"
    server.ring.revoke(server.ring.good)
    server.save()
    completed = await rpc.read()
    assert completed.response.HasField("result_json")
    assert await rpc.code() is grpc.StatusCode.OK


class EndsSoon(RpcInterceptor):
    """Gives every caller a key that ends in a moment."""

    async def before(self, rpc: RpcOpening) -> None:
        expires_at = datetime.now(UTC) + timedelta(seconds=0.3)
        rpc.by_credential(Identity("short", IdentityKind.API_KEY, expires_at=expires_at))


async def test_a_subscription_by_a_call_ends_with_its_key(server: Served) -> None:
    rpc = listening(await server.peer(EndsSoon(), api_keys="", token_notice_seconds=0), ())
    assert (await rpc.read()).WhichOneof("message") == "notification"
    assert (await rpc.read()).response.HasField("result_json")
    assert await rpc.code() is grpc.StatusCode.OK


async def test_a_key_that_ends_soon_still_serves_for_half_of_what_is_left() -> None:
    drained: asyncio.Future[float] = asyncio.get_running_loop().create_future()
    bounds = StreamBounds(token_notice_seconds=3_600, token_overrun_seconds=100)
    expiry = TokenExpiry(bounds, drained.set_result, lambda: None)
    expires_at = datetime.now(UTC) + timedelta(seconds=0.4)
    expiry.follow(Identity("short", IdentityKind.API_KEY, expires_at=expires_at))
    grace_seconds = await within(drained)
    expiry.stop()
    assert 0 < grace_seconds - 100 <= 0.2


async def test_a_stream_goes_on_under_another_key_of_the_same_holder(server: Served) -> None:
    second = server.ring.add(HOLDER, "tools:write")
    peer = await server.peer(keepalive_interval_seconds=0.05)
    session = peer.session(as_header(server.ring.good))
    assert await subject_of(session, 1) == HOLDER
    await session.send(fresh(second))
    assert await subject_of(session, 2) == HOLDER

    server.ring.revoke(server.ring.good)
    server.save()
    # The old key is gone for others before this stream could have ended with it.
    ending = await peer.call(as_header(server.ring.good))
    while ending.code is grpc.StatusCode.OK:
        ending = await peer.call(as_header(server.ring.good))
    seen = len(session.frames)
    while len(session.frames) < seen + 40:
        frame = await session.frame()
        assert frame is not None
        assert not any(item.HasField("go_away") for item in frame)
    assert await subject_of(session, 3) == HOLDER


@pytest.mark.parametrize("kind", ["another holder's", "unknown", "expired", "malformed", "empty"])
async def test_a_fresh_key_that_is_not_the_callers_ends_the_stream(
    server: Served, kind: str
) -> None:
    keys = {
        "another holder's": server.ring.add("other"),
        "unknown": KeyRing().good,
        "expired": server.ring.add(HOLDER, lives_seconds=-1),
        "malformed": "mcpgrpc_a_b",
        "empty": "",
    }
    session = (await server.peer()).session(as_header(server.ring.good))
    await session.next("settings")
    await session.send(fresh(keys[kind]))
    ended = await session.ending()
    assert (ended.code, ended.reason) == (grpc.StatusCode.UNAUTHENTICATED, "UNAUTHENTICATED")
    assert keys[kind] == "" or keys[kind] not in ended.details


async def test_where_nobody_is_authenticated_a_fresh_credential_is_passed_over(
    server: Served,
) -> None:
    session = (await server.peer(api_keys="")).session()
    await session.send(fresh(server.ring.good))
    assert await subject_of(session, 1) == IdentityKind.ANONYMOUS.value
