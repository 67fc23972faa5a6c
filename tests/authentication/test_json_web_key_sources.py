"""When keys are fetched: seldom, once for all who wait, and never without need."""

from __future__ import annotations

import asyncio
import logging

import pytest

from mcpgrpc_server.authentication.json_web_keys import KeySet
from mcpgrpc_server.authentication.jwks_source import (
    FetchedKeys,
    KeyEndpoint,
    KeyFetchError,
    KeysUnavailableError,
    RefreshBounds,
)
from tests.authentication.token_issuer import ec_key, key_set

OLD = key_set(ec_key("old"))
NEW = key_set(ec_key("new"))
BOUNDS = RefreshBounds(floor_seconds=10, max_age_seconds=300, max_stale_seconds=3_600)
MAX_SECONDS = 10.0


class Issuer:
    """What would be fetched, by a clock that a test moves."""

    def __init__(self) -> None:
        self.contents = OLD
        self.max_age_seconds: float | None = None
        self.failure: str | None = None
        self.fetches = 0
        self.seconds = 1_000.0
        self.may_answer = asyncio.Event()
        self.may_answer.set()
        self.was_asked = asyncio.Event()

    def now(self) -> float:
        return self.seconds

    async def fetch(self) -> FetchedKeys:
        self.fetches += 1
        self.was_asked.set()
        async with asyncio.timeout(MAX_SECONDS):
            await self.may_answer.wait()
        if self.failure is not None:
            raise KeyFetchError(self.failure)
        return FetchedKeys(self.contents, self.max_age_seconds)


@pytest.fixture
async def issuer() -> Issuer:
    return Issuer()


@pytest.fixture
def keys(issuer: Issuer) -> KeyEndpoint:
    return KeyEndpoint(issuer.fetch, BOUNDS, issuer.now)


def has(keys: KeySet, key_id: str) -> bool:
    return keys.has(key_id)


async def settled(keys: KeyEndpoint) -> KeySet:
    """The keys once the fetch that runs is over."""
    current = await keys.current()
    await asyncio.wait_for(keys.newer_than(current), MAX_SECONDS)
    return await keys.current()


async def test_nothing_is_fetched_before_somebody_needs_it(
    keys: KeyEndpoint, issuer: Issuer
) -> None:
    assert issuer.fetches == 0
    assert has(await keys.current(), "old")
    assert issuer.fetches == 1


async def test_all_who_wait_for_the_first_keys_share_one_fetch(
    keys: KeyEndpoint, issuer: Issuer
) -> None:
    issuer.may_answer.clear()
    waiting = [asyncio.create_task(keys.current()) for _ in range(100)]
    await issuer.was_asked.wait()
    issuer.may_answer.set()
    answers = await asyncio.wait_for(asyncio.gather(*waiting), MAX_SECONDS)
    assert issuer.fetches == 1
    assert len(set(map(id, answers))) == 1


async def test_a_fetch_that_takes_longer_than_the_floor_is_not_doubled(
    keys: KeyEndpoint, issuer: Issuer
) -> None:
    issuer.may_answer.clear()
    first = asyncio.create_task(keys.current())
    await issuer.was_asked.wait()
    issuer.seconds += BOUNDS.floor_seconds
    keys.prefetch()
    issuer.may_answer.set()
    assert has(await asyncio.wait_for(first, MAX_SECONDS), "old")
    assert issuer.fetches == 1


async def test_a_prefetch_spares_the_first_caller_the_wait(
    keys: KeyEndpoint, issuer: Issuer
) -> None:
    keys.prefetch()
    await issuer.was_asked.wait()
    assert has(await keys.current(), "old")
    assert issuer.fetches == 1


async def test_a_hundred_looks_for_a_newer_key_are_one_fetch(
    keys: KeyEndpoint, issuer: Issuer
) -> None:
    seen = await keys.current()
    issuer.seconds += BOUNDS.floor_seconds
    issuer.contents = NEW
    found = await asyncio.gather(*(keys.newer_than(seen) for _ in range(100)))
    assert issuer.fetches == 2
    assert all(has(each, "new") for each in found)


async def test_two_fetches_are_a_floor_apart_whoever_asks(
    keys: KeyEndpoint, issuer: Issuer
) -> None:
    seen = await keys.current()
    for _ in range(5):
        assert await keys.newer_than(seen) is seen
    assert issuer.fetches == 1
    issuer.seconds += BOUNDS.floor_seconds - 1
    assert await keys.newer_than(seen) is seen
    assert issuer.fetches == 1
    issuer.seconds += 1
    assert await keys.newer_than(seen) is seen
    assert issuer.fetches == 2


async def test_the_same_answer_is_the_same_keys(keys: KeyEndpoint, issuer: Issuer) -> None:
    seen = await keys.current()
    issuer.seconds += BOUNDS.max_age_seconds + 1
    assert await settled(keys) is seen
    assert issuer.fetches == 2


