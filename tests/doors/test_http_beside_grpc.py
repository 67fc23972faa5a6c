"""The HTTP door of `mcpgrpc serve --http`: in the server's process, and how both end together."""

from __future__ import annotations

import asyncio
import stat
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc
import httpx2
import mcp
import pytest
from pydantic import ValidationError
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from mcpgrpc_server import Server, ServerSettings
from mcpgrpc_server.http_door import http_door, private_address
from mcpgrpc_server.listeners import ListenError
from mcpgrpc_server.settings import SettingsError, check_listeners
from tests.authentication.key_ring import KeyRing
from tests.authentication.matrix import check
from tests.authentication.served import Peer
from tests.doors.door import (
    ANSWER_SECONDS,
    Door,
    http_client,
    initialize_request,
    messages_of,
    modern_request,
    next_message,
    open_door,
    tool_call,
)
from tests.doors.door_app import Watched

GATED = {"name": "gated"}
NOT_RUN = {"reason": "DRAINING", "execution": "NOT_STARTED"}


@dataclass(frozen=True)
class Beside:
    """A server and the door in front of it, as `serve` puts them together."""

    server: Server
    door: Door

    async def drain(self, grace_seconds: float | None = None) -> None:
        async with self.door.running.draining():
            await self.server.drain(grace_seconds)


@asynccontextmanager
async def beside(watched: Watched, **settings: Any) -> AsyncIterator[Beside]:
    told = ServerSettings(listen=["127.0.0.1:0"], http="127.0.0.1:0", **settings)
    with private_address() as address:
        async with (
            http_door(told, address) as running,
            Server(watched.app, settings=told, private_address=address) as server,
            http_client() as http,
            asyncio.timeout(ANSWER_SECONDS),
        ):
            yield Beside(server, Door(running, http))


@pytest.mark.parametrize("mode", ["legacy", "auto"])
async def test_http_and_grpc_are_served_by_one_process(watched: Watched, mode: str) -> None:
    async with beside(watched) as both, mcp.Client(both.door.mcp, mode=mode) as client:
        said = await client.call_tool("echo", {"text": "over HTTP"})
        assert said.structured_content == {"result": "over HTTP"}
        assert [address.startswith("unix:") for address in both.server.addresses] == [False]


async def test_the_door_is_healthy_before_the_server_and_ready_with_it(watched: Watched) -> None:
    told = ServerSettings(listen=["127.0.0.1:0"], http="127.0.0.1:0")
    with private_address() as address:
        async with http_door(told, address) as running, http_client() as http:
            assert (await http.get(f"{running.url}/health")).status_code == 200
            assert (await http.get(f"{running.url}/ready")).status_code == 503
            async with Server(watched.app, settings=told, private_address=address):
                assert (await http.get(f"{running.url}/ready")).status_code == 200


async def test_the_door_is_ready_where_health_needs_a_credential_and_needs_none_itself(
    watched: Watched, tmp_path: Path
) -> None:
    keys = KeyRing().save(tmp_path / "keys.toml")
    guarded = {"api_keys": keys, "authenticate_health": True}
    async with beside(watched, **guarded) as both:
        answer = await both.door.http.get(f"{both.door.url}/ready")
        assert (answer.status_code, answer.json()) == (200, {"status": "SERVING"})
        assert (await both.door.legacy(initialize_request())).status_code == 401
        async with Peer(both.server.addresses[0]) as stranger:
            assert (await check(stranger, ())).code is grpc.StatusCode.UNAUTHENTICATED
        await both.drain(0)
        answer = await both.door.http.get(f"{both.door.url}/ready")
        assert answer.status_code == 503


async def test_nobody_else_can_enter_where_the_private_socket_is_and_it_is_removed() -> None:
    with private_address() as address:
        folder = Path(address.removeprefix("unix:")).parent
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert not folder.exists()


def test_a_temporary_directory_that_leaves_no_room_is_said_with_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    long = tmp_path / ("x" * 100)
    long.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(long))
    with (
        pytest.raises(ListenError, match="let TMPDIR name a shorter directory"),
        private_address(),
    ):
        pass
    assert not list(long.iterdir())


def test_http_that_other_machines_can_reach_has_to_be_meant() -> None:
    told = ServerSettings(http="0.0.0.0:8080")
    with pytest.raises(SettingsError, match=r"0\.0\.0\.0:8080.*--insecure"):
        check_listeners(told)
    check_listeners(told.model_copy(update={"insecure": True, "allow_anonymous": True}))
    check_listeners(ServerSettings(http="127.0.0.1:8080"))


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"http": "unix:/tmp/door"}, "the HTTP door listens on"),
        ({"http": "8080"}, "HOST:PORT"),
        ({"http_allow_origin": ["app.example"]}, "an origin is scheme://host"),
        ({"http_max_sessions": 0}, "greater than or equal to 1"),
    ],
)
def test_a_setting_of_the_door_that_cannot_be_used_is_said(
    given: dict[str, Any], said: str
) -> None:
    with pytest.raises(ValidationError, match=said):
        ServerSettings.model_validate(given)


