"""The cache by itself: what it keeps, for whom, for how long, and what makes it forget."""

from __future__ import annotations

import json
from typing import Any

import pytest

from mcpgrpc.caching import CacheConfig, Question, ResponseCache
from mcpgrpc.caching.rules import CACHEABLE_METHODS
from mcpgrpc.errors import UsageError
from tests.caching.clock import Clock

READ = "resources/read"
TOOLS = "tools/list"


def result(ttl_ms: Any = 60_000, scope: str = "private", **members: Any) -> str:
    return json.dumps(
        {"resultType": "complete", **members, "ttlMs": ttl_ms, "cacheScope": scope},
        separators=(",", ":"),
    )


def asked(
    cache: ResponseCache, method: str = TOOLS, params: Any = None, caller: Any = "alice"
) -> Question:
    text = None if params is None else json.dumps(params)
    question = cache.question(method, text, caller=caller)
    assert question is not None
    return question


def put(cache: ResponseCache, kept: str, *args: Any, **kwargs: Any) -> Question:
    question = asked(cache, *args, **kwargs)
    cache.keep(question, kept)
    return question


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def cache(clock: Clock) -> ResponseCache:
    return ResponseCache(clock.config())


@pytest.mark.parametrize("method", sorted(CACHEABLE_METHODS))
def test_an_answer_is_given_again_until_its_time_is_over(
    cache: ResponseCache, clock: Clock, method: str
) -> None:
    question = put(cache, result(1_000), method)
    clock.now += 0.999
    assert cache.answer(question) is not None
    clock.now += 0.001
    assert cache.answer(question) is None


def test_who_gets_a_kept_answer_is_told_only_the_time_that_is_left(
    cache: ResponseCache, clock: Clock
) -> None:
    question = put(cache, result(60_000, tools=[{"ttlMs": 7}]))
    clock.now += 45.5
    kept = cache.answer(question)
    assert kept == result(14_500, tools=[{"ttlMs": 7}])


def test_no_answer_is_kept_longer_than_the_bound_whatever_it_says(clock: Clock) -> None:
    cache = ResponseCache(clock.config(max_ttl_seconds=10))
    question = put(cache, result(10**14))
    clock.now += 10
    assert cache.answer(question) is None


@pytest.mark.parametrize(
    "said",
    [
        result(0),
        result(-1),
        result("60000"),
        result(1.5),
        result(True),
        result(10**16),
        '{"resultType":"complete","tools":[]}',
        '{"resultType":"complete","tools":[{"ttlMs":60000}]}',
        '{"resultType":"input_required","ttlMs":60000,"inputRequests":{}}',
        '{"resultType":"complete","ttlMs":60000',
        "[60000]",
        "",
    ],
)
def test_what_does_not_say_that_it_holds_is_not_kept(cache: ResponseCache, said: str) -> None:
    question = put(cache, said)
    assert cache.answer(question) is None
    assert len(cache) == 0


@pytest.mark.parametrize("method", ["tools/call", "prompts/get", "completion/complete", "ping"])
def test_other_methods_are_never_kept(cache: ResponseCache, method: str) -> None:
    assert cache.question(method, None, caller="alice") is None


@pytest.mark.parametrize(
    "params",
    [
        {"uri": "a:b", "inputResponses": {}},
        {"uri": "a:b", "requestState": "s"},
    ],
    ids=["inputResponses", "requestState"],
)
def test_an_answer_to_a_retry_is_never_kept(cache: ResponseCache, params: Any) -> None:
    assert cache.question(READ, json.dumps(params), caller="alice") is None


@pytest.mark.parametrize(
    "params",
    ['{"uri":"a:b","uri":"a:c"}', '{"uri":"a:b","_meta":{"k":1,"k":2}}', "[]", "{", "", "null"],
)
def test_params_that_could_be_read_in_two_ways_have_no_kept_answer(
    cache: ResponseCache, params: str
) -> None:
    assert cache.question(READ, params, caller="alice") is None


