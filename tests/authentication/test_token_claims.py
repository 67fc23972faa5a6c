"""The claims of access tokens: whom they make the caller, and which do not hold."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Any

import pytest

from mcpgrpc_server.authentication.json_web_tokens import TokenVerifier
from tests.authentication.token_issuer import AUDIENCE, ISSUER, ec_key
from tests.authentication.verifying import SKEW_SECONDS, Clock, Keys, refusal, verifier_of

KEY = ec_key()
LATER = time.time() + 10**6
"""Not yet, however long the tests before this one took."""


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def keys() -> Keys:
    return Keys(KEY)


@pytest.fixture
def verifier(keys: Keys, clock: Clock) -> TokenVerifier:
    return verifier_of(keys, clock)


async def test_an_identity_has_what_the_token_says(verifier: TokenVerifier, clock: Clock) -> None:
    expiry = int(clock.seconds) + 60
    token = KEY.token(
        exp=expiry, scope="tools:read  tools:write", act={"sub": "agent"}, realm={"roles": ["a"]}
    )
    identity = await verifier.verify(token)
    assert identity.scopes == {"tools:read", "tools:write"}
    assert identity.actor == "agent"
    assert identity.expires_at == datetime.fromtimestamp(expiry, UTC)
    assert identity.claims["iss"] == ISSUER
    assert identity.claims["realm"]["roles"] == ("a",)


async def test_nobody_can_change_the_claims_that_requests_share(verifier: TokenVerifier) -> None:
    identity = await verifier.verify(KEY.token(realm={"roles": ["reader"]}))
    for shared in (identity.claims, identity.claims["realm"]):
        with pytest.raises(TypeError, match="does not support item assignment"):
            shared["roles"] = ["admin"]  # type: ignore[index]
    with pytest.raises(AttributeError):
        identity.claims["realm"]["roles"].append("admin")


@pytest.mark.parametrize(
    ("said", "scopes"),
    [
        ({}, []),
        ({"scope": ""}, []),
        ({"scope": "a b"}, ["a", "b"]),
        ({"scope": ["a", "b"]}, ["a", "b"]),
        ({"scp": ["a", "b"]}, ["a", "b"]),
        ({"scp": "a b"}, ["a", "b"]),
        ({"scope": "a", "scp": ["b"]}, ["a"]),
        ({"scope": "", "scp": ["b"]}, []),
    ],
)
async def test_scopes_are_those_of_scope_else_of_scp(
    verifier: TokenVerifier, said: dict[str, Any], scopes: list[str]
) -> None:
    assert sorted((await verifier.verify(KEY.token(**said))).scopes) == scopes


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"iss": "https://issuer.test/other"}, "issuer"),
        ({"iss": ISSUER + "/"}, "issuer"),
        ({"iss": [ISSUER]}, "issuer"),
        ({"iss": None}, "issuer"),
        ({"aud": "somebody-else"}, "audience"),
        ({"aud": AUDIENCE.upper()}, "audience"),
        ({"aud": f"{AUDIENCE} x"}, "audience"),
        ({"aud": ["a", "b"]}, "audience"),
        ({"aud": []}, "audience"),
        ({"aud": None}, "audience"),
        ({"aud": {AUDIENCE: 1}}, "aud"),
        ({"aud": [AUDIENCE, 1]}, "aud"),
        ({"exp": None}, "exp"),
        ({"exp": str(LATER)}, "exp is no number"),
        ({"exp": True}, "exp is no number"),
        ({"exp": 10**400}, "exp is no time"),
        ({"exp": 0}, "expired"),
        ({"exp": -(10**30)}, "expired"),
        ({"exp": time.time() - 1}, "expired"),
        ({"nbf": LATER}, "not valid yet"),
        ({"nbf": "soon"}, "nbf is no number"),
        ({"iat": LATER}, "not valid yet"),
        ({"sub": None}, "sub"),
        ({"sub": ""}, "sub"),
        ({"sub": 7}, "sub"),
        ({"sub": "al\nice"}, "sub"),
        ({"sub": "al\u202eice"}, "sub"),
        ({"sub": "a" * 1_025}, "sub"),
        ({"sub": None, "client_id": "robot", "azp": "robot"}, "sub"),
        ({"scope": 7}, "scope"),
        ({"scope": ["a", None]}, "scope"),
        ({"scp": {"a": 1}}, "scp"),
        ({"act": "agent"}, "act"),
        ({"act": {}}, "act"),
        ({"act": {"sub": 7}}, "act"),
        ({"act": {"sub": "a\x00"}}, "act"),
    ],
    ids=lambda each: None if isinstance(each, dict) else each,
)
async def test_claims_that_do_not_hold_are_refused_with_the_reason(
    verifier: TokenVerifier, changed: dict[str, Any], why: str
) -> None:
    assert why in await refusal(verifier, KEY.token(**changed))


@pytest.mark.parametrize("name", ["nbf", "iat"])
async def test_a_clock_that_is_a_little_ahead_at_the_issuer_is_no_reason(
    verifier: TokenVerifier, clock: Clock, name: str
) -> None:
    assert (
        await verifier.verify(KEY.token(**{name: clock.seconds + SKEW_SECONDS - 1}))
    ).subject == "alice"
    late = KEY.token(**{name: clock.seconds + SKEW_SECONDS + 1})
    assert "not valid yet" in await refusal(verifier, late)


async def test_a_token_without_an_end_in_sight_is_good_as_long_as_a_date_can_say(
    verifier: TokenVerifier,
) -> None:
    identity = await verifier.verify(KEY.token(exp=10**18))
    assert identity.expires_at is not None
    assert identity.expires_at.year == 9999


@pytest.mark.parametrize("audience", [AUDIENCE, "other-name", ["x", AUDIENCE]])
async def test_any_of_its_audiences_may_be_this_service(
    verifier: TokenVerifier, audience: str | list[str]
) -> None:
    assert (await verifier.verify(KEY.token(aud=audience))).subject == "alice"
