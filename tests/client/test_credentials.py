"""What a client proves itself with: fetched for every stream, sent, and never shown."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path
from typing import Any

import grpc
import pytest

import mcpgrpc
from mcpgrpc import ApiKeyFile, ChannelSecurity, Client, TokenFile
from mcpgrpc.errors import McpGrpcError, UsageError
from mcpgrpc.v1 import envelope_pb2, mcp_service_pb2
from tests.client.conftest import MODERN
from tests.client.fake_server import FakeServer, Peer, fake_server

SECRET = "s3cret-token-of-the-test"
MAX_SECONDS = 10


async def answer_once(peer: Peer) -> None:
    """One request for each stream, so that the next one needs another."""
    await peer.settings()
    request = await peer.request()
    await peer.go_away(accepted_requests=1)
    await peer.answer(request.id, "{}")


async def answer_call(request: mcp_service_pb2.CallRequest, context: Any) -> None:
    response = envelope_pb2.JsonRpcResponse(id=request.request.id, result_json="{}")
    await context.write(mcp_service_pb2.CallResponse(response=response))


def sent(fake: FakeServer, name: str) -> list[Any]:
    return [metadata.get(name) for metadata in fake.metadata]


async def two_requests(address: str, rpc: str, **options: Any) -> None:
    async with asyncio.timeout(MAX_SECONDS):
        async with Client(address, mode=MODERN, rpc=rpc, **options) as client:
            await client.request("tools/list")
            await client.request("tools/list")


async def test_a_string_is_a_bearer_token(rpc: str) -> None:
    async with fake_server(answer_once, answer_call) as fake:
        await two_requests(fake.address, rpc, token=SECRET)
    assert sent(fake, "authorization") == [f"Bearer {SECRET}"] * 2


async def test_a_token_file_is_read_again_for_every_stream(tmp_path: Path, rpc: str) -> None:
    path = tmp_path / "token"
    path.write_text("first\n")
    async with (
        fake_server(answer_once, answer_call) as fake,
        asyncio.timeout(MAX_SECONDS),
        Client(fake.address, mode=MODERN, rpc=rpc, token=TokenFile(path)) as client,
    ):
        await client.request("tools/list")
        path.write_text("second\n")
        await client.request("tools/list")
    assert sent(fake, "authorization") == ["Bearer first", "Bearer second"]


async def test_a_callable_is_asked_for_every_stream(rpc: str) -> None:
    tokens = iter(["one", "two"])

    async def token() -> str:
        return next(tokens)

    async with fake_server(answer_once, answer_call) as fake:
        await two_requests(fake.address, rpc, token=token)
    assert sent(fake, "authorization") == ["Bearer one", "Bearer two"]


async def test_an_api_key_file_is_sent_as_x_api_key(tmp_path: Path, rpc: str) -> None:
    path = tmp_path / "key"
    path.write_text(SECRET)
    async with fake_server(answer_once, answer_call) as fake:
        await two_requests(
            fake.address, rpc, token=ApiKeyFile(path), metadata=(("x-tenant", "blue"),)
        )
    assert sent(fake, "x-api-key") == [SECRET] * 2
    assert sent(fake, "authorization") == [None] * 2
    assert sent(fake, "x-tenant") == ["blue"] * 2


@pytest.mark.parametrize("status", [grpc.StatusCode.UNAUTHENTICATED, grpc.StatusCode.UNAVAILABLE])
async def test_a_secret_is_in_no_repr_error_or_log(
    caplog: pytest.LogCaptureFixture, rpc: str, status: grpc.StatusCode
) -> None:
    async def refuse(peer: Peer) -> None:
        await peer.context.abort(status, "no")

    async def refuse_call(request: mcp_service_pb2.CallRequest, context: Any) -> None:
        await context.abort(status, "no")

    with caplog.at_level(logging.DEBUG):
        async with fake_server(refuse, refuse_call) as fake:
            client = Client(
                fake.address, mode=MODERN, rpc=rpc, token=SECRET, connect_timeout_seconds=0.3
            )
            with pytest.raises(McpGrpcError) as refused:
                async with client:
                    await client.request("tools/list")
            transport = mcpgrpc.transport(fake.address, token=SECRET)
    shown = f"{client!r} {transport!r} {vars(client)!r} {vars(transport)!r} {refused.value!r}"
    assert SECRET not in shown + caplog.text


async def test_a_file_that_is_missing_or_empty_is_named_before_anything_is_sent(
    tmp_path: Path,
) -> None:
    missing, empty = tmp_path / "missing", tmp_path / "empty"
    empty.write_text("\n")
    async with fake_server(answer_once) as fake:
        with pytest.raises(UsageError, match=f"cannot read the credential in {missing}"):
            await two_requests(fake.address, "session", token=TokenFile(missing))
        with pytest.raises(UsageError, match=f"{empty} holds no credential"):
            await two_requests(fake.address, "session", token=ApiKeyFile(empty))
        assert fake.sessions == 0


@pytest.mark.parametrize(
    "target",
    ["tools:50051", "10.0.0.7:50051", "dns:///tools:50051", "127.0.0.1:1,10.0.0.7:1", "xds:///x"],
)
@pytest.mark.parametrize(
    "carried", [{"token": SECRET}, {"metadata": (("Authorization", SECRET),)}], ids=str
)
def test_plaintext_to_another_machine_carries_no_credential(
    target: str, carried: dict[str, Any]
) -> None:
    with pytest.raises(UsageError, match="in plaintext: use --tls") as refused:
        Client(target, **carried)
    assert SECRET not in str(refused.value)
    Client(target, security=ChannelSecurity(insecure=True), **carried)
    Client(target, security=ChannelSecurity(tls=True), **carried)
    Client(target)


@pytest.mark.parametrize(
    "target",
    [
        "127.0.0.1:1",
        "localhost:1",
        "[::1]:1",
        "unix:/s",
        "127.0.0.1:1,127.0.0.2:1",
        "ipv4:127.0.0.1:1",
        "dns:///localhost:1",
    ],
)
def test_plaintext_on_this_machine_carries_credentials(target: str) -> None:
    Client(target, token=SECRET)