def test_params_tell_answers_apart(cache: ResponseCache) -> None:
    put(cache, result(tools=["one"]), params={})
    put(cache, result(tools=["two"]), params={"cursor": "2"})
    assert cache.answer(asked(cache, params={"cursor": "2"})) == result(tools=["two"])
    assert cache.answer(asked(cache, params={"cursor": "3"})) is None


@pytest.mark.parametrize("member", ["progressToken", "traceparent", "tracestate"])
def test_what_tells_requests_apart_and_not_answers_does_not_count(
    cache: ResponseCache, member: str
) -> None:
    put(cache, result(), params={"_meta": {member: "one", "k": 1}})
    assert cache.answer(asked(cache, params={"_meta": {"k": 1, member: "two"}})) is not None


@pytest.mark.parametrize(
    "member",
    ["io.modelcontextprotocol/protocolVersion", "io.modelcontextprotocol/clientInfo", "baggage"],
)
def test_what_an_app_may_answer_by_counts(cache: ResponseCache, member: str) -> None:
    put(cache, result(), params={"_meta": {member: "one"}})
    assert cache.answer(asked(cache, params={"_meta": {member: "two"}})) is None


def test_a_private_answer_is_its_callers_alone(cache: ResponseCache) -> None:
    put(cache, result(scope="private"), caller="alice")
    assert cache.answer(asked(cache, caller="bob")) is None
    assert cache.answer(asked(cache, caller=None)) is None
    assert cache.answer(asked(cache, caller="alice")) is not None


def test_a_scope_that_nobody_knows_is_private(cache: ResponseCache) -> None:
    put(cache, result(scope="PUBLIC"), caller="alice")
    assert cache.answer(asked(cache, caller="bob")) is None


def test_a_public_answer_is_everybodys_in_the_circle_and_nobodys_outside(
    cache: ResponseCache,
) -> None:
    inside = cache.question(TOOLS, None, caller="alice", circle=1)
    assert inside is not None
    cache.keep(inside, result(scope="public"))
    other = cache.question(TOOLS, None, caller="bob", circle=1)
    outside = cache.question(TOOLS, None, caller="bob", circle=2)
    assert other is not None
    assert outside is not None
    assert cache.answer(other) is not None
    assert cache.answer(outside) is None


def test_nothing_private_is_kept_for_a_caller_who_cannot_be_told_from_others(
    cache: ResponseCache,
) -> None:
    put(cache, result(scope="private"), caller=None)
    assert len(cache) == 0
    put(cache, result(scope="public"), caller=None)
    assert len(cache) == 1


def test_a_newer_answer_takes_the_place_of_an_older_one_of_either_scope(
    cache: ResponseCache,
) -> None:
    put(cache, result(scope="public", tools=["old"]))
    put(cache, result(scope="private", tools=["new"]))
    assert cache.answer(asked(cache)) == result(scope="private", tools=["new"])
    assert cache.answer(asked(cache, caller="bob")) is None
    put(cache, result(0))
    assert cache.answer(asked(cache)) is None
    assert cache.size_bytes == 0


@pytest.mark.parametrize(
    ("notification", "stale", "fresh"),
    [
        ("notifications/tools/list_changed", ["tools/list"], ["prompts/list", "resources/list"]),
        ("notifications/prompts/list_changed", ["prompts/list"], ["tools/list", "resources/list"]),
        (
            "notifications/resources/list_changed",
            ["resources/list", "resources/templates/list"],
            ["tools/list", "prompts/list"],
        ),
        ("notifications/message", [], ["tools/list", "prompts/list", "resources/list"]),
    ],
    ids=str,
)
def test_a_changed_list_is_forgotten_for_everybody_and_every_page(
    cache: ResponseCache, notification: str, stale: list[str], fresh: list[str]
) -> None:
    for method in (*stale, *fresh):
        for caller in ("alice", "bob"):
            put(cache, result(), method, caller=caller)
            put(cache, result(), method, {"cursor": "2"}, caller=caller)
    cache.heard(notification, None)
    assert all(cache.answer(asked(cache, method, caller="bob")) is None for method in stale)
    assert all(cache.answer(asked(cache, method, {"cursor": "2"})) is None for method in stale)
    assert all(cache.answer(asked(cache, method)) is not None for method in fresh)


