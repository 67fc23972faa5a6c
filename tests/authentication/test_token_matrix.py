"""Tokens over the wire: a bad one is refused with its reason before the app is touched."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import AsyncIterator
from pathlib import Path

import grpc
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from mcpgrpc_server import Server
from mcpgrpc_server.identity import IdentityKind
from tests.authentication.matrix import HEALTH, WAYS, Rows, Way, assert_hides, assert_shut
from tests.authentication.served import Guarded, Peer, bearer, served
from tests.authentication.token_issuer import (
    AUDIENCE,
    ISSUER,
    SigningKey,
    claims,
    compact,
    ec_key,
    encoded,
    key_set,
    rsa_key,
)
from tests.authentication.verifying import hmac_by

KEY = ec_key()
STRANGER = SigningKey("ec", "ES256", ec_key("a stranger's").private)
PUBLIC_PEM = (
    rsa_key().private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
)

Served = tuple[Server, Guarded]


@pytest.fixture
async def guarded(tmp_path: Path) -> AsyncIterator[Served]:
    jwks = tmp_path / "jwks.json"
    jwks.write_bytes(key_set(KEY, rsa_key()))
    async with served(jwt_issuer=ISSUER, jwt_audience=[AUDIENCE], jwks=str(jwks)) as started:
        yield started


@pytest.fixture
async def peer(guarded: Served) -> AsyncIterator[Peer]:
    async with Peer(guarded[0].addresses[0]) as connected:
        yield connected


TOKENS = {
    "wrong issuer": (KEY.token(iss="https://other.test"), "issuer"),
    "wrong audience": (KEY.token(aud="somebody-else"), "audience"),
    "wrong algorithm": (KEY.token({"alg": "ES384"}), "no key|signature"),
    "HMAC with the public key": (
        compact({"alg": "HS256", "kid": "rsa"}, claims(), hmac_by("HS256", PUBLIC_PEM)),
        "algorithm",
    ),
    "none": (f"{encoded({'alg': 'none'})}.{encoded(claims())}.AAAA", "algorithm"),
    "none and no signature": (f"{encoded({'alg': 'none'})}.{encoded(claims())}.", "malformed"),
    "expired": (KEY.token(exp=time.time() - 1), "expired"),
    "not yet valid": (KEY.token(nbf=time.time() + 10**6), "not valid yet"),
    "without an end": (KEY.token(exp=None), "exp"),
    "without a subject": (KEY.token(sub=None), "sub"),
    "malformed": ("nonsense", "no JWT"),
    "malformed payload": (compact({"alg": "ES256"}, "{", KEY.sign), "payload is malformed"),
    "doubled claims": (compact({"alg": "ES256"}, '{"sub":"a","sub":"b"}', KEY.sign), "malformed"),
    "truncated signature": (KEY.token()[:-4], "signature"),
    "a stranger's signature": (STRANGER.token(), "signature is not valid"),
    "unknown key": (ec_key("unknown").token(), "no key that its issuer publishes"),
    "jku": (KEY.token({"jku": "https://evil.test/"}), "jku"),
    "jwk": (STRANGER.token({"jwk": STRANGER.jwk()}), "jwk"),
    "x5u": (KEY.token({"x5u": "https://evil.test/"}), "x5u"),
    "x5c": (KEY.token({"x5c": ["AAAA"]}), "x5c"),
    "crit": (KEY.token({"crit": ["exp"]}), "crit"),
    "deep header": (KEY.token('{"alg":' + "[" * 900 + "]" * 900 + "}"), "deeper"),
    "deep payload": (compact({"alg": "ES256"}, "[" * 4_000, KEY.sign), "deeper"),
    "bound to a certificate": (KEY.token(cnf={"x5t#S256": "A" * 43}), "cnf"),
    "bound to another key": (KEY.token(cnf={"jkt": "A" * 43}), "cnf"),
}
GOOD = KEY.token()
ROWS: Rows = {
    **{name: (bearer(token), why) for name, (token, why) in TOKENS.items()},
    "empty": ((("authorization", "Bearer "),), "authorization"),
    "another scheme": ((("authorization", f"Basic {GOOD}"),), "Bearer"),
    "without a scheme": ((("authorization", GOOD),), "Bearer"),
    "two tokens": (bearer(GOOD) + bearer(GOOD), "2 credentials"),
    "a good and a bad token": (bearer(GOOD) + bearer("nonsense"), "2 credentials"),
    "a token and a key": ((*bearer(GOOD), ("x-api-key", "mcpgrpc_a_b")), "2 credentials"),
    "two in one value": ((("authorization", f"Bearer {GOOD}, Bearer {GOOD}"),), "authorization"),
    "an API key where none is taken": ((("x-api-key", "mcpgrpc_a_b"),), "no API key is taken"),
    "a token as an API key": ((("x-api-key", GOOD),), "no API key is taken"),
}
"""What is refused wherever it is presented, health included."""


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
async def test_trap_08_a_bad_token_is_refused_before_anything_is_touched(
    guarded: Served, peer: Peer, way: Way, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    for metadata, why in ROWS.values():
        await assert_shut(way, peer, guarded[1], metadata, why)
        assert_hides(metadata, caplog.text)
    assert (await way(peer, bearer(GOOD))).code is grpc.StatusCode.OK, "the next one is served"


@pytest.mark.parametrize("way", [name for name in WAYS if name not in HEALTH])
async def test_nobody_is_let_in_without_a_credential(guarded: Served, peer: Peer, way: str) -> None:
    await assert_shut(WAYS[way], peer, guarded[1], (), "credentials are needed: an access token")


@pytest.mark.parametrize("key", [KEY, rsa_key()], ids=lambda key: key.algorithm)
async def test_a_good_token_is_let_in_as_its_subject(
    guarded: Served, peer: Peer, key: SigningKey
) -> None:
    metadata = bearer(key.token(scope="tools:read", act={"sub": "agent"}))
    for ending in (await peer.call_session(metadata), await peer.call(metadata)):
        assert ending.code is grpc.StatusCode.OK
    for identity in guarded[1].callers:
        assert (identity.subject, identity.kind) == ("alice", IdentityKind.JWT)
        assert identity.actor == "agent"
        assert identity.scopes == {"tools:read"}
    assert len(guarded[1].callers) == 2
    assert "authorization" not in guarded[1].headers


async def test_the_scheme_of_a_token_is_bearer_in_any_case(guarded: Served, peer: Peer) -> None:
    ending = await peer.call((("authorization", f"bEARER {GOOD}"),))
    assert ending.code is grpc.StatusCode.OK


async def test_the_claims_of_the_caller_hold_no_part_of_the_token(
    guarded: Served, peer: Peer
) -> None:
    token = KEY.token(team="blue")
    await peer.call(bearer(token))
    (identity,) = guarded[1].callers
    assert identity.claims["team"] == "blue"
    shown = repr(identity) + json.dumps(dict(guarded[1].headers))
    assert not [part for part in token.split(".") if part in shown]
