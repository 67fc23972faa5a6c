"""The server: how long answers hold, said for the app; and answers kept, for each caller."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any, TypeAlias

import pytest
from mcp import types
from mcp.server import Server as SdkServer

from mcpgrpc import Client
from mcpgrpc.errors import RemoteError, ServiceError
from mcpgrpc_server import Server, ServerSettings
from mcpgrpc_server.sdk.app import SdkApp
from tests.authentication.key_ring import KeyRing
from tests.caching.library import BOOK, OTHER_BOOK, Library
from tests.doors.door import open_door

SECONDS = 30
READ = "resources/read"
TOOLS = "tools/list"
KEEPS = {"cache_results": [READ, TOOLS]}
POLICY = """
[[rules]]
subjects = ["api_key:alice"]
tools = ["*"]
resources = ["*"]

[[rules]]
subjects = ["api_key:bob"]
tools = ["first"]
resources = ["book:///walden"]
"""

Connect: TypeAlias = Callable[..., AbstractAsyncContextManager[Client]]
Start: TypeAlias = Callable[..., Any]


@pytest.fixture
async def library() -> Library:
    return Library()


@pytest.fixture(params=["session", "call"])
def rpc(request: pytest.FixtureRequest) -> str:
    rpc: str = request.param
    return rpc


@pytest.fixture
async def start(library: Library, rpc: str) -> AsyncIterator[Start]:
    """Starts a server under settings; gives what connects clients that keep nothing to it."""
    async with asyncio.timeout(SECONDS), AsyncExitStack() as stack:

        async def started(app: Any = library.app, **told: Any) -> Connect:
            settings = ServerSettings(listen=["127.0.0.1:0"], **told)
            server = await stack.enter_async_context(Server(app, settings=settings))

            @asynccontextmanager
            async def connected(key: str | None = None, **options: Any) -> AsyncIterator[Client]:
                options = {"rpc": rpc, "cache": None, **options}
                if key is not None:
                    options["metadata"] = (("x-api-key", key), *options.get("metadata", ()))
                async with Client(server.addresses[0], **options) as client:
                    yield client

            return connected

        yield started


def text(result: dict[str, Any]) -> str:
    said: str = result["contents"][0]["text"]
    return said


async def test_the_time_of_the_setting_is_announced_where_the_app_says_none(
    start: Start, library: Library
) -> None:
    library.ttl_ms = None
    connect = await start(cache_ttl=["tools/list=60", "resources/read=0.5"])
    async with connect() as client:
        tools = await client.request(TOOLS)
        read = await client.request(READ, {"uri": BOOK})
        resources = await client.request("resources/list")
    assert (tools["ttlMs"], tools["cacheScope"]) == (60_000, "private")
    assert (read["ttlMs"], read["cacheScope"]) == (500, "private")
    assert resources["ttlMs"] == 0


async def test_the_time_of_the_app_goes_before_the_settings(start: Start, library: Library) -> None:
    library.ttl_ms, library.scope = 7, "public"
    connect = await start(cache_ttl=["tools/list=60"])
    async with connect() as client:
        tools = await client.request(TOOLS)
    assert (tools["ttlMs"], tools["cacheScope"]) == (7, "public")


async def test_nothing_is_announced_in_the_legacy_era_nor_where_nothing_is_set(
    start: Start, library: Library, rpc: str
) -> None:
    library.ttl_ms = None
    connect = await start(cache_ttl=["tools/list=60"], **KEEPS)
    unset = await start()
    async with unset() as client:
        assert (await client.request(TOOLS))["ttlMs"] == 0
    if rpc == "session":
        async with connect(mode="legacy") as client:
            for _ in range(2):
                assert "ttlMs" not in await client.request(TOOLS)
        assert library.asked[TOOLS] == 3


async def test_what_a_client_is_asked_first_holds_for_no_time(start: Start) -> None:
    asked = 0

    async def read(_: Any, params: types.ReadResourceRequestParams) -> Any:
        nonlocal asked
        asked += 1
        if params.request_state is None:
            return types.InputRequiredResult(request_state="s")
        contents = types.TextResourceContents(uri=params.uri, text="at last")
        return types.ReadResourceResult(contents=[contents])

    app: SdkServer[Any] = SdkServer("asks", on_read_resource=read)
    connect = await start(app, cache_ttl=["resources/read=60"], **KEEPS)
    async with connect() as client:
        for _ in range(2):
            question = await client.request(READ, {"uri": BOOK})
            assert question["resultType"] == "input_required"
            assert "ttlMs" not in question
            answer = await client.request(READ, {"uri": BOOK, "requestState": "s"})
            assert answer["ttlMs"] == 0
    assert asked == 4


async def test_what_is_announced_a_client_keeps(start: Start, library: Library) -> None:
    library.ttl_ms = None
    connect = await start(cache_ttl=["tools/list=60"])
    async with connect() as client:
        await client.list_tools()
    async with connect() as other:
        assert library.asked[TOOLS] == 1
        await other.list_tools()
    assert library.asked[TOOLS] == 2


@pytest.mark.parametrize("ttl_ms", [None, 60_000], ids=["announced", "of the app"])
async def test_a_kept_result_is_given_again_with_the_time_that_it_has_left(
    start: Start, library: Library, ttl_ms: int | None
) -> None:
    library.ttl_ms = ttl_ms
    connect = await start(cache_ttl=["resources/read=60"], **KEEPS)
    async with connect() as client, connect() as same:
        first = await client.request(READ, {"uri": BOOK})
        again = await same.request(READ, {"uri": BOOK})
        await client.request(READ, {"uri": OTHER_BOOK})
    assert library.asked[READ] == 2
    assert 0 < again.pop("ttlMs") <= first.pop("ttlMs") == 60_000
    assert again == first


async def test_methods_that_are_not_named_and_results_that_do_not_hold_are_not_kept(
    start: Start, library: Library
) -> None:
    connect = await start(cache_results=[READ])
    async with connect() as client:
        for _ in range(2):
            await client.request(TOOLS)
            await client.call_tool("first")
            with pytest.raises(RemoteError, match="no such book"):
                await client.request(READ, {"uri": "book:///none"})
        library.ttl_ms = None
        for _ in range(2):
            await client.request(READ, {"uri": BOOK})
    assert library.asked == {TOOLS: 2, "tools/call": 2, READ: 4}


async def test_no_caller_is_given_anothers_private_result(
    start: Start, library: Library, tmp_path: Path
) -> None:
    ring = KeyRing()
    keys = {"alice": ring.add("alice"), "bob": ring.add("bob"), "scoped": ring.add("alice", "more")}
    connect = await start(api_keys=ring.save(tmp_path / "keys.toml"), **KEEPS)
    for who, key in keys.items():
        async with connect(key) as client:
            for _ in range(2):
                said = text(await client.request(READ, {"uri": BOOK}))
                assert said == f"Call me Ishmael. ({'alice' if who == 'scoped' else who})"
    assert library.asked[READ] == 3


async def test_headers_that_the_app_sees_tell_private_results_apart(
    start: Start, library: Library
) -> None:
    connect = await start(**KEEPS)
    for tenant in ("a", "b", "a"):
        async with connect(metadata=(("x-tenant", tenant),)) as client:
            await client.request(READ, {"uri": BOOK})
    assert library.asked[READ] == 2


async def test_a_public_result_is_kept_once_for_everybody(
    start: Start, library: Library, tmp_path: Path
) -> None:
    ring = KeyRing()
    library.scope = "public"
    keys = [ring.add(name) for name in ("alice", "bob")]
    connect = await start(api_keys=ring.save(tmp_path / "keys.toml"), **KEEPS)
    for key in keys:
        async with connect(key) as client:
            await client.request(TOOLS)
    assert library.asked[TOOLS] == 1


async def test_rights_hold_for_what_is_kept_and_under_them_nothing_is_public(
    start: Start, library: Library, tmp_path: Path
) -> None:
    ring = KeyRing()
    alice, bob = ring.add("alice"), ring.add("bob")
    policy = tmp_path / "policy.toml"
    policy.write_text(POLICY)
    library.scope, library.tools = "public", ["second"]
    keys = ring.save(tmp_path / "keys.toml")
    connect = await start(api_keys=keys, policy=str(policy), **KEEPS)
    async with connect(alice) as client:
        listed = await client.request(TOOLS)
        read = await client.request(READ, {"uri": BOOK})
    assert [tool["name"] for tool in listed["tools"]] == ["second"]
    assert listed["cacheScope"] == read["cacheScope"] == "private"
    async with connect(bob) as client:
        assert (await client.request(TOOLS))["tools"] == []
        with pytest.raises(RemoteError):
            await client.request(READ, {"uri": BOOK})
        assert text(await client.request(READ, {"uri": OTHER_BOOK}))
    async with connect(alice) as client:
        assert (await client.request(TOOLS))["tools"] == listed["tools"]
    assert library.asked[TOOLS] == 1


async def test_limits_count_what_is_kept_as_well(start: Start, library: Library) -> None:
    connect = await start(rate_limit="2/hour", **KEEPS)
    async with connect(mode="2026-07-28") as client:
        await client.request(TOOLS)
        await client.request(TOOLS)
        with pytest.raises(ServiceError) as refused:
            await client.request(TOOLS)
    assert refused.value.reason == "RATE_LIMITED"
    assert library.asked[TOOLS] == 1


async def test_who_hears_of_a_change_is_not_given_what_was_kept_before_it(
    start: Start, library: Library
) -> None:
    connect = await start(**KEEPS)
    async with (
        connect() as client,
        connect() as other,
        client.listen(tools=True, resource_uris=[BOOK]) as changes,
    ):
        for each in (client, other):
            await each.request(TOOLS)
            await each.request(READ, {"uri": BOOK})
        library.text = "second"
        await library.change_tools("second")
        await library.update(BOOK)
        await anext(changes)
        await anext(changes)
        for each in (client, other):
            assert (await each.request(TOOLS))["tools"][0]["name"] == "second"
            assert text(await each.request(READ, {"uri": BOOK})) == "second"
    assert library.asked == {TOOLS: 2, READ: 2}


async def test_a_result_that_a_change_overtakes_is_not_kept(start: Start, library: Library) -> None:
    connect = await start(**KEEPS)
    async with connect() as client, client.listen(tools=True) as changes:
        library.gate.clear()
        late = asyncio.create_task(client.request(TOOLS))
        await library.reached.wait()
        await library.change_tools("second")
        await anext(changes)
        library.gate.set()
        assert (await late)["tools"][0]["name"] == "first"
        assert (await client.request(TOOLS))["tools"][0]["name"] == "second"


async def test_no_more_is_kept_than_may_be(start: Start, library: Library) -> None:
    connect = await start(max_cache_entries=1, **KEEPS)
    async with connect() as client:
        for uri in (BOOK, OTHER_BOOK, BOOK):
            await client.request(READ, {"uri": uri})
        assert library.asked[READ] == 3
        library.text = "x" * 100_000
        small = await start(max_cache_bytes=64 * 1024, **KEEPS)
    async with small() as client:
        for _ in range(2):
            await client.request(READ, {"uri": BOOK})
    assert library.asked[READ] == 5


async def test_what_was_away_is_asked_again(start: Start, library: Library) -> None:
    backend = SdkApp(library.app)
    connect = await start(backend, **KEEPS)
    async with connect() as client:
        await client.request(TOOLS)
        backend.availability.set(serving=False)
        backend.availability.set(serving=True)
        await client.request(TOOLS)
    assert library.asked[TOOLS] == 2


async def test_results_of_an_upstream_are_kept_too(start: Start, library: Library) -> None:
    async with (
        Server(library.app, ["127.0.0.1:0"]) as behind,
        open_door(behind.addresses[0], cache_seconds=0) as door,
    ):
        connect = await start(None, upstream_url=[door.mcp], **KEEPS)
        async with connect() as client, client.listen(resource_uris=[BOOK]) as changes:
            for _ in range(2):
                assert text(await client.request(READ, {"uri": BOOK}))
            assert library.asked[READ] == 1
            await library.update(BOOK)
            await anext(changes)
            await client.request(READ, {"uri": BOOK})
    assert library.asked[READ] == 2


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ({"cache_ttl": ["tools/list"]}, "METHOD=SECONDS"),
        ({"cache_ttl": ["tools/list=soon"]}, "METHOD=SECONDS"),
        ({"cache_ttl": ["tools/list=0"]}, "above 0 and at most a day"),
        ({"cache_ttl": ["tools/list=nan"]}, "above 0 and at most a day"),
        ({"cache_ttl": ["tools/list=86401"]}, "above 0 and at most a day"),
        ({"cache_ttl": ["tools/call=5"]}, "'tools/call' is none of prompts/list"),
        ({"cache_results": ["completion/complete"]}, "is none of prompts/list"),
    ],
    ids=str,
)
def test_a_setting_that_means_nothing_is_refused(told: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        ServerSettings(**told)
