"""Tokens and key sets that only a hostile hand makes, over the wire; the next caller is served."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import grpc
import pytest

from tests.authentication.jwks_server import jwks_server
from tests.authentication.matrix import assert_refused
from tests.authentication.served import Guarded, Peer, bearer, served
from tests.authentication.token_issuer import (
    AUDIENCE,
    ISSUER,
    SigningKey,
    compact,
    ec_key,
    encoded,
    every_algorithm,
    key_set,
)
from tests.wire.raw import MAX_SECONDS

KEYS = tuple(every_algorithm())
GOOD = ec_key("good")
each_key = pytest.mark.parametrize("key", KEYS, ids=[key.key_id for key in KEYS])


@pytest.fixture
async def guarded(tmp_path: Path) -> AsyncIterator[tuple[Peer, Guarded]]:
    jwks = tmp_path / "jwks.json"
    jwks.write_bytes(key_set(GOOD, *KEYS))
    told = {"jwt_issuer": ISSUER, "jwt_audience": [AUDIENCE], "jwks": str(jwks)}
    async with served(**told) as (server, app), Peer(server.addresses[0]) as peer:
        yield peer, app


async def assert_serves_the_next(peer: Peer, app: Guarded) -> None:
    assert app.callers == []
    assert (await peer.call(bearer(GOOD.token()))).code is grpc.StatusCode.OK
    assert [caller.subject for caller in app.callers] == ["alice"]


@each_key
async def test_a_signature_that_is_cut_or_stretched_proves_nothing(
    guarded: tuple[Peer, Guarded], key: SigningKey
) -> None:
    peer, app = guarded
    signed, _, signature = key.token().rpartition(".")
    whole = key.sign(signed.encode())
    for length in {0, 1, len(whole) // 2, len(whole) - 1}:
        cut = f"{signed}.{encoded(whole[:length])}"
        assert_refused(await peer.call(bearer(cut)), "signature|malformed")
    for forged in (whole + b"\0", b"\0" + whole, bytes(len(whole)), whole + whole):
        assert_refused(await peer.call(bearer(f"{signed}.{encoded(forged)}")), "signature")
    for text in (signature[:-1], f"{signature}=", f"{signature}.", f"{signature}A"):
        assert_refused(await peer.call(bearer(f"{signed}.{text}")), "signature|malformed|no JWT")
    await assert_serves_the_next(peer, app)


DEEP = {
    "lists": "[" * 3_000,
    "closed lists": "[" * 1_500 + "]" * 1_500,
    "objects": '{"a":' * 600,
    "closed objects": '{"a":' * 500 + "1" + "}" * 500,
    "a claim": '{"sub":' + "[" * 1_000 + "]" * 1_000 + "}",
    "both": '[{"a":' * 400,
}


@pytest.mark.parametrize("part", DEEP.values(), ids=DEEP)
async def test_deep_json_in_either_part_is_refused_before_it_is_built(
    guarded: tuple[Peer, Guarded], part: str
) -> None:
    peer, app = guarded
    for token in (GOOD.token(part), compact({"alg": "ES256", "kid": "good"}, part, GOOD.sign)):
        assert_refused(await peer.call(bearer(token)), "deeper|malformed")
    await assert_serves_the_next(peer, app)


TINY = b'{"kty":"EC"},'
PUBLISHED = {
    "a million keys": b'{"keys":[' + TINY * 1_000_000 + b"{}]}",
    "thousands of keys": b'{"keys":[' + TINY * 10_000 + b"{}]}",
    "deep lists": b'{"keys":' + b"[" * 500_000,
    "an endless number": b'{"keys":' + b"9" * 900_000,
    "no JSON": b"\xff" * 100_000,
    "nothing": b"",
}


@pytest.mark.parametrize("published", PUBLISHED.values(), ids=PUBLISHED)
async def test_an_issuer_that_publishes_what_is_no_key_set_is_not_believed_and_harms_nobody(
    published: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    async with asyncio.timeout(MAX_SECONDS), AsyncExitStack() as stack:
        issuer = await stack.enter_async_context(jwks_server(key_set(GOOD)))
        told = {"jwt_issuer": ISSUER, "jwt_audience": [AUDIENCE], "jwks": issuer.jwks_url}
        server, app = await stack.enter_async_context(
            served(**told, jwks_min_interval_seconds=1, jwks_max_age_seconds=1)
        )
        peer = await stack.enter_async_context(Peer(server.addresses[0]))
        good = bearer(GOOD.token())
        assert (await peer.call(good)).code is grpc.StatusCode.OK
        issuer.contents = published
        while "the keys before stay in force" not in caplog.text:
            assert (await peer.call(good)).code is grpc.StatusCode.OK
        unknown = await peer.call(bearer(ec_key("another").token()))
        # Nobody can tell whether the issuer has such a key.
        assert (unknown.code, unknown.reason) == (
            grpc.StatusCode.UNAVAILABLE,
            "UPSTREAM_UNAVAILABLE",
        )
        assert (await peer.call(good)).code is grpc.StatusCode.OK
        assert {caller.subject for caller in app.callers} == {"alice"}
    assert all(len(message) < 1_000 for message in caplog.messages)
