"""The lean client over the wire: what it answers itself, and when it asks."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

import pytest

from mcpgrpc import Client
from mcpgrpc.errors import RemoteError, UsageError
from mcpgrpc.testing import connected, serving
from tests.caching.clock import Clock
from tests.caching.library import BOOK, OTHER_BOOK, Library

SECONDS = 20

Connect = Callable[..., AbstractAsyncContextManager[Client]]


@pytest.fixture
async def library() -> Library:
    return Library()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(params=["session", "call"])
async def client(
    request: pytest.FixtureRequest, library: Library, clock: Clock
) -> AsyncIterator[Client]:
    """A client that caches, over each RPC."""
    async with (
        asyncio.timeout(SECONDS),
        connected(library.app, rpc=request.param, cache=clock.config()) as client,
    ):
        yield client


async def test_a_list_is_fetched_once_while_it_is_fresh(
    client: Client, library: Library, clock: Clock
) -> None:
    first, again = await client.list_tools(), await client.list_tools()
    assert [tool.name for tool in first] == [tool.name for tool in again] == ["first"]
    assert library.asked["tools/list"] == 1
    clock.now += 60
    await client.list_tools()
    assert library.asked["tools/list"] == 2


async def test_a_read_is_kept_for_each_resource(client: Client, library: Library) -> None:
    for uri in (BOOK, OTHER_BOOK, BOOK, OTHER_BOOK):
        read = await client.read_resource(uri)
        assert read.contents[0].uri == uri
    assert library.asked["resources/read"] == 2


async def test_what_a_caller_does_to_a_result_the_next_does_not_see(
    client: Client, library: Library
) -> None:
    (await client.read_resource(BOOK)).raw.clear()
    (await client.read_resource(BOOK)).raw["contents"][0]["text"] = "changed"
    assert (await client.read_resource(BOOK)).contents[0].text == "Call me Ishmael."
    assert library.asked["resources/read"] == 1


@pytest.mark.parametrize("ttl_ms", [None, 0], ids=str)
async def test_what_does_not_say_that_it_holds_is_fetched_every_time(
    client: Client, library: Library, ttl_ms: int | None
) -> None:
    library.ttl_ms = ttl_ms
    await client.list_tools()
    await client.list_tools()
    assert library.asked["tools/list"] == 2


async def test_every_page_is_kept(client: Client, library: Library) -> None:
    library.tools = ["first", "second", "third"]
    for _ in range(2):
        assert [tool.name for tool in await client.list_tools()] == library.tools
    assert library.asked["tools/list"] == 3


async def test_a_list_that_changed_under_its_kept_pages_is_read_again(
    client: Client, library: Library, clock: Clock
) -> None:
    library.tools, library.last_page_ttl_ms = ["first", "second"], 10_000
    await client.list_tools()
    clock.now += 10
    # Nobody listens, so the first page stays; its cursor leads into a list that is no more.
    await library.change_tools("third", "fourth", "fifth")
    assert [tool.name for tool in await client.list_tools()] == ["third", "fourth", "fifth"]
    assert library.asked["tools/list"] == 6


async def test_refresh_fetches_and_keeps_and_bypass_does_neither(
    client: Client, library: Library
) -> None:
    await client.read_resource(BOOK)
    library.text = "second"
    await client.read_resource(BOOK, cache_mode="bypass")
    assert (await client.read_resource(BOOK)).contents[0].text == "Call me Ishmael."
    assert (await client.read_resource(BOOK, cache_mode="refresh")).contents[0].text == "second"
    library.text = "third"
    assert (await client.read_resource(BOOK)).contents[0].text == "second"
    assert library.asked["resources/read"] == 3


async def test_a_mode_that_is_none_is_refused(client: Client) -> None:
    mode: Any = "fresh"
    with pytest.raises(UsageError, match="cache_mode must be one of use, refresh, bypass"):
        await client.list_tools(cache_mode=mode)
    with pytest.raises(UsageError, match="cache_mode must be one of"):
        await client.read_resource(BOOK, cache_mode=mode)


async def test_requests_by_method_calls_and_errors_are_never_kept(
    client: Client, library: Library
) -> None:
    for _ in range(2):
        await client.request("tools/list")
        await client.call_tool("first")
        with pytest.raises(RemoteError, match="no such book"):
            await client.read_resource("book:///none")
    assert library.asked == {"tools/list": 2, "tools/call": 2, "resources/read": 2}


async def test_a_changed_list_is_fetched_again_once_the_change_is_heard(
    client: Client, library: Library
) -> None:
    async with client.listen(tools=True) as changes:
        await client.list_tools()
        await library.change_tools("second")
        assert (await anext(changes)).method == "notifications/tools/list_changed"
        assert [tool.name for tool in await client.list_tools()] == ["second"]
        assert [tool.name for tool in await client.list_tools()] == ["second"]
    assert library.asked["tools/list"] == 2


async def test_an_updated_resource_is_read_again_and_others_are_not(
    client: Client, library: Library
) -> None:
    async with client.listen(resource_uris=[BOOK]) as changes:
        await client.read_resource(BOOK)
        await client.read_resource(OTHER_BOOK)
        await library.update(BOOK)
        await anext(changes)
        await client.read_resource(BOOK)
        await client.read_resource(OTHER_BOOK)
    assert library.asked["resources/read"] == 3


async def test_an_answer_that_a_change_overtakes_is_given_and_not_kept(
    client: Client, library: Library
) -> None:
    async with client.listen(tools=True) as changes:
        library.gate.clear()
        late = asyncio.create_task(client.list_tools())
        await library.reached.wait()
        await library.change_tools("second")
        await anext(changes)
        library.gate.set()
        assert [tool.name for tool in await late] == ["first"]
        assert [tool.name for tool in await client.list_tools()] == ["second"]


async def test_reads_with_other_meta_are_other_reads_but_for_traces(
    client: Client, library: Library
) -> None:
    await client.read_resource(BOOK, meta={"tenant": "a", "traceparent": "1"})
    await client.read_resource(BOOK, meta={"tenant": "a", "traceparent": "2"})
    assert library.asked["resources/read"] == 1
    await client.read_resource(BOOK, meta={"tenant": "b"})
    assert library.asked["resources/read"] == 2


async def test_others_run_while_somebody_asks_for_what_is_kept_in_a_loop(
    client: Client, library: Library
) -> None:
    await client.list_tools()
    ran = asyncio.Event()
    other = asyncio.create_task(asyncio.sleep(0))
    other.add_done_callback(lambda _: ran.set())
    async with asyncio.timeout(SECONDS):
        while not ran.is_set():
            await client.list_tools()
    assert library.asked["tools/list"] == 1


async def test_without_a_cache_everything_is_fetched(library: Library) -> None:
    async with asyncio.timeout(SECONDS), connected(library.app, cache=None) as client:
        await client.list_tools()
        await client.list_tools()
    assert library.asked["tools/list"] == 2


async def test_it_is_on_unless_it_is_turned_off(library: Library) -> None:
    async with asyncio.timeout(SECONDS), connected(library.app) as client:
        await client.list_tools()
        await client.list_tools()
    assert library.asked["tools/list"] == 1


async def test_the_legacy_era_keeps_nothing(library: Library) -> None:
    async with asyncio.timeout(SECONDS), connected(library.app, mode="legacy") as client:
        for _ in range(2):
            await client.list_tools()
            await client.read_resource(BOOK)
    assert library.asked == {"tools/list": 2, "resources/read": 2}


async def test_two_clients_share_nothing(library: Library) -> None:
    async with asyncio.timeout(SECONDS), serving(library.app) as address:
        for _ in range(2):
            async with Client(address) as client:
                await client.list_tools()
    assert library.asked["tools/list"] == 2