async def test_keys_are_used_while_newer_ones_are_fetched(
    keys: KeyEndpoint, issuer: Issuer
) -> None:
    await keys.current()
    issuer.was_asked.clear()
    issuer.may_answer.clear()
    issuer.contents = NEW
    issuer.seconds += BOUNDS.max_age_seconds + 1
    assert has(await keys.current(), "old")
    await asyncio.wait_for(issuer.was_asked.wait(), MAX_SECONDS)
    assert has(await keys.current(), "old")
    issuer.may_answer.set()
    assert has(await settled(keys), "new")
    assert issuer.fetches == 2


async def test_after_a_long_silence_a_caller_waits_for_the_keys_of_now(
    keys: KeyEndpoint, issuer: Issuer
) -> None:
    await keys.current()
    issuer.contents = NEW
    issuer.seconds += 2 * BOUNDS.max_age_seconds + 1
    assert has(await keys.current(), "new")


@pytest.mark.parametrize(
    ("told_seconds", "fresh_seconds"),
    [(None, 300.0), (60.0, 60.0), (10.0**9, 300.0), (0.0, 0.0)],
    ids=str,
)
async def test_the_endpoint_may_say_how_long_its_keys_are_fresh_within_bounds(
    keys: KeyEndpoint, issuer: Issuer, told_seconds: float | None, fresh_seconds: float
) -> None:
    issuer.max_age_seconds = told_seconds
    await keys.current()
    issuer.seconds += max(fresh_seconds, BOUNDS.floor_seconds)
    issuer.was_asked.clear()
    if fresh_seconds:
        await keys.current()
        assert not issuer.was_asked.is_set()
        issuer.seconds += 1
    await keys.current()
    await asyncio.wait_for(issuer.was_asked.wait(), MAX_SECONDS)


async def test_without_any_keys_nothing_can_be_said(
    keys: KeyEndpoint, issuer: Issuer, caplog: pytest.LogCaptureFixture
) -> None:
    issuer.failure = "cannot fetch: refused\x1b[31m"
    for _ in range(3):
        with pytest.raises(KeysUnavailableError, match="try again later"):
            await keys.current()
    assert issuer.fetches == 1, "the floor holds for failures too"
    issuer.seconds += BOUNDS.floor_seconds
    with pytest.raises(KeysUnavailableError):
        await keys.current()
    (said,) = [each for each in caplog.records if each.levelno >= logging.WARNING]
    assert said.getMessage() == "cannot fetch: refused\\x1b[31m; no token is accepted"
    issuer.failure = None
    issuer.seconds += BOUNDS.floor_seconds
    assert has(await keys.current(), "old")


@pytest.mark.parametrize(
    ("failure", "contents"),
    [("away", OLD), (None, b"<html>"), (None, b'{"keys":[]}')],
    ids=["away", "no key set", "no keys"],
)
async def test_a_fetch_that_fails_leaves_the_keys_in_force_up_to_a_bound(
    keys: KeyEndpoint,
    issuer: Issuer,
    failure: str | None,
    contents: bytes,
    caplog: pytest.LogCaptureFixture,
) -> None:
    seen = await keys.current()
    issuer.failure, issuer.contents = failure, contents
    issuer.seconds += BOUNDS.max_stale_seconds
    assert await keys.current() is seen
    assert "the keys before stay in force" in caplog.text
    issuer.seconds += 1
    with pytest.raises(KeysUnavailableError):
        await keys.current()


async def test_while_the_endpoint_is_away_nobody_says_that_a_key_is_unknown(
    keys: KeyEndpoint, issuer: Issuer
) -> None:
    seen = await keys.current()
    issuer.failure = "away"
    issuer.seconds += BOUNDS.floor_seconds
    for _ in range(2):
        with pytest.raises(KeysUnavailableError):
            await keys.newer_than(seen)
    issuer.failure = None
    issuer.seconds += BOUNDS.floor_seconds
    assert await keys.newer_than(seen) is seen


async def test_a_caller_that_gives_up_cancels_nobody_elses_fetch(
    keys: KeyEndpoint, issuer: Issuer
) -> None:
    issuer.may_answer.clear()
    waiting = [asyncio.create_task(keys.current()) for _ in range(2)]
    await issuer.was_asked.wait()
    waiting[0].cancel()
    await asyncio.wait({waiting[0]})
    issuer.may_answer.set()
    assert has(await asyncio.wait_for(waiting[1], MAX_SECONDS), "old")
    assert issuer.fetches == 1


async def test_closing_gives_a_fetch_up(keys: KeyEndpoint, issuer: Issuer) -> None:
    issuer.may_answer.clear()
    waiting = asyncio.create_task(keys.current())
    await issuer.was_asked.wait()
    await asyncio.wait_for(keys.close(), MAX_SECONDS)
    with pytest.raises(KeysUnavailableError):
        await asyncio.wait_for(waiting, MAX_SECONDS)
    await keys.close()
