"""What a tool learns of its caller through the SDK's `get_access_token()`."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import grpc
import pytest
from mcp.server import MCPServer
from mcp.server.auth.middleware.auth_context import get_access_token
from mcp.server.mcpserver import Context
from mcp.types import CallToolResult

from mcpgrpc_server import Server, ServerSettings
from mcpgrpc_server.authentication.rpc_interception import RpcInterceptor, RpcOpening
from mcpgrpc_server.identity import Identity, IdentityKind
from mcpgrpc_server.sdk.access_token import ActingAs
from tests.authentication.key_ring import HOLDER, KeyRing, as_bearer, id_of
from tests.authentication.served import Metadata, Peer
from tests.wire.raw import RawSession, modern, within

RING = KeyRing()
ENDS = datetime(2099, 1, 1, tzinfo=UTC)

IDENTITIES = {
    "token": Identity(
        "alice",
        IdentityKind.JWT,
        actor="agent",
        scopes=frozenset({"b", "a"}),
        claims={"iss": "https://issuer.test", "client_id": "app", "groups": ("x", "y")},
        expires_at=ENDS,
    ),
    "certificate": Identity("spiffe://test/billing", IdentityKind.MTLS, claims={"cn": "billing"}),
}


def app() -> MCPServer:
    """Tools that tell whom they take for their caller."""
    server = MCPServer("callers")

    def told() -> CallToolResult:
        token = get_access_token()
        facts = None if token is None else token.model_dump()
        return CallToolResult(content=[], structured_content={"caller": facts})

    @server.tool()
    async def caller() -> CallToolResult:
        return told()

    @server.tool()
    def caller_in_a_thread() -> CallToolResult:
        return told()

    @server.tool()
    async def caller_after_others() -> CallToolResult:
        await asyncio.sleep(0.01)
        return told()

    @server.tool()
    async def context(ctx: Context) -> CallToolResult:
        request: Any = ctx.request_context.request
        identity = request.identity
        headers = dict(ctx.headers or {})
        facts = {"subject": identity.subject, "headers": headers, "shown": repr(identity)}
        return CallToolResult(content=[], structured_content=facts)

    return server


class CalledBy(RpcInterceptor):
    """Says of every RPC who calls, by the header `x-caller`."""

    async def before(self, rpc: RpcOpening) -> None:
        name = dict(rpc.metadata).get("x-caller")
        if isinstance(name, str):
            rpc.by_credential(IDENTITIES.get(name) or Identity(name, IdentityKind.API_KEY))


@asynccontextmanager
async def connected(
    *interceptors: grpc.aio.ServerInterceptor, **settings: Any
) -> AsyncIterator[Peer]:
    told = ServerSettings.model_validate(settings)
    server = Server(app(), listen=["127.0.0.1:0"], settings=told, interceptors=interceptors)
    async with server, Peer(server.addresses[0]) as peer:
        yield peer


async def asked(session: RawSession, request_id: int, name: str, *, legacy: bool = False) -> Any:
    """What a tool tells."""
    params = {"name": name, "arguments": {}}
    text = json.dumps(params) if legacy else modern(params)
    response = await session.ask(request_id, "tools/call", text)
    return json.loads(response.result_json)["structuredContent"]


@pytest.mark.parametrize("tool", ["caller", "caller_in_a_thread"])
@pytest.mark.parametrize("legacy", [False, True], ids=["modern", "legacy"])
async def test_a_tool_learns_whose_api_key_it_is_and_not_the_key(
    tmp_path: Path, legacy: bool, tool: str
) -> None:
    async with connected(api_keys=RING.save(tmp_path / "keys.toml")) as peer:
        session = peer.session(as_bearer(RING.good))
        if legacy:
            await session.initialize()
        told = (await asked(session, 1, tool, legacy=legacy))["caller"]
        session.cancel()
    assert told["expires_at"] > datetime.now(UTC).timestamp()
    assert told | {"expires_at": None} == {
        "token": "",
        "client_id": HOLDER,
        "subject": HOLDER,
        "scopes": ["tools:read"],
        "expires_at": None,
        "resource": None,
        "claims": {"key_id": id_of(RING.good)},
    }


async def test_a_tool_learns_what_a_token_says() -> None:
    async with connected(CalledBy()) as peer:
        session = peer.session((("x-caller", "token"),))
        told = (await asked(session, 1, "caller"))["caller"]
        session.cancel()
    assert told == {
        "token": "",
        "client_id": "app",
        "subject": "alice",
        "scopes": ["a", "b"],
        "expires_at": int(ENDS.timestamp()),
        "resource": None,
        "claims": {"iss": "https://issuer.test", "client_id": "app", "groups": ["x", "y"]},
    }


async def test_a_tool_learns_whom_a_certificate_names() -> None:
    async with connected(CalledBy()) as peer:
        session = peer.session((("x-caller", "certificate"),))
        told = (await asked(session, 1, "caller"))["caller"]
        session.cancel()
    assert (told["client_id"], told["subject"]) == ("spiffe://test/billing",) * 2
    assert (told["expires_at"], told["claims"]) == (None, {"cn": "billing"})


async def test_an_anonymous_caller_has_no_access_token() -> None:
    async with connected() as peer:
        session = peer.session(as_bearer("whatever"))
        assert await asked(session, 1, "caller") == {"caller": None}
        session.cancel()


async def test_callers_at_once_are_not_taken_for_one_another() -> None:
    names = [f"caller-{number}" for number in range(8)]
    async with connected(CalledBy()) as peer:
        sessions = [peer.session((("x-caller", name),)) for name in names]

        async def ask_often(session: RawSession) -> set[str]:
            told = [await asked(session, each, "caller_after_others") for each in range(10)]
            return {each["caller"]["subject"] for each in told}

        found = await within(asyncio.gather(*map(ask_often, sessions)))
        for session in sessions:
            session.cancel()
    assert found == [{name} for name in names]
    assert get_access_token() is None


@pytest.mark.parametrize("header", ["authorization", "x-api-key"])
async def test_the_context_shows_the_caller_and_no_credential(tmp_path: Path, header: str) -> None:
    presented = RING.good if header == "x-api-key" else f"Bearer {RING.good}"
    metadata: Metadata = ((header, presented), ("cookie", "session=secret"), ("x-other", "kept"))
    async with connected(api_keys=RING.save(tmp_path / "keys.toml")) as peer:
        session = peer.session(metadata)
        told = await asked(session, 1, "context")
        session.cancel()
    assert told["subject"] == HOLDER
    assert told["headers"]["x-other"] == "kept"
    assert RING.good.rpartition("_")[2] not in str(told)
    assert "secret" not in str(told)


def test_what_a_tool_is_given_of_the_claims_is_its_own() -> None:
    shared = IDENTITIES["token"]
    before = asdict(shared)
    acting = ActingAs()
    begun = acting.begin(shared)
    token = get_access_token()
    assert token is not None
    assert token.claims is not None
    token.claims["groups"].append("z")
    token.scopes.append("admin")
    acting.end(begun)
    assert asdict(shared) == before
    assert get_access_token() is None
