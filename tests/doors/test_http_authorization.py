"""What MCP's authorization asks of the HTTP door: challenges, and where tokens come from."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from mcpgrpc.errors import UsageError
from mcpgrpc.gateway.settings import GatewaySettings
from mcpgrpc_server import Server, ServerSettings
from mcpgrpc_server.authentication.rpc_interception import RpcInterceptor, RpcOpening
from tests.doors.door import Door, initialize_request, open_door
from tests.rights.app import TokenIsSubject, mcpserver_app

SECONDS = 20
ISSUER = "https://issuer.example/realm"
METADATA = "/.well-known/oauth-protected-resource"
POLICY = '[[rules]]\nsubjects = ["jwt:alice"]\ntools = ["*"]\n'

Open = Callable[..., AbstractAsyncContextManager[Door]]


class NeedsToken(RpcInterceptor):
    """Lets nobody in without a token."""

    async def before(self, rpc: RpcOpening) -> None:
        if rpc.presented is None and "health" not in rpc.method:
            await rpc.refuse("a token is needed")


@pytest.fixture
def opened(tmp_path: Path) -> Open:
    """A door in front of a server that asks for tokens and has a policy."""
    policy = tmp_path / "policy.toml"
    policy.write_text(POLICY)

    @asynccontextmanager
    async def open_(**settings: Any) -> AsyncIterator[Door]:
        server = Server(
            mcpserver_app([]),
            settings=ServerSettings(listen=["127.0.0.1:0"], policy=str(policy)),
            interceptors=[TokenIsSubject(), NeedsToken()],
        )
        async with (
            asyncio.timeout(SECONDS),
            server,
            open_door(server.addresses[0], **settings) as door,
        ):
            yield door

    return open_


async def test_who_brings_no_token_is_told_where_to_get_one(opened: Open) -> None:
    async with opened(authorization_servers=(ISSUER,), scopes=("mcp:tools",)) as door:
        modern = await door.modern("tools/list")
        legacy = await door.legacy(initialize_request())
        where = f'scope="mcp:tools", resource_metadata="{door.url}{METADATA}/mcp"'
        for refused in (modern, legacy):
            assert refused.status_code == 401
            assert refused.headers["www-authenticate"] == f"Bearer {where}"


async def test_a_token_that_does_not_hold_is_called_invalid(opened: Open) -> None:
    async with opened() as door:
        refused = await door.modern("tools/list", {}, authorization="Bearer not:a:token")
    assert refused.status_code == 401
    assert refused.headers["www-authenticate"] == 'Bearer error="invalid_token"'


async def test_a_token_without_the_right_is_called_insufficient(opened: Open) -> None:
    async with opened() as door:
        refused = await door.modern("tools/list", {}, authorization="Bearer mallory")
        allowed = await door.modern("tools/list", {}, authorization="Bearer alice")
    assert (refused.status_code, allowed.status_code) == (403, 200)
    assert refused.headers["www-authenticate"] == 'Bearer error="insufficient_scope"'
    assert "www-authenticate" not in allowed.headers


async def test_a_web_page_refused_for_its_origin_is_asked_for_no_token(opened: Open) -> None:
    async with opened() as door:
        refused = await door.modern("tools/list", {}, origin="https://evil.example")
    assert refused.status_code == 403
    assert "www-authenticate" not in refused.headers


async def test_the_metadata_names_the_issuer_and_the_resource(opened: Open) -> None:
    async with opened(authorization_servers=(ISSUER,), scopes=("a", "b")) as door:
        for path in (METADATA, f"{METADATA}/mcp"):
            answer = await door.http.get(door.url + path)
            assert answer.status_code == 200
            assert answer.json() == {
                "resource": f"{door.url}/mcp",
                "authorization_servers": [ISSUER],
                "bearer_methods_supported": ["header"],
                "scopes_supported": ["a", "b"],
            }


async def test_a_configured_resource_stands_in_metadata_and_challenges(opened: Open) -> None:
    public = "https://tools.example/mcp"
    async with opened(authorization_servers=(ISSUER,), resource=public) as door:
        described = (await door.http.get(door.url + METADATA)).json()
        refused = await door.modern("tools/list")
    assert described["resource"] == public
    where = f'resource_metadata="https://tools.example{METADATA}/mcp"'
    assert refused.headers["www-authenticate"] == f"Bearer {where}"


async def test_without_an_issuer_there_is_no_metadata(opened: Open) -> None:
    async with opened() as door:
        assert (await door.http.get(door.url + METADATA)).status_code == 404


@pytest.mark.parametrize(
    "settings",
    [
        {"authorization_servers": ("issuer",)},
        {"resource": 'https://x/"'},
        {"scopes": ('a"b',)},
        {"scopes": ("a b",)},
    ],
    ids=str,
)
def test_what_would_break_a_header_is_refused(settings: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        GatewaySettings(**settings)
