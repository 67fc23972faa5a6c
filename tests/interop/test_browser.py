"""The HTTP door as a page in Chromium meets it: what its own browser lets it do there."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.doors.door import (
    META,
    initialize_request,
    legacy_headers,
    modern_request,
    tool_call,
)
from tests.interop.conftest import door_to
from tests.interop.page import Page, opened, web_server
from tests.node.installed import Node

BLOCKED = {"error": "TypeError: Failed to fetch"}
REFUSED_ORIGIN = "refused a request: the origin 'http://evil.example:"
UNHEARD = {"error": "closed 1006"}
DISCOVER = {"id": 1, "method": "server/discover", "params": {"_meta": META}}


@dataclass(frozen=True)
class Scene:
    """A page and the door that its scripts talk to."""

    page: Page
    door: str

    @property
    def socket(self) -> str:
        return f"{self.door.replace('http', 'ws', 1)}/ws"

    async def modern(self, method: str, params: dict[str, Any] | None = None) -> dict[str, Any]:
        body, headers = modern_request(method, params)
        return await self.page.fetch(f"{self.door}/mcp", method="POST", headers=headers, body=body)

    async def legacy(self, message: dict[str, Any], session: str | None = None) -> dict[str, Any]:
        body = json.dumps({"jsonrpc": "2.0", **message})
        return await self.page.fetch(
            f"{self.door}/mcp", method="POST", headers=legacy_headers(session), body=body
        )


@dataclass(frozen=True)
class Stage:
    """Where pages and doors are opened."""

    node: Node
    everything: str
    folder: Path

    @property
    def log(self) -> Path:
        """What the door says."""
        return self.folder / "gateway.log"

    @asynccontextmanager
    async def page_of(self, host: str, *, is_allowed: bool = False) -> AsyncIterator[Scene]:
        """A page that comes from `host`, at a port that is not the door's."""
        async with web_server() as port:
            origin = f"http://{host}:{port}"
            words = ["--allow-origin", origin] if is_allowed else []
            async with self.door(*words) as door, self.page(f"{origin}/") as page:
                yield Scene(page, door)

    def door(self, *words: str) -> AbstractAsyncContextManager[str]:
        return door_to(self.everything, self.log, *words)

    def page(self, url: str) -> AbstractAsyncContextManager[Page]:
        return opened(url, self.node, self.folder)


@pytest.fixture
async def stage(node: Node, everything: str, tmp_path: Path) -> Stage:
    return Stage(node, everything, tmp_path)


async def test_a_page_of_another_origin_gets_no_answer(stage: Stage) -> None:
    async with stage.page_of("evil.example") as scene:
        assert await scene.modern("tools/list") == BLOCKED
        assert await scene.legacy(initialize_request()) == BLOCKED
        assert await scene.page.fetch(f"{scene.door}/mcp") == BLOCKED
    assert stage.log.read_text().count(REFUSED_ORIGIN) == 3


async def test_a_request_that_a_browser_sends_without_asking_is_refused_too(stage: Stage) -> None:
    body, _ = modern_request("tools/call", {"name": "add_note", "arguments": {"text": "evil"}})
    async with stage.page_of("evil.example") as scene:
        unseen = await scene.page.fetch(
            f"{scene.door}/mcp", method="POST", mode="no-cors", body=body
        )
        assert (unseen["status"], unseen["text"]) == (0, "")
    assert stage.log.read_text().count(REFUSED_ORIGIN) == 1


async def test_a_page_of_an_allowed_origin_calls_tools_at_the_modern_era(stage: Stage) -> None:
    async with stage.page_of("app.example", is_allowed=True) as scene:
        arguments = {"name": "add", "arguments": {"a": 1, "b": 2}}
        answer = await scene.modern("tools/call", arguments)
        assert answer["status"] == 200
        assert json.loads(answer["text"])["result"]["structuredContent"] == {"result": 3}


async def test_a_page_of_an_allowed_origin_holds_a_legacy_session(stage: Stage) -> None:
    async with stage.page_of("app.example", is_allowed=True) as scene:
        opened_session = await scene.legacy(initialize_request())
        assert opened_session["status"] == 200
        session = opened_session["headers"]["mcp-session-id"]

        initialized = await scene.legacy({"method": "notifications/initialized"}, session)
        assert initialized["status"] == 202
        added = await scene.legacy(tool_call(1, "add", a=1, b=2), session)
        assert '"structuredContent":{"result":3}' in added["text"].replace(" ", "")

        headers = legacy_headers(session)
        ended = await scene.page.fetch(f"{scene.door}/mcp", method="DELETE", headers=headers)
        assert ended["status"] == 200
        assert (await scene.legacy(tool_call(2, "add", a=1, b=2), session))["status"] == 404


async def test_a_page_of_this_machine_is_let_in_unasked(stage: Stage) -> None:
    async with stage.page_of("localhost") as scene:
        assert (await scene.modern("tools/list"))["status"] == 200


async def test_a_web_socket_opens_for_an_allowed_origin_alone(stage: Stage) -> None:
    async with stage.page_of("app.example", is_allowed=True) as scene:
        answer = await scene.page.socket(scene.socket, DISCOVER)
        assert "2026-07-28" in json.loads(answer["text"])["result"]["supportedVersions"]
    async with stage.page_of("evil.example") as scene:
        assert await scene.page.socket(scene.socket, DISCOVER) == UNHEARD


async def test_a_page_whose_name_was_rebound_to_this_machine_is_refused(stage: Stage) -> None:
    """To the browser page and door are one origin, so that it asks nobody for permission."""
    async with stage.door() as door:
        rebound = f"http://rebound.example:{urlsplit(door).port}"
        async with stage.page(f"{rebound}/health") as page:
            scene = Scene(page, rebound)
            assert (await page.fetch(f"{rebound}/health"))["status"] == 200
            for refused in (await scene.modern("tools/list"), await page.fetch(f"{rebound}/mcp")):
                assert refused["status"] == 421
                assert "tools" not in refused["text"]
            assert await page.socket(scene.socket, DISCOVER) == UNHEARD
