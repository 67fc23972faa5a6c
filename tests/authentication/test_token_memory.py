"""Verified tokens are remembered: bounded, and no longer than the token or its key is good."""

from __future__ import annotations

import pytest

from mcpgrpc_server.authentication.json_web_keys import parse_key_set
from mcpgrpc_server.authentication.json_web_tokens import TokenVerifier
from mcpgrpc_server.identity import Identity
from tests.authentication.token_issuer import ec_key, ed_key, key_set
from tests.authentication.verifying import Clock, Keys, refusal, verifier_of

KEY = ec_key()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def keys() -> Keys:
    return Keys(KEY)


@pytest.fixture
def verifier(keys: Keys, clock: Clock) -> TokenVerifier:
    return verifier_of(keys, clock)


async def test_a_verified_token_is_remembered(verifier: TokenVerifier) -> None:
    token = KEY.token()
    assert await verifier.verify(token) is await verifier.verify(token)


async def test_a_remembered_token_ends_when_it_says(verifier: TokenVerifier, clock: Clock) -> None:
    token = KEY.token(exp=clock.seconds + 60)
    await verifier.verify(token)
    clock.seconds += 59
    assert (await verifier.verify(token)).subject == "alice"
    clock.seconds += 1
    assert "expired" in await refusal(verifier, token)
    assert "expired" in await refusal(verifier, token)


async def test_a_remembered_token_ends_with_its_key(verifier: TokenVerifier, keys: Keys) -> None:
    token = KEY.token()
    await verifier.verify(token)
    keys.now = parse_key_set(key_set(ec_key("another")))
    assert "no key" in await refusal(verifier, token)


async def test_a_refused_token_is_not_remembered_as_good(
    verifier: TokenVerifier, clock: Clock
) -> None:
    early = KEY.token(nbf=clock.seconds + 60)
    await refusal(verifier, early)
    clock.seconds += 60
    assert (await verifier.verify(early)).subject == "alice"


async def test_memory_is_bounded_however_many_tokens_come() -> None:
    key = ed_key()
    verifier = verifier_of(Keys(key), max_remembered=10)
    first = key.token()
    remembered = await verifier.verify(first)
    for number in range(9):
        await verifier.verify(key.token(jti=str(number)))
    assert await verifier.verify(first) is remembered
    await verifier.verify(key.token(jti="one more"))
    assert await verifier.verify(first) is remembered, "what was used last is kept"
    for number in range(10):
        await verifier.verify(key.token(jti=f"more-{number}"))
    again: Identity = await verifier.verify(first)
    assert again is not remembered
    assert again == remembered
