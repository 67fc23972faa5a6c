"""Every method at every door: HTTP of both eras and WebSocket, in front of the same server."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from tests.authentication.every_method import (
    BAD,
    BY_HEADER,
    LEGACY_METHODS,
    METHODS,
    MODERN_METHODS,
    NOTIFICATIONS,
    PARAMS,
    Everything,
    Good,
    everything,
    forbidding,
)
from tests.authentication.matrix import assert_hides
from tests.authentication.served import Metadata
from tests.doors.door import Door, legacy_headers, modern_request, open_door

SECONDS = 50
UNAUTHENTICATED, FORBIDDEN = 16, 7
NOT_AT_THE_DOOR = "initialize"
"""The modern era has no such method, which the door itself says."""

MORE_THAN_ONE = "more than once"
"""What a door says itself to a field that stands twice."""


@dataclass(frozen=True)
class Front:
    """A server, and a door in front of it."""

    server: Everything
    door: Door

    @property
    def heard(self) -> list[str]:
        return self.server.app.heard

    async def modern(self, method: str, presented: Metadata) -> Any:
        content, fields = modern_request(method, PARAMS.get(method))
        return await self.post(content, fields, presented)

    async def legacy(self, method: str, presented: Metadata, session: str | None = None) -> Any:
        content = json.dumps(legacy_message(method))
        return await self.post(content, legacy_headers(session), presented)

    async def post(self, content: str, fields: dict[str, str], presented: Metadata) -> Any:
        headers = [*fields.items(), *presented]
        return await self.door.http.post(self.door.mcp, content=content, headers=headers)


def legacy_message(method: str, request_id: Any = 1) -> dict[str, Any]:
    message = {"jsonrpc": "2.0", "method": method, "params": PARAMS.get(method, {})}
    return message if method in NOTIFICATIONS else message | {"id": request_id}


@asynccontextmanager
async def in_front(folder: Path, **settings: str) -> AsyncIterator[Front]:
    async with everything(folder, **settings) as server, open_door(server.target) as door:
        yield Front(server, door)


@pytest.fixture(scope="module")
async def opened(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Front]:
    async with in_front(tmp_path_factory.mktemp("everything")) as front:
        yield front


@pytest.fixture
async def front(opened: Front) -> AsyncIterator[Front]:
    opened.server.app.forget()
    async with asyncio.timeout(SECONDS):
        yield opened


@pytest.fixture(scope="module")
async def opened_to_a_scope(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Front]:
    folder = tmp_path_factory.mktemp("scoped")
    async with in_front(folder, policy=forbidding(folder)) as front:
        yield front


@pytest.fixture
async def scoped(opened_to_a_scope: Front) -> AsyncIterator[Front]:
    """A door before a server whose policy gives everything to one scope, which nobody has."""
    opened_to_a_scope.server.app.forget()
    async with asyncio.timeout(SECONDS):
        yield opened_to_a_scope


each_bad = pytest.mark.parametrize(("presented", "why"), BAD.values(), ids=BAD)
each_good = pytest.mark.parametrize("good", BY_HEADER.values(), ids=BY_HEADER)


def is_doubled(presented: Metadata) -> bool:
    """Whether a field stands twice, which a door itself cannot carry."""
    return len({name for name, _ in presented}) < len(presented)


def assert_said(answer: Any, presented: Metadata, why: str) -> None:
    assert answer.status_code == (400 if is_doubled(presented) else 401), answer.text
    expected = MORE_THAN_ONE if is_doubled(presented) else why
    assert any(each in answer.text for each in expected.split("|")), answer.text
    assert_hides(presented, answer.text)


@each_bad
async def test_no_modern_post_of_any_method_is_let_in(
    front: Front, presented: Metadata, why: str
) -> None:
    for method in METHODS:
        if method != NOT_AT_THE_DOOR:
            assert_said(await front.modern(method, presented), presented, why)
    assert (front.heard, front.server.app.clients) == ([], [])


@each_bad
async def test_no_legacy_post_of_any_method_is_let_in_or_finds_the_session_of_another(
    front: Front, presented: Metadata, why: str
) -> None:
    good = next(iter(BY_HEADER.values())).metadata
    begun = await front.legacy("initialize", good)
    session = begun.headers["mcp-session-id"]
    assert_said(await front.legacy("initialize", presented), presented, why)
    for method in (*LEGACY_METHODS, *NOTIFICATIONS):
        answer = await front.legacy(method, presented, session)
        assert answer.status_code in (404, 400), answer.text
        assert any(each in answer.text for each in ("Session not found", MORE_THAN_ONE))
        assert_hides(presented, answer.text)
    assert front.heard == ["initialize"]
    assert (await front.legacy("ping", good, session)).status_code == 200, "its owner goes on"


@each_bad
async def test_no_websocket_is_let_in_with_any_method(
    front: Front, presented: Metadata, why: str
) -> None:
    async with websocket(front, presented) as socket:
        if is_doubled(presented):
            with pytest.raises(ConnectionClosed, match=MORE_THAN_ONE):
                await socket.recv()
            return
        for text in every_text():
            await socket.send(text)
        for _ in range(len(MODERN_METHODS) + len(LEGACY_METHODS)):
            said = str(await socket.recv())
            assert json.loads(said)["error"]["code"] == UNAUTHENTICATED, said
            assert any(each in said for each in why.split("|")), said
            assert_hides(presented, said)
    assert (front.heard, front.server.app.clients) == ([], [])


@each_good
async def test_every_method_is_let_in_by_modern_posts(front: Front, good: Good) -> None:
    for method in MODERN_METHODS:
        answer = await front.modern(method, good.metadata)
        assert answer.status_code == (404 if method == "nothing/known" else 200), answer.text
    assert set(front.heard) == set(MODERN_METHODS)
    assert {caller.subject for caller in front.server.app.callers} == {good.subject}


@each_good
async def test_every_method_is_let_in_by_legacy_posts(front: Front, good: Good) -> None:
    begun = await front.legacy("initialize", good.metadata)
    session = begun.headers["mcp-session-id"]
    for method in (*LEGACY_METHODS, *NOTIFICATIONS):
        if method != "initialize":
            answer = await front.legacy(method, good.metadata, session)
            assert answer.status_code == (202 if method in NOTIFICATIONS else 200), answer.text
    # The last notification is heard before what is asked behind it.
    await front.legacy("ping", good.metadata, session)
    assert set(front.heard) == {*LEGACY_METHODS, *NOTIFICATIONS}
    assert {caller.subject for caller in front.server.app.callers} == {good.subject}


@each_good
async def test_every_method_is_let_in_by_a_websocket(front: Front, good: Good) -> None:
    async with websocket(front, good.metadata) as socket:
        for method in MODERN_METHODS:
            await socket.send(modern_text(method, method))
            answer = json.loads(await socket.recv())
            assert (answer["id"], "execution" in str(answer)) == (method, False)
    assert front.heard == list(MODERN_METHODS)
    assert {caller.subject for caller in front.server.app.callers} == {good.subject}


@each_good
async def test_without_the_scope_every_method_is_forbidden_at_every_door(
    scoped: Front, good: Good
) -> None:
    for method in MODERN_METHODS:
        answer = await scoped.modern(method, good.metadata)
        assert answer.status_code == 403, answer.text
        assert answer.json()["error"]["data"]["reason"] == "FORBIDDEN"
    assert (await scoped.legacy("initialize", good.metadata)).status_code == 403
    async with websocket(scoped, good.metadata) as socket:
        for text in every_text():
            await socket.send(text)
        for _ in range(len(MODERN_METHODS) + len(LEGACY_METHODS)):
            said = str(await socket.recv())
            assert json.loads(said)["error"]["code"] == FORBIDDEN, said
    assert scoped.heard == []


def websocket(front: Front, presented: Metadata) -> connect:
    return connect(front.door.ws, additional_headers=list(presented), proxy=None)


def modern_text(method: str, request_id: Any) -> str:
    return modern_request(method, PARAMS.get(method), request_id)[0]


def every_text() -> list[str]:
    """Every message of a client in both eras; notifications are among them."""
    return [
        *(modern_text(method, f"modern {method}") for method in MODERN_METHODS),
        *(json.dumps(legacy_message(method, method)) for method in LEGACY_METHODS),
        *(json.dumps(legacy_message(method)) for method in NOTIFICATIONS),
    ]