async def test_the_settings_reach_the_door(watched: Watched) -> None:
    async with beside(
        watched,
        http_allow_host=["tools.example"],
        http_allow_origin=["https://app.example"],
        http_max_body_bytes=4096,
        http_max_sessions=1,
    ) as both:
        known = {"host": "tools.example:7", "origin": "https://app.example"}
        assert (await both.door.modern("server/discover", **known)).status_code == 200
        assert (await both.door.modern("server/discover", host="b.example")).status_code == 421
        assert (await both.door.modern("echo", {"text": "x" * 5000})).status_code == 413
        await both.door.initialize()
        assert (await both.door.legacy(initialize_request())).status_code == 503


async def test_a_drain_answers_what_runs_takes_nothing_more_and_is_not_ready(
    watched: Watched,
) -> None:
    async with beside(watched) as both:
        door = both.door
        session = await door.initialize()
        running = [
            asyncio.create_task(door.modern("tools/call", GATED)),
            asyncio.create_task(door.legacy(tool_call("seven", "gated"), session)),
        ]
        await watched.waiting(2)
        drain = asyncio.create_task(both.drain())
        await asyncio.sleep(0)
        for refused in (
            await door.modern("tools/list"),
            await door.legacy(initialize_request()),
            await door.legacy({"id": 8, "method": "ping"}, session),
        ):
            assert refused.status_code == 503
            assert refused.json()["error"]["data"] == NOT_RUN
            assert refused.headers["connection"] == "close"
        assert (await door.http.get(f"{door.url}/ready")).json() == {"status": "NOT_SERVING"}
        assert (await door.http.get(f"{door.url}/health")).status_code == 200
        assert not drain.done()
        watched.go_on.set()
        modern, legacy = [messages_of(answer)[-1] for answer in await asyncio.gather(*running)]
        assert modern["result"]["structuredContent"] == {"result": "let go"}
        assert legacy["id"] == "seven"
        assert legacy["result"]["structuredContent"] == {"result": "let go"}
        await drain


async def test_what_outlasts_the_grace_is_told_so(watched: Watched) -> None:
    async with beside(watched) as both:
        running = asyncio.create_task(both.door.modern("tools/call", GATED))
        await watched.waiting(1)
        await both.drain(grace_seconds=0.05)
        answer = await running
    assert answer.status_code == 502
    assert answer.json()["error"]["data"] == {"reason": "DRAIN_DEADLINE", "execution": "MAYBE"}


async def test_a_subscription_is_completed_by_a_drain(watched: Watched) -> None:
    content, headers = modern_request(
        "subscriptions/listen", {"notifications": {"toolsListChanged": True}}, "listen"
    )
    async with (
        beside(watched) as both,
        both.door.http.stream("POST", both.door.mcp, content=content, headers=headers) as answer,
    ):
        lines = answer.aiter_lines()
        acknowledged = await next_message(lines)
        assert acknowledged["method"] == "notifications/subscriptions/acknowledged"
        await both.drain()
        assert (await next_message(lines))["id"] == "listen"


async def test_a_websocket_gets_its_answers_and_is_closed_by_a_drain(watched: Watched) -> None:
    async with beside(watched) as both, connect(both.door.ws, proxy=None) as socket:
        await socket.send(modern_request("tools/call", GATED, "seven")[0])
        await watched.waiting(1)
        drain = asyncio.create_task(both.drain())
        await asyncio.sleep(0)
        async with connect(both.door.ws, proxy=None) as late:
            with pytest.raises(ConnectionClosed) as refused:
                await late.recv()
        assert refused.value.rcvd is not None
        assert refused.value.rcvd.code == 1013
        watched.go_on.set()
        assert '"let go"' in str(await socket.recv())
        with pytest.raises(ConnectionClosed) as closed:
            await socket.recv()
        await drain
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1001


async def test_a_door_alone_drains_too(watched_door: Door, watched: Watched) -> None:
    session = await watched_door.initialize()
    running = asyncio.create_task(watched_door.legacy(tool_call(1, "gated"), session))
    await watched.waiting(1)
    drain = asyncio.create_task(watched_door.running.drain(ANSWER_SECONDS))
    await asyncio.sleep(0)
    assert (await watched_door.modern("tools/list")).status_code == 503
    assert (await watched_door.http.get(f"{watched_door.url}/ready")).status_code == 503
    watched.go_on.set()
    answered: httpx2.Response = await running
    assert messages_of(answered)[-1]["result"]["structuredContent"] == {"result": "let go"}
    async with asyncio.timeout(ANSWER_SECONDS):
        await drain


async def test_requests_of_a_session_run_on_when_its_server_takes_no_more(
    watched: Watched,
) -> None:
    """The server behind the door drains, and the door does not know."""
    async with (
        Server(watched.app, ["127.0.0.1:0"]) as server,
        open_door(server.addresses[0]) as door,
        asyncio.timeout(ANSWER_SECONDS),
    ):
        session = await door.initialize()
        running = asyncio.create_task(door.legacy(tool_call(1, "gated"), session))
        await watched.waiting(1)
        drain = asyncio.create_task(server.drain(ANSWER_SECONDS))
        late = await door.legacy({"id": 2, "method": "ping"}, session)
        while late.status_code == 200:
            late = await door.legacy({"id": 2, "method": "ping"}, session)
        assert late.status_code in (404, 503)
        assert late.json()["error"]["data"]["execution"] == "NOT_STARTED"
        watched.go_on.set()
        answer = messages_of(await running)[-1]
        assert answer["result"]["structuredContent"] == {"result": "let go"}
        await drain
