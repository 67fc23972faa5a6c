"""The HTTP door: whom it answers by itself, and whom never."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, TypeAlias

import httpx2
import pytest

from mcpgrpc.testing import serving
from mcpgrpc_server import Server, ServerSettings
from mcpgrpc_server.http_door import http_door, private_address
from tests.authentication.key_ring import KeyRing
from tests.caching.library import BOOK, OTHER_BOOK, Library
from tests.doors.door import Door, http_client, modern_request, next_message, open_door
from tests.doors.test_http_command import command, url_of

SECONDS = 30
LISTEN = {"notifications": {"toolsListChanged": True, "resourceSubscriptions": [BOOK]}}

Keys: TypeAlias = dict[str, str]


@pytest.fixture
async def library() -> Library:
    return Library()


@pytest.fixture
async def door(library: Library) -> AsyncIterator[Door]:
    """A door in front of a server that asks nobody who it is."""
    async with asyncio.timeout(SECONDS), serving(library.app) as address, open_door(address) as it:
        yield it


@pytest.fixture
def ring() -> KeyRing:
    return KeyRing()


@pytest.fixture
def keys(ring: KeyRing) -> Keys:
    return {"alice": ring.add("alice"), "bob": ring.add("bob")}


@pytest.fixture
async def guarded(
    library: Library, ring: KeyRing, keys: Keys, tmp_path: Path
) -> AsyncIterator[Door]:
    """A door in front of a server that wants API keys."""
    settings = ServerSettings(api_keys=ring.save(tmp_path / "keys.toml"))
    async with (
        asyncio.timeout(SECONDS),
        Server(library.app, ["127.0.0.1:0"], settings=settings) as server,
        open_door(server.addresses[0]) as it,
    ):
        yield it


async def read(door: Door, uri: str = BOOK, **headers: str) -> Any:
    """What a read gives, or the status that it is refused with."""
    answer = await door.modern("resources/read", {"uri": uri}, **headers)
    return answer.json()["result"] if answer.status_code == 200 else answer.status_code


def text(result: Any) -> str:
    said: str = result["contents"][0]["text"]
    return said


async def test_a_caller_is_given_again_what_it_was_given(
    guarded: Door, library: Library, keys: Keys
) -> None:
    first = await read(guarded, x_api_key=keys["alice"])
    again = await read(guarded, x_api_key=keys["alice"])
    assert library.asked["resources/read"] == 1
    assert 0 < again.pop("ttlMs") <= first.pop("ttlMs") == 60_000
    assert again == first
    assert text(first) == "Call me Ishmael. (alice)"


async def test_each_answer_has_the_id_of_its_request(door: Door, library: Library) -> None:
    library.scope = "public"
    for request_id in (7, "seven"):
        content, headers = modern_request("tools/list", None, request_id)
        answer = await door.http.post(door.mcp, content=content, headers=headers)
        assert answer.json()["id"] == request_id
        assert answer.headers["content-type"] == "application/json"
    assert library.asked["tools/list"] == 1


@pytest.mark.parametrize("scope", ["private", "public"])
async def test_no_caller_is_given_what_was_given_to_another_whatever_its_scope(
    guarded: Door, library: Library, keys: Keys, scope: str
) -> None:
    library.scope = scope
    assert text(await read(guarded, x_api_key=keys["alice"])) == "Call me Ishmael. (alice)"
    assert text(await read(guarded, x_api_key=keys["bob"])) == "Call me Ishmael. (bob)"
    assert library.asked["resources/read"] == 2


@pytest.mark.parametrize("scope", ["private", "public"])
@pytest.mark.parametrize(
    "headers",
    [{}, {"x_api_key": "mcpgrpc_0_0"}, {"authorization": "Bearer nonsense"}],
    ids=["none", "key", "bearer"],
)
async def test_a_caller_whom_the_server_would_refuse_is_refused(
    guarded: Door, library: Library, keys: Keys, scope: str, headers: dict[str, str]
) -> None:
    library.scope = scope
    await read(guarded, x_api_key=keys["alice"])
    assert await read(guarded, **headers) == 401
    assert await read(guarded, **headers) == 401


async def test_callers_without_a_credential_share_what_is_public_alone(
    door: Door, library: Library
) -> None:
    for _ in range(2):
        await read(door)
    assert library.asked["resources/read"] == 2
    library.scope = "public"
    for _ in range(3):
        await read(door)
    assert library.asked["resources/read"] == 3


async def test_headers_that_the_app_sees_tell_answers_apart_but_for_traces(
    door: Door, library: Library
) -> None:
    library.scope = "public"
    await read(door, x_tenant="a", traceparent=f"00-{'1' * 32}-{'1' * 16}-01")
    await read(door, x_tenant="a", traceparent=f"00-{'2' * 32}-{'2' * 16}-01")
    assert library.asked["resources/read"] == 1
    await read(door, x_tenant="b")
    assert library.asked["resources/read"] == 2


@pytest.mark.parametrize("ttl_ms", [None, 0], ids=str)
async def test_what_does_not_say_that_it_holds_is_asked_every_time(
    door: Door, library: Library, ttl_ms: int | None
) -> None:
    library.ttl_ms, library.scope = ttl_ms, "public"
    for _ in range(2):
        await read(door)
    assert library.asked["resources/read"] == 2


async def test_calls_and_errors_are_asked_every_time(door: Door, library: Library) -> None:
    library.scope = "public"
    for _ in range(2):
        await door.modern("tools/call", {"name": "first"})
        assert (await door.modern("resources/read", {"uri": "book:///none"})).json()["error"]
    assert library.asked["tools/call"] == library.asked["resources/read"] == 2


async def test_what_a_subscription_tells_makes_answers_to_everybody_old(
    guarded: Door, library: Library, keys: Keys
) -> None:
    everybody = [{"x_api_key": key} for key in keys.values()]
    for headers in everybody:
        await read(guarded, **headers)
        await read(guarded, OTHER_BOOK, **headers)
        await guarded.modern("tools/list", None, **headers)
    content, fields = modern_request("subscriptions/listen", LISTEN)
    fields |= {"x-api-key": keys["alice"]}
    async with guarded.http.stream("POST", guarded.mcp, content=content, headers=fields) as events:
        lines = events.aiter_lines()
        assert "acknowledged" in (await next_message(lines))["method"]
        await library.change_tools("second")
        await library.update(BOOK)
        told = [(await next_message(lines))["method"] for _ in range(2)]
        assert told == ["notifications/tools/list_changed", "notifications/resources/updated"]
        for headers in everybody:
            await read(guarded, **headers)
            await read(guarded, OTHER_BOOK, **headers)
            answer = await guarded.modern("tools/list", None, **headers)
            assert answer.json()["result"]["tools"][0]["name"] == "second"
    assert library.asked == {"resources/read": 6, "tools/list": 4}


async def test_an_answer_that_a_change_overtakes_is_not_kept(door: Door, library: Library) -> None:
    library.scope = "public"
    content, fields = modern_request("subscriptions/listen", LISTEN)
    async with door.http.stream("POST", door.mcp, content=content, headers=fields) as events:
        lines = events.aiter_lines()
        await next_message(lines)
        library.gate.clear()
        late = asyncio.create_task(door.modern("tools/list"))
        await library.reached.wait()
        await library.change_tools("second")
        await next_message(lines)
        library.gate.set()
        assert (await late).json()["result"]["tools"][0]["name"] == "first"
        fresh = await door.modern("tools/list")
        assert fresh.json()["result"]["tools"][0]["name"] == "second"


async def test_a_door_that_keeps_nothing_asks_every_time(library: Library) -> None:
    library.scope = "public"
    async with (
        asyncio.timeout(SECONDS),
        serving(library.app) as address,
        open_door(address, cache_seconds=0) as door,
    ):
        for _ in range(2):
            await read(door)
    assert library.asked["resources/read"] == 2


@pytest.mark.parametrize(
    ("told", "asked"),
    [({}, 1), ({"http_cache_seconds": 0}, 2), ({"audit": "calls"}, 2)],
    ids=["by default", "turned off", "audited"],
)
async def test_the_door_of_serve_keeps_answers_unless_told_or_audited(
    library: Library, told: dict[str, Any], asked: int
) -> None:
    library.scope = "public"
    settings = ServerSettings(listen=["127.0.0.1:0"], http="127.0.0.1:0", **told)
    async with asyncio.timeout(SECONDS), AsyncExitStack() as stack:
        address = stack.enter_context(private_address())
        server = Server(library.app, settings=settings, private_address=address)
        await stack.enter_async_context(server)
        running = await stack.enter_async_context(http_door(settings, address))
        door = Door(running, await stack.enter_async_context(http_client()))
        for _ in range(2):
            await read(door)
    assert library.asked["resources/read"] == asked


@pytest.mark.parametrize(
    ("words", "asked"),
    [((), 1), (("--cache", "30"), 1), (("--cache", "0"), 2)],
    ids=["by default", "for a time", "turned off"],
)
async def test_the_gateway_keeps_answers_unless_told(
    library: Library, words: tuple[str, ...], asked: int
) -> None:
    library.scope = "public"
    async with (
        serving(library.app) as address,
        command("gateway", address, "--listen", "127.0.0.1:0", *words) as process,
        http_client() as http,
    ):
        url = await url_of(process)
        content, headers = modern_request("resources/read", {"uri": BOOK})
        for _ in range(2):
            assert (await http.post(url, content=content, headers=headers)).status_code == 200
    assert library.asked["resources/read"] == asked


async def test_a_time_that_is_none_is_said_in_one_line() -> None:
    async with command("gateway", "--cache", "soon") as process:
        _, said = await process.communicate()
        assert process.returncode == 2
    assert said.startswith(b"mcpgrpc: --cache takes a number of seconds")
    assert said.count(b"\n") == 1


async def test_the_legacy_era_over_http_keeps_nothing(door: Door, library: Library) -> None:
    session = await door.initialize()
    for number in (1, 2):
        asked = {"id": number, "method": "resources/read", "params": {"uri": BOOK}}
        answer: httpx2.Response = await door.legacy(asked, session)
        assert "Ishmael" in json.dumps(answer.text)
    assert library.asked["resources/read"] == 2
