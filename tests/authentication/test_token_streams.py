"""A stream lives as long as its token: it ends with it, or goes on under a fresh one."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from typing import Any

import grpc
import pytest

from mcpgrpc.v1 import session_pb2
from mcpgrpc_server import Server, ServerSettings
from mcpgrpc_server.authentication.wiring import Authentication
from mcpgrpc_server.identity import Identity, ProofUnavailableError
from tests.authentication.jwks_server import JwksServer, jwks_server
from tests.authentication.served import Guarded, Peer, bearer, served
from tests.authentication.token_issuer import AUDIENCE, ISSUER, ec_key, key_set
from tests.wire.raw import RawSession, within

KEY = ec_key()
LATER = int(time.time()) + 100_000


class Streams:
    """Opens Sessions on a server that takes the issuer's tokens."""

    def __init__(self, issuer: JwksServer, stack: AsyncExitStack) -> None:
        self.issuer = issuer
        self.app: Guarded
        self._stack = stack

    async def open(self, token: str, **settings: Any) -> RawSession:
        told = {"jwt_issuer": ISSUER, "jwt_audience": [AUDIENCE], "jwks": self.issuer.jwks_url}
        server, self.app = await self._stack.enter_async_context(served(**told, **settings))
        peer = await self._stack.enter_async_context(Peer(server.addresses[0]))
        return peer.session(bearer(token))


@pytest.fixture
async def streams() -> AsyncIterator[Streams]:
    async with AsyncExitStack() as stack:
        issuer = await stack.enter_async_context(jwks_server(key_set(KEY)))
        yield Streams(issuer, stack)


def fresh(token: str) -> session_pb2.ClientItem:
    return session_pb2.ClientItem(
        credentials=session_pb2.Credentials(authorization=f"Bearer {token}")
    )


async def test_a_stream_takes_no_more_when_its_token_is_about_to_end(streams: Streams) -> None:
    session = await streams.open(KEY.token(exp=time.time() + 2), token_notice_seconds=600)
    go_away = await session.next("go_away")
    assert go_away.reason == session_pb2.GO_AWAY_REASON_TOKEN_EXPIRING
    assert (await session.ending()).code is grpc.StatusCode.OK


async def test_a_stream_goes_on_under_a_fresh_token_of_the_same_subject(streams: Streams) -> None:
    session = await streams.open(KEY.token(), keepalive_interval_seconds=0.05)
    await session.call(1, "greet")
    await session.send(fresh(KEY.token(exp=LATER, scope="more")))
    expected = datetime.fromtimestamp(LATER, UTC)
    while streams.app.callers[0].expires_at != expected:
        await session.frame()
    assert streams.app.callers[0].scopes == {"more"}
    assert (await session.call(2, "greet")).HasField("result_json")


@pytest.mark.parametrize(
    "token",
    [
        KEY.token(sub="mallory"),
        KEY.token(exp=1),
        KEY.token(aud="other"),
        KEY.token(act={"sub": "agent"}),
        ec_key("unknown").token(),
        "nonsense",
        "mcpgrpc_a_b",
    ],
    ids=lambda each: None,
)
async def test_a_fresh_token_that_is_not_the_callers_ends_the_stream(
    streams: Streams, token: str
) -> None:
    session = await streams.open(KEY.token())
    await session.send(fresh(token))
    ended = await session.ending()
    assert (ended.code, ended.reason) == (grpc.StatusCode.UNAUTHENTICATED, "UNAUTHENTICATED")


async def test_while_nobody_can_tell_a_fresh_token_changes_nothing(
    caplog: pytest.LogCaptureFixture,
) -> None:
    asked = asyncio.Event()

    async def renew(authorization: str) -> Identity:
        asked.set()
        raise ProofUnavailableError(authorization)

    async with (
        Server(Guarded(), listen=["127.0.0.1:0"], renew=renew) as server,
        Peer(server.addresses[0]) as peer,
    ):
        session = peer.session()
        await session.send(fresh(KEY.token()))
        await within(asked.wait())
        assert (await session.call(1, "greet")).HasField("result_json")
        assert not [each for each in caplog.records if each.levelno >= logging.ERROR]
        session.cancel()


async def test_while_the_keys_are_away_nobody_can_tell(streams: Streams) -> None:
    streams.issuer.status = 503
    url = streams.issuer.jwks_url
    settings = ServerSettings(jwt_issuer=ISSUER, jwt_audience=[AUDIENCE], jwks=url)
    renew = Authentication(settings).renewal
    assert renew is not None
    with pytest.raises(ProofUnavailableError, match="try again later"):
        await renew(f"Bearer {KEY.token()}")
