"""Tokens against an issuer that really serves its keys, rotates them, and goes away."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import grpc
import pytest

from mcpgrpc_server import Server
from mcpgrpc_server.authentication.json_web_tokens import TokenVerifier
from mcpgrpc_server.authentication.jwks_endpoint import JwksEndpoint
from mcpgrpc_server.authentication.jwks_source import KeyEndpoint, RefreshBounds
from mcpgrpc_server.authentication.token_claims import AcceptedClaims
from mcpgrpc_server.identity import NotProvenError
from tests.authentication.jwks_server import JwksServer, jwks_server
from tests.authentication.served import Peer, bearer, served
from tests.authentication.token_issuer import AUDIENCE, SigningKey, ec_key, key_set
from tests.wire.raw import Ending

OLD, NEW = ec_key("old"), ec_key("new")


def unknown(number: int) -> SigningKey:
    """A key whose id the issuer does not publish."""
    return SigningKey(f"unknown-{number}", "ES256", OLD.private)


class Realm:
    """An issuer, and servers that take its tokens."""

    def __init__(self, issuer: JwksServer, stack: AsyncExitStack) -> None:
        self.issuer = issuer
        self.name = f"{issuer.url}/realm"
        issuer.configuration = {"issuer": self.name, "jwks_uri": issuer.jwks_url}
        self._stack = stack

    @property
    def fetches(self) -> int:
        return self.issuer.asked["/jwks"]

    async def peer(self, **settings: Any) -> Peer:
        """A client of a new server."""
        told = {"jwt_issuer": self.name, "jwt_audience": [AUDIENCE], **settings}
        server: Server
        server, _ = await self._stack.enter_async_context(served(**told))
        return await self._stack.enter_async_context(Peer(server.addresses[0]))

    async def call(self, peer: Peer, key: Any, **claims: Any) -> Ending:
        return await peer.call(bearer(key.token(iss=self.name, **claims)))


@pytest.fixture
async def realm() -> AsyncIterator[Realm]:
    async with AsyncExitStack() as stack:
        issuer = await stack.enter_async_context(jwks_server(key_set(OLD)))
        yield Realm(issuer, stack)


async def test_an_issuers_keys_are_found_by_discovery(realm: Realm) -> None:
    ending = await realm.call(await realm.peer(), OLD)
    assert ending.code is grpc.StatusCode.OK
    assert realm.issuer.asked["/realm/.well-known/openid-configuration"] == 1


async def test_an_issuers_keys_are_at_a_url(realm: Realm) -> None:
    ending = await realm.call(await realm.peer(jwks=realm.issuer.jwks_url), OLD)
    assert ending.code is grpc.StatusCode.OK
    assert realm.issuer.asked == {"/jwks": 1}


async def test_a_rotated_key_is_taken_at_once_and_the_old_one_no_more(realm: Realm) -> None:
    peer = await realm.peer(jwks_min_interval_seconds=1)
    old = bearer(OLD.token(iss=realm.name))
    assert (await peer.call(old)).code is grpc.StatusCode.OK
    realm.issuer.contents = key_set(NEW)
    # Refused until the floor lets the keys be fetched again; nobody else is meanwhile.
    while (await realm.call(peer, NEW)).code is not grpc.StatusCode.OK:
        assert realm.fetches == 1
        assert (await peer.call(old)).code is grpc.StatusCode.OK
    ending = await peer.call(old)
    assert ending.code is grpc.StatusCode.UNAUTHENTICATED, "also the token that was remembered"
    assert realm.fetches == 2


async def test_a_rotated_key_in_a_file_is_taken(realm: Realm, tmp_path: Path) -> None:
    path = tmp_path / "jwks.json"
    path.write_bytes(key_set(OLD))
    peer = await realm.peer(jwks=str(path))
    path.with_suffix(".new").write_bytes(key_set(NEW))
    path.with_suffix(".new").replace(path)
    while (await realm.call(peer, NEW)).code is not grpc.StatusCode.OK:
        continue  # the file is looked at once a second
    assert (await realm.call(peer, OLD)).code is grpc.StatusCode.UNAUTHENTICATED
    assert realm.fetches == 0


async def test_a_hundred_tokens_of_unknown_keys_cause_no_fetch_within_the_floor(
    realm: Realm,
) -> None:
    peer = await realm.peer(jwks_min_interval_seconds=3_600)
    await realm.call(peer, OLD)
    calls = [realm.call(peer, unknown(number)) for number in range(100)]
    endings = await asyncio.gather(*calls)
    assert {ending.code for ending in endings} == {grpc.StatusCode.UNAUTHENTICATED}
    assert {ending.reason for ending in endings} == {"UNAUTHENTICATED"}
    assert realm.fetches == 1


async def test_a_hundred_tokens_of_unknown_keys_at_once_are_one_fetch(realm: Realm) -> None:
    seconds = 1_000.0
    bounds = RefreshBounds(floor_seconds=10)
    keys = KeyEndpoint(JwksEndpoint(realm.issuer.jwks_url), bounds, lambda: seconds)
    accepted = AcceptedClaims(realm.name, frozenset({AUDIENCE}), 0)
    verifier = TokenVerifier(accepted, keys)
    await verifier.verify(OLD.token(iss=realm.name))
    for fetches, waited_seconds in ((1, 9), (2, 1), (2, 9), (3, 1)):
        seconds += waited_seconds
        tokens = [unknown(number).token(iss=realm.name) for number in range(100)]
        refused = await asyncio.gather(
            *(verifier.verify(token) for token in tokens), return_exceptions=True
        )
        assert {type(each) for each in refused} == {NotProvenError}
        assert realm.fetches == fetches


async def test_a_hundred_tokens_at_once_before_any_key_is_known_are_one_fetch(
    realm: Realm,
) -> None:
    realm.issuer.may_answer.clear()
    peer = await realm.peer()
    await asyncio.wait_for(realm.issuer.was_asked.wait(), 10)
    calls = [asyncio.create_task(realm.call(peer, OLD, jti=str(each))) for each in range(100)]
    await asyncio.sleep(0)
    realm.issuer.may_answer.set()
    assert {(await call).code for call in calls} == {grpc.StatusCode.OK}
    assert realm.fetches == 1


async def test_an_issuer_that_is_away_neither_stops_the_server_nor_condemns_a_token(
    realm: Realm, caplog: pytest.LogCaptureFixture
) -> None:
    realm.issuer.status = 503
    peer = await realm.peer(jwks_min_interval_seconds=1)
    ending = await realm.call(peer, OLD)
    assert ending.code is grpc.StatusCode.UNAVAILABLE
    assert (ending.reason, ending.execution) == ("UPSTREAM_UNAVAILABLE", "NOT_STARTED")
    assert "try again later" in ending.details
    assert f"{realm.issuer.jwks_url} answers 503; no token is accepted" in caplog.text
    assert (await realm.call(peer, OLD, aud="other")).code is grpc.StatusCode.UNAVAILABLE
    realm.issuer.status = 200
    while (await realm.call(peer, OLD)).code is not grpc.StatusCode.OK:
        # The floor holds for failures too.
        assert realm.fetches == 1


async def test_keys_stay_in_force_while_the_issuer_is_away(
    realm: Realm, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    peer = await realm.peer(jwks_min_interval_seconds=1, jwks_max_age_seconds=1)
    await realm.call(peer, OLD)
    realm.issuer.status = 500
    while "the keys before stay in force" not in caplog.text:
        assert (await realm.call(peer, OLD)).code is grpc.StatusCode.OK
    assert (await realm.call(peer, OLD)).code is grpc.StatusCode.OK


async def test_a_server_that_stops_does_not_wait_for_its_issuer(realm: Realm) -> None:
    realm.issuer.may_answer.clear()
    async with served(jwt_issuer=realm.name, jwt_audience=[AUDIENCE]):
        await asyncio.wait_for(realm.issuer.was_asked.wait(), 10)
    names = {task.get_name() for task in asyncio.all_tasks()}
    assert "fetching the JWKS" not in names