def test_an_updated_resource_is_forgotten_and_what_it_is_a_part_of(cache: ResponseCache) -> None:
    for uri in ("book:///a", "book:///a/chapter", "book:///b"):
        put(cache, result(), READ, {"uri": uri})
    cache.heard("notifications/resources/updated", json.dumps({"uri": "book:///a/chapter"}))
    assert cache.answer(asked(cache, READ, {"uri": "book:///a"})) is None
    assert cache.answer(asked(cache, READ, {"uri": "book:///a/chapter"})) is None
    assert cache.answer(asked(cache, READ, {"uri": "book:///b"})) is not None


@pytest.mark.parametrize("params", [None, "{", "{}", '{"uri":7}'])
def test_an_update_that_names_no_resource_makes_every_read_old(
    cache: ResponseCache, params: str | None
) -> None:
    question = put(cache, result(), READ, {"uri": "book:///a"})
    cache.heard("notifications/resources/updated", params)
    assert cache.answer(question) is None


def test_an_answer_that_news_overtook_on_its_way_is_not_kept(cache: ResponseCache) -> None:
    question = asked(cache)
    cache.heard("notifications/tools/list_changed", None)
    cache.keep(question, result())
    assert cache.answer(asked(cache)) is None
    put(cache, result())
    assert cache.answer(asked(cache)) is not None


def test_nothing_survives_being_cleared_nor_what_is_on_its_way_then(cache: ResponseCache) -> None:
    kept, late = put(cache, result()), asked(cache, READ, {"uri": "book:///a"})
    cache.clear()
    cache.keep(late, result())
    assert cache.answer(kept) is None
    assert len(cache) == 0


def test_the_answer_unused_for_longest_goes_when_there_are_too_many(clock: Clock) -> None:
    cache = ResponseCache(clock.config(max_entries=2))
    first, second = (put(cache, result(), params={"cursor": each}) for each in "ab")
    assert cache.answer(first) is not None
    put(cache, result(), params={"cursor": "c"})
    assert len(cache) == 2
    assert cache.answer(first) is not None
    assert cache.answer(second) is None


def test_answers_take_no_more_memory_than_they_may(clock: Clock) -> None:
    cache = ResponseCache(clock.config(max_bytes=100_000))
    for number in range(50):
        put(cache, result(tools=["x" * 10_000]), params={"cursor": str(number)})
        assert cache.size_bytes <= 100_000
    assert len(cache) == 8
    large = put(cache, result(tools=["x" * 100_000]), params={"cursor": "large"})
    assert cache.answer(large) is None
    assert len(cache) == 8


def test_whoever_wants_hears_what_happens(clock: Clock) -> None:
    heard: list[tuple[str, str]] = []
    cache = ResponseCache(clock.config(on_event=lambda *event: heard.append(event)))
    cache.answer(asked(cache))
    cache.answer(put(cache, result()))
    cache.heard("notifications/tools/list_changed", None)
    assert [event for event, _ in heard] == ["miss", "kept", "hit", "dropped"]
    assert {method for _, method in heard} == {TOOLS}


@pytest.mark.parametrize("bound", ["max_entries", "max_bytes", "max_ttl_seconds"])
def test_a_cache_without_room_is_refused(bound: str) -> None:
    none: dict[str, Any] = {bound: 0}
    with pytest.raises(UsageError, match=f"{bound} must be above 0"):
        CacheConfig(**none)
