"""Every method over gRPC: refused before anything hears of it, or let in as who it is."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import timedelta

import grpc
import pytest
from mcp_types.methods import CLIENT_NOTIFICATIONS, CLIENT_REQUESTS

from mcpgrpc.v1 import envelope_pb2, errors_pb2, mcp_service_pb2
from tests.authentication.every_method import (
    AUTHORITY,
    BAD,
    BY_HEADER,
    CALLER,
    GOOD,
    LEGACY_METHODS,
    METHODS,
    MISSING,
    MODERN_METHODS,
    NO_CHANNEL,
    NOTIFICATIONS,
    PARAMS,
    Everything,
    Good,
    everything,
    forbidding,
    modern_envelope,
    notifications,
)
from tests.authentication.matrix import WAYS, Way, assert_hides, assert_refused
from tests.authentication.raw_http2 import ending_of_rpc
from tests.authentication.served import Metadata, Peer
from tests.wire.raw import MAX_SECONDS, client_item, request

SESSION = "/mcpgrpc.v1.McpService/Session"
UNAUTHENTICATED = 16


@pytest.fixture(scope="module")
async def serving(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Everything]:
    async with everything(tmp_path_factory.mktemp("everything")) as server:
        yield server


@pytest.fixture
def server(serving: Everything) -> Everything:
    serving.app.forget()
    return serving


@pytest.fixture
async def stack() -> AsyncIterator[AsyncExitStack]:
    async with asyncio.timeout(MAX_SECONDS), AsyncExitStack() as opened:
        yield opened


each_bad = pytest.mark.parametrize(("metadata", "why"), BAD.values(), ids=BAD)
each_good = pytest.mark.parametrize("good", GOOD.values(), ids=GOOD)


def test_the_matrix_has_every_method_and_notification_that_any_revision_has() -> None:
    assert {method for method, _ in CLIENT_REQUESTS} <= set(METHODS)
    assert {method for method, _ in CLIENT_NOTIFICATIONS} <= set(NOTIFICATIONS)
    assert (len(BAD) * len(METHODS), len(GOOD) * len(METHODS)) >= (300, 200)


def assert_nothing_heard(server: Everything) -> None:
    assert server.app.clients == []
    assert server.app.heard == []


@each_bad
async def test_no_call_of_any_method_is_let_in(
    server: Everything, stack: AsyncExitStack, metadata: Metadata, why: str
) -> None:
    peer = await stack.enter_async_context(Peer(server.target))
    for method in METHODS:
        ending = await peer.call(metadata, modern_envelope(method))
        assert_refused(ending, why)
        assert_hides(metadata, ending.details)
    assert_nothing_heard(server)


@each_bad
async def test_no_session_that_begins_with_any_method_is_let_in(
    server: Everything, metadata: Metadata, why: str
) -> None:
    raw = [(name.encode(), value.encode()) for name, value in metadata]
    legacy = [request(1, method, json.dumps(PARAMS.get(method, {}))) for method in LEGACY_METHODS]
    for first in (*map(modern_envelope, MODERN_METHODS), *legacy, *notifications()):
        frame = mcp_service_pb2.SessionRequest(items=[client_item(first)]).SerializeToString()
        status, said = await ending_of_rpc(server.target, SESSION, *raw, message=frame)
        assert status == UNAUTHENTICATED, first
        assert any(each in said for each in why.split("|")), said
        assert_hides(metadata, said)
    assert_nothing_heard(server)


@each_good
async def test_every_method_is_let_in_by_a_call(
    server: Everything, stack: AsyncExitStack, good: Good
) -> None:
    peer = await good.peer(server, stack)
    for method in MODERN_METHODS:
        ending = await peer.call(good.metadata, modern_envelope(method))
        assert ending.code is grpc.StatusCode.OK, (method, ending)
    assert server.app.heard == list(MODERN_METHODS)
    assert {caller.subject for caller in server.app.callers} == {good.subject}


@each_good
async def test_every_method_of_the_modern_era_is_let_in_on_a_session(
    server: Everything, stack: AsyncExitStack, good: Good
) -> None:
    session = (await good.peer(server, stack)).session(good.metadata)
    for method in MODERN_METHODS:
        params = modern_envelope(method).request.params_json
        response = await session.ask(method, method, params)
        assert response.reason == 0, response
    assert server.app.heard == list(MODERN_METHODS)
    assert [caller.subject for caller in server.app.callers] == [good.subject]


@each_good
async def test_every_method_of_the_legacy_era_is_let_in_on_a_session(
    server: Everything, stack: AsyncExitStack, good: Good
) -> None:
    session = (await good.peer(server, stack)).session(good.metadata)
    await session.initialize()
    for method in LEGACY_METHODS:
        if method != "initialize":
            response = await session.ask(method, method, json.dumps(PARAMS.get(method, {})))
            assert response.reason == 0, response
    await session.send(*notifications())
    await session.half_close()
    assert (await session.ending()).code is grpc.StatusCode.OK
    assert set(server.app.heard) == {*LEGACY_METHODS, *NOTIFICATIONS}
    assert [caller.subject for caller in server.app.callers] == [good.subject]


each_way = pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)


@each_way
@pytest.mark.parametrize("credentials", NO_CHANNEL.values(), ids=NO_CHANNEL)
@pytest.mark.parametrize(
    "metadata", [(), next(iter(BY_HEADER.values())).metadata], ids=["alone", "with a good key"]
)
async def test_without_a_certificate_of_the_authority_no_rpc_gets_past_the_handshake(
    server: Everything,
    stack: AsyncExitStack,
    way: Way,
    credentials: grpc.ChannelCredentials,
    metadata: Metadata,
) -> None:
    peer = await stack.enter_async_context(Peer(server.mutual, credentials))
    ending = await way(peer, metadata)
    assert (ending.code, ending.reason) == (grpc.StatusCode.UNAVAILABLE, "")
    assert_nothing_heard(server)


@each_way
async def test_a_certificate_that_has_ended_gets_no_rpc_past_the_handshake(
    server: Everything, stack: AsyncExitStack, way: Way
) -> None:
    ended = AUTHORITY.client(uris=[CALLER], ends=-timedelta(hours=1))
    peer = await stack.enter_async_context(
        Peer(server.mutual, AUTHORITY.channel_credentials(ended))
    )
    assert (await way(peer, ())).code is grpc.StatusCode.UNAVAILABLE
    assert_nothing_heard(server)


async def test_a_certificate_that_names_nobody_is_refused_with_any_method(
    server: Everything, stack: AsyncExitStack
) -> None:
    nobody = AUTHORITY.client(uris=[CALLER, "https://b.example/"])
    peer = await stack.enter_async_context(
        Peer(server.mutual, AUTHORITY.channel_credentials(nobody))
    )
    for way in WAYS.values():
        assert_refused(await way(peer, ()), "another URI")
    for method in METHODS:
        assert_refused(await peer.call((), modern_envelope(method)), "another URI")
    assert_nothing_heard(server)


@pytest.fixture(scope="module")
async def serving_by_scope(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Everything]:
    folder = tmp_path_factory.mktemp("scoped")
    async with everything(folder, policy=forbidding(folder)) as server:
        yield server


@pytest.fixture
def scoped(serving_by_scope: Everything) -> Everything:
    """A server whose policy gives everything to one scope, which nobody has."""
    serving_by_scope.app.forget()
    return serving_by_scope


def assert_forbidden(response: envelope_pb2.JsonRpcResponse) -> None:
    assert response.error.code == grpc.StatusCode.PERMISSION_DENIED.value[0], response
    assert response.reason == errors_pb2.ERROR_REASON_FORBIDDEN
    assert response.execution == errors_pb2.EXECUTION_NOT_STARTED
    assert MISSING in response.error.message


@each_good
async def test_without_the_scope_every_method_is_forbidden_by_a_call(
    scoped: Everything, stack: AsyncExitStack, good: Good
) -> None:
    peer = await good.peer(scoped, stack)
    for method in MODERN_METHODS:
        ending = await peer.call(good.metadata, modern_envelope(method))
        assert ending.code is grpc.StatusCode.PERMISSION_DENIED, (method, ending)
        assert (ending.reason, ending.execution) == ("FORBIDDEN", "NOT_STARTED")
        assert MISSING in ending.details
    assert scoped.app.heard == []


@each_good
async def test_without_the_scope_every_method_is_forbidden_on_a_session(
    scoped: Everything, stack: AsyncExitStack, good: Good
) -> None:
    session = (await good.peer(scoped, stack)).session(good.metadata)
    for method in MODERN_METHODS:
        params = modern_envelope(method).request.params_json
        assert_forbidden(await session.ask(method, method, params))
    for method in LEGACY_METHODS:
        params = json.dumps(PARAMS.get(method, {}))
        assert_forbidden(await session.ask(f"legacy {method}", method, params))
    await session.send(*notifications())
    await session.half_close()
    assert (await session.ending()).code is grpc.StatusCode.OK
    assert scoped.app.heard == []
