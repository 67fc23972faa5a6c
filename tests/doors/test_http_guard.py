"""Whom the HTTP door lets in, and what it lets through."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx2
import pytest
import websockets
from websockets.asyncio.client import connect

from mcpgrpc.errors import UsageError
from mcpgrpc.gateway.settings import GatewaySettings
from mcpgrpc.testing import serving
from tests.doors.door import (
    ANSWER_SECONDS,
    BOTH,
    Door,
    initialize_request,
    messages_of,
    modern_request,
    open_door,
    tool_call,
)
from tests.doors.door_app import Watched

PREFLIGHT = {
    "access-control-request-method": "POST",
    "access-control-request-headers": "content-type,mcp-protocol-version",
}


def port_of(door: Door) -> str:
    return door.url.rpartition(":")[2]


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1:1", "[::1]:9", "LOCALHOST:80"])
async def test_loopback_hosts_are_let_in(door: Door, host: str) -> None:
    assert (await door.modern("tools/list", host=host)).status_code == 200


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1.evil.example", "localhost@evil.example", "localhost/x", "["]
)
async def test_a_host_that_is_not_let_in_is_421(door: Door, host: str) -> None:
    answer = await door.modern("tools/list", host=host)
    assert answer.status_code == 421
    assert "--allow-host" in answer.json()["error"]["message"]


@pytest.mark.parametrize(
    "origin",
    [
        "https://evil.example",
        "null",
        "http://localhost.evil.example",
        "http://user@localhost",
        "file://localhost",
    ],
)
async def test_an_origin_that_is_not_let_in_is_403_without_cors(door: Door, origin: str) -> None:
    for answer in (
        await door.modern("tools/list", origin=origin),
        await door.http.options(door.mcp, headers=PREFLIGHT | {"origin": origin}),
    ):
        assert answer.status_code == 403
        assert "access-control-allow-origin" not in answer.headers


async def test_an_origin_that_is_let_in_may_read_the_answer(door: Door) -> None:
    origin = "http://localhost:5173"
    preflight = await door.http.options(door.mcp, headers=PREFLIGHT | {"origin": origin})
    assert preflight.status_code == 204
    assert preflight.headers["access-control-allow-origin"] == origin
    assert "mcp-protocol-version" in preflight.headers["access-control-allow-headers"]
    assert "POST" in preflight.headers["access-control-allow-methods"]
    answer = await door.legacy(initialize_request(), origin=origin)
    assert answer.headers["access-control-allow-origin"] == origin
    assert "mcp-session-id" in answer.headers["access-control-expose-headers"]
    assert answer.headers["vary"] == "Origin"


async def test_hosts_and_origins_can_be_let_in(watched: Watched) -> None:
    settings: dict[str, Any] = {
        "allow_hosts": ("mesh.example", "other.example:81"),
        "allow_origins": ("https://app.example",),
    }
    async with serving(watched.app) as address, open_door(address, **settings) as door:
        app = {"origin": "https://app.example"}
        statuses = [
            (await door.modern("tools/list", **fields)).status_code
            for fields in (
                {"host": "mesh.example:8443"} | app,
                {"host": "other.example:81"},
                {"host": "other.example:82"},
                {"origin": "https://app.example:444"},
            )
        ]
    assert statuses == [200, 200, 421, 403]


def test_an_origin_without_a_scheme_is_a_mistake() -> None:
    with pytest.raises(UsageError, match=r"scheme://host"):
        GatewaySettings(allow_origins=("app.example",))


@pytest.mark.parametrize("fields", [{"Host": "evil.example"}, {"Origin": "https://evil.example"}])
async def test_a_websocket_is_guarded_as_well(door: Door, fields: dict[str, str]) -> None:
    host = fields.pop("Host", None)
    uri = door.ws if host is None else f"ws://{host}:{port_of(door)}/ws"
    with pytest.raises(websockets.InvalidStatus) as refused:
        async with connect(uri, host="127.0.0.1", additional_headers=fields, proxy=None):
            pass
    assert refused.value.response.status_code == 403


async def test_probes_answer_whatever_the_host(door: Door) -> None:
    for path, status in (("health", 200), ("ready", 200)):
        answer = await door.http.get(f"{door.url}/{path}", headers={"host": "10.1.2.3:8080"})
        assert answer.status_code == status
        assert answer.json() == {"status": "SERVING"}


async def test_the_door_is_healthy_and_not_ready_without_a_server() -> None:
    async with open_door("127.0.0.1:1") as door:
        assert (await door.http.get(f"{door.url}/health")).status_code == 200
        ready = await door.http.get(f"{door.url}/ready")
        assert ready.status_code == 503
        assert ready.json() == {"status": "UNREACHABLE"}


@pytest.mark.parametrize("declares", [True, False])
async def test_a_body_beyond_the_limit_is_413(watched: Watched, declares: bool) -> None:
    params = {"name": "echo", "arguments": {"text": "x" * 2000}}
    content, headers = modern_request("tools/call", params)

    async def pieces() -> Any:
        yield content[:1000].encode()
        yield content[1000:].encode()

    async with (
        serving(watched.app) as address,
        open_door(address, max_body_bytes=1500) as door,
    ):
        body: Any = content if declares else pieces()
        answer = await door.http.post(door.mcp, content=body, headers=headers)
        assert answer.status_code == 413
        legacy = await door.legacy(tool_call(1, "echo", text="x" * 2000))
        assert legacy.status_code == 413


async def test_a_body_just_below_the_limit_passes_both_ways(watched_door: Door) -> None:
    text = "x" * (4 * 1024 * 1024 - 1000)
    params = {"name": "echo", "arguments": {"text": text}}
    message = await watched_door.modern("tools/call", params)
    assert messages_of(message)[-1]["result"]["structuredContent"] == {"result": text}


@pytest.mark.parametrize("ends", ["half", "stalls"])
async def test_a_half_sent_body_harms_nobody(watched: Watched, ends: str) -> None:
    async with (
        serving(watched.app) as address,
        open_door(address, body_timeout_seconds=0.2) as door,
        asyncio.timeout(ANSWER_SECONDS),
    ):
        reader, writer = await asyncio.open_connection("127.0.0.1", int(port_of(door)))
        fields = BOTH | {"host": "localhost", "content-length": "100"}
        head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
        writer.write(f"POST /mcp HTTP/1.1\r\n{head}\r\n".encode() + b'{"jsonrpc"')
        await writer.drain()
        if ends == "stalls":
            assert b" 408 " in await reader.readline()
        writer.close()
        await writer.wait_closed()
        assert (await door.modern("tools/list")).status_code == 200


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"content-type": "text/plain"}, 400),
        ({"accept": "application/json"}, 406),
        ({"accept": "text/html"}, 406),
        ({"accept": "*/*"}, 200),
        ({"accept": "application/*;q=0.5, text/*"}, 200),
    ],
)
async def test_both_eras_check_what_is_sent_and_accepted(
    door: Door, headers: dict[str, str], status: int
) -> None:
    assert (await door.modern("tools/list", **headers)).status_code == status
    assert (await door.legacy(initialize_request(), **headers)).status_code == status


async def test_credentials_and_cookies_never_reach_the_application(watched_door: Door) -> None:
    sent = {
        "authorization": "Bearer secret",
        "x-api-key": "secret",
        "cookie": "secret=1",
        "proxy-authorization": "Basic secret",
        "x-tenant": "acme",
        "traceparent": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
    }
    modern = await watched_door.modern("tools/call", {"name": "headers"}, **sent)
    session = await watched_door.initialize(**sent)
    legacy = await watched_door.legacy(tool_call(1, "headers"), session, **sent)
    for answer in (modern, legacy):
        seen = messages_of(answer)[-1]["result"]["structuredContent"]
        assert "secret" not in str(seen)
        assert seen["x-tenant"] == "acme"
        assert seen["traceparent"] == sent["traceparent"]


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ([("authorization", "Bearer a"), ("authorization", "Bearer b")], 400),
        ([("authorization", "Bearer " + "a" * 8000)], 431),
        ([("x-api-key", "clé".encode("latin-1"))], 400),
    ],
)
async def test_credentials_that_cannot_be_carried_are_refused(
    door: Door, headers: list[tuple[str, str | bytes]], status: int
) -> None:
    content, fields = modern_request("tools/list")
    raw = [(name.encode(), value.encode()) for name, value in fields.items()]
    more = [
        (name.encode(), value if isinstance(value, bytes) else value.encode())
        for name, value in headers
    ]
    request = httpx2.Request("POST", door.mcp, content=content, headers=[*raw, *more])
    answer = await door.http.send(request)
    assert answer.status_code == status
    assert "aaa" not in answer.text
