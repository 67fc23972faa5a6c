"""Decision 19 of the binding: a stream's acceptance ends with its token, or is renewed."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from typing import Any

import grpc
import pytest

from mcpgrpc.v1 import session_pb2
from mcpgrpc_server import Server, ServerSettings
from mcpgrpc_server.identity import Identity, IdentityKind, NotProvenError, current_identity
from tests.wire.app import Probe, build
from tests.wire.raw import OpenSession, text_of, tool, within


def token(subject: str, lives_seconds: float) -> Identity:
    """The identity of a token that ends so many seconds from now."""
    expires_at = datetime.now(UTC) + timedelta(seconds=lives_seconds)
    return Identity(subject, IdentityKind.JWT, claims={"iss": "tests"}, expires_at=expires_at)


class Identifies(grpc.aio.ServerInterceptor):
    """Gives every RPC the identity of a token that ends soon."""

    def __init__(self, lives_seconds: float) -> None:
        self._lives_seconds = lives_seconds

    async def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Awaitable[Any]],
        details: grpc.HandlerCallDetails,
    ) -> Any:
        """Set it for the RPC."""
        handler = await continuation(details)
        serve = handler.stream_stream

        async def identified(frames: Any, context: Any) -> None:
            current_identity.set(token("caller", self._lives_seconds))
            await serve(frames, context)

        return grpc.stream_stream_rpc_method_handler(
            identified, handler.request_deserializer, handler.response_serializer
        )


async def renew(authorization: str) -> Identity:
    """A fresh token of the subject that the credential names."""
    if not authorization.startswith("Bearer "):
        raise NotProvenError
    return token(authorization.removeprefix("Bearer "), lives_seconds=3600)


Start = Callable[..., Awaitable[Server]]


@pytest.fixture
async def start(probe: Probe) -> AsyncIterator[Start]:
    """Starts a server whose callers' tokens live so long."""
    async with AsyncExitStack() as stack:
        stack.callback(probe.release_all)

        async def started(lives_seconds: float, **settings: float) -> Server:
            server = Server(
                build(probe),
                listen=["127.0.0.1:0"],
                settings=ServerSettings.model_validate(settings),
                interceptors=[Identifies(lives_seconds)],
                renew=renew,
            )
            return await stack.enter_async_context(server)

        yield started


async def test_decision_19_a_stream_drains_before_its_token_ends_and_refuses_later_requests(
    start: Start, opened: OpenSession, probe: Probe
) -> None:
    server = await start(0.5, token_notice_seconds=0.2, token_overrun_seconds=30)
    session = await opened(server)
    await session.send(tool(1, "hold", {"key": "running"}))
    await within(probe.began["running"].wait())
    go_away = await session.next("go_away")
    assert go_away.reason == session_pb2.GO_AWAY_REASON_TOKEN_EXPIRING
    assert go_away.accepted_requests == 1

    await session.send(tool(2, "echo", {"value": "late"}))
    refused = await session.response(2)
    assert (refused.error.code, refused.execution) == (16, 1)
    probe.gates["running"].set()
    assert text_of(await session.response(1)) == "running"
    assert (await session.ending()).code is grpc.StatusCode.OK


async def test_decision_19_what_outlasts_the_overrun_is_ended(
    start: Start, opened: OpenSession, probe: Probe
) -> None:
    server = await start(0.2, token_notice_seconds=0, token_overrun_seconds=0.2)
    session = await opened(server)
    await session.send(tool(1, "hold", {"key": "running"}))
    ended = await session.response(1)
    assert (ended.error.code, ended.execution) == (10, 2)
    await within(probe.cancelled["running"].wait())


async def test_decision_19_a_fresh_credential_of_the_same_caller_renews_the_stream(
    start: Start, opened: OpenSession
) -> None:
    server = await start(0.5, token_notice_seconds=0.1, keepalive_interval_seconds=0.05)
    session = await opened(server)
    fresh = session_pb2.Credentials(authorization="Bearer caller")
    await session.send(session_pb2.ClientItem(credentials=fresh))
    # Keep-alives are the clock: 16 of them reach well beyond the first token's end.
    while len(session.frames) < 16:
        frame = await session.frame()
        assert frame is not None
        assert not any(item.HasField("go_away") for item in frame)
    assert (await session.call(1, "echo", {"value": 1})).HasField("result_json")


@pytest.mark.parametrize("authorization", ["Bearer somebody-else", "Basic nonsense"])
async def test_decision_19_a_credential_of_another_caller_ends_the_stream(
    start: Start, opened: OpenSession, authorization: str
) -> None:
    session = await opened(await start(3600))
    stolen = session_pb2.Credentials(authorization=authorization)
    await session.send(session_pb2.ClientItem(credentials=stolen))
    ended = await session.ending()
    assert ended.code is grpc.StatusCode.UNAUTHENTICATED
    assert ended.reason == "UNAUTHENTICATED"
