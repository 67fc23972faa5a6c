"""Listeners over real connections: TLS, mTLS, renewed certificates, and what cannot start."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from mcp.server import MCPServer

import mcpgrpc
from mcpgrpc.channel import ChannelSecurity
from mcpgrpc.errors import McpGrpcError
from mcpgrpc_server import ListenError, Server, ServerSettings
from tests.transport_security.authority import DAY, FilingAuthority, Pair

SECONDS = 20


@pytest.fixture
def authority(tmp_path: Path) -> FilingAuthority:
    return FilingAuthority(tmp_path)


@pytest.fixture
def pair(authority: FilingAuthority) -> Pair:
    return authority.issue("server")


@pytest.fixture
def trusting(authority: FilingAuthority) -> ChannelSecurity:
    return ChannelSecurity(tls=True, tls_ca=authority.certificate, tls_server_name="localhost")


def showing(trusting: ChannelSecurity, pair: Pair) -> ChannelSecurity:
    return replace(trusting, tls_cert=pair.certificate, tls_key=pair.key)


def app() -> MCPServer[Any]:
    served: MCPServer[Any] = MCPServer("app")

    @served.tool()
    def echo(value: str) -> str:
        return value

    return served


def settings(pair: Pair, *listen: str, **more: Any) -> ServerSettings:
    return ServerSettings(
        listen=list(listen) or ["127.0.0.1:0"],
        tls_cert=str(pair.certificate),
        tls_key=str(pair.key),
        **more,
    )


async def call(address: str, security: ChannelSecurity | None, *, seconds: float = SECONDS) -> str:
    async with asyncio.timeout(SECONDS):
        async with mcpgrpc.Client(
            address, security=security, connect_timeout_seconds=seconds
        ) as client:
            result = await client.call_tool("echo", {"value": "hello"})
            return str(result.content[0].text)


async def refused(address: str, security: ChannelSecurity | None) -> None:
    with pytest.raises(McpGrpcError):
        await call(address, security, seconds=0.5)


async def test_a_listener_with_a_certificate_speaks_tls_and_no_plaintext(
    pair: Pair, trusting: ChannelSecurity
) -> None:
    async with Server(app(), settings=settings(pair)) as server:
        assert await call(server.addresses[0], trusting) == "hello"
        await refused(server.addresses[0], None)


async def test_a_client_that_trusts_another_authority_does_not_connect(
    pair: Pair, trusting: ChannelSecurity, tmp_path: Path
) -> None:
    other = FilingAuthority(tmp_path, "other")
    async with Server(app(), settings=settings(pair)) as server:
        await refused(server.addresses[0], replace(trusting, tls_ca=other.certificate))


async def test_with_a_client_ca_only_clients_with_its_certificates_connect(
    authority: FilingAuthority, pair: Pair, trusting: ChannelSecurity, tmp_path: Path
) -> None:
    stranger = FilingAuthority(tmp_path, "stranger").issue("client")
    expired = authority.issue("client", begins=-2 * DAY, ends=-DAY)
    mutual = settings(pair, tls_client_ca=str(authority.certificate))
    async with Server(app(), settings=mutual) as server:
        address = server.addresses[0]
        assert await call(address, showing(trusting, authority.issue("client"))) == "hello"
        await refused(address, trusting)
        await refused(address, showing(trusting, stranger))
        await refused(address, showing(trusting, expired))


async def test_each_listener_can_say_how_it_is_secured(
    authority: FilingAuthority, pair: Pair, trusting: ChannelSecurity, tmp_path: Path
) -> None:
    listeners = ("tls:127.0.0.1:0", "mtls:127.0.0.1:0", "plaintext:127.0.0.1:0")
    socket = f"unix:{tmp_path}/s"
    # Who shows a certificate is known by it; the others have none to show.
    mixed = {"tls_client_ca": str(authority.certificate), "allow_anonymous": True}
    chosen = settings(pair, *listeners, socket, **mixed)
    async with Server(app(), settings=chosen) as server:
        tls, mtls, plaintext, unix = server.addresses
        assert await call(tls, trusting) == "hello"
        assert await call(mtls, showing(trusting, authority.issue("client"))) == "hello"
        assert await call(plaintext, None) == "hello"
        assert await call(unix, None) == "hello"
        await refused(mtls, trusting)


async def test_a_renewed_certificate_is_shown_to_new_connections_and_harms_no_open_stream(
    pair: Pair, authority: FilingAuthority, trusting: ChannelSecurity, tmp_path: Path
) -> None:
    later = FilingAuthority(tmp_path, "later")
    to_later = replace(trusting, tls_ca=later.certificate)
    # Clients with the same files share a connection, and the one that is open was shown the old.
    same_authority = tmp_path / "same.pem"
    shutil.copy(authority.certificate, same_authority)
    anew = replace(trusting, tls_ca=same_authority)
    async with (
        Server(app(), settings=settings(pair)) as server,
        mcpgrpc.Client(server.addresses[0], security=trusting) as open_before,
    ):
        await open_before.call_tool("echo", {"value": "before"})
        pair.replace_by(later.issue("server"))
        # The files are looked at once a second: connecting is tried again until they were.
        assert await call(server.addresses[0], to_later) == "hello"
        await refused(server.addresses[0], anew)
        result = await open_before.call_tool("echo", {"value": "still"})
        assert result.content[0].text == "still"


async def test_calls_go_on_while_certificates_are_renewed_again_and_again(
    pair: Pair, authority: FilingAuthority, trusting: ChannelSecurity
) -> None:
    calls, renewals = 60, 12
    async with Server(app(), settings=settings(pair)) as server:
        for number in range(calls):
            if number % (calls // renewals) == 0:
                pair.replace_by(authority.issue("server"))
            # A connection each: every handshake may meet a pair that is half replaced.
            assert await call(server.addresses[0], trusting) == "hello"


async def test_a_broken_renewal_keeps_the_certificate_in_use_and_says_so_once(
    pair: Pair, trusting: ChannelSecurity, caplog: pytest.LogCaptureFixture
) -> None:
    async with Server(app(), settings=settings(pair)) as server:
        pair.certificate.write_text("half a certifi")

        async def noticed() -> None:
            while not any("stays in use" in each for each in caplog.messages):
                await call(server.addresses[0], trusting)

        await asyncio.wait_for(noticed(), SECONDS)
        assert await call(server.addresses[0], trusting) == "hello"
    assert len([each for each in caplog.messages if "stays in use" in each]) == 1


@pytest.mark.parametrize(
    ("listen", "said"),
    [
        ("mtls:127.0.0.1:0", "give --tls-client-ca"),
        ("127.0.0.1:0", "is not that of the certificate"),
    ],
)
async def test_what_cannot_be_secured_does_not_start(
    authority: FilingAuthority, pair: Pair, listen: str, said: str
) -> None:
    wrong = pair if listen.startswith("mtls") else replace(pair, key=authority.issue("other").key)
    with pytest.raises(ListenError, match=said):
        await Server(app(), settings=settings(wrong, listen)).start()


async def test_a_listener_that_asks_for_tls_without_files_does_not_start() -> None:
    with pytest.raises(ListenError, match="give --tls-cert and --tls-key"):
        await Server(app(), listen=["tls:127.0.0.1:0"]).start()


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"tls_cert": "a"}, "tls_cert is given without tls_key"),
        ({"tls_key": "a"}, "tls_key is given without tls_cert"),
        ({"tls_client_ca": "a"}, "tls_client_ca needs TLS"),
        ({"health": "unix:/tmp/h"}, "HOST:PORT"),
    ],
)
def test_trap_08_a_certificate_without_its_key_never_means_plaintext(
    given: dict[str, Any], said: str
) -> None:
    with pytest.raises(ValueError, match=said):
        ServerSettings(**given)


@asynccontextmanager
async def health_at(address: str) -> AsyncIterator[health_pb2_grpc.HealthStub]:
    async with grpc.aio.insecure_channel(address) as channel:
        yield health_pb2_grpc.HealthStub(channel)


async def test_the_listener_for_health_is_plaintext_and_serves_nothing_else(
    pair: Pair, authority: FilingAuthority
) -> None:
    mutual = settings(pair, health="127.0.0.1:0", tls_client_ca=str(authority.certificate))
    async with Server(app(), settings=mutual) as server:
        async with health_at(server.health_address) as health:
            answer = await health.Check(health_pb2.HealthCheckRequest(), timeout=SECONDS)
            assert answer.status == health_pb2.HealthCheckResponse.SERVING
        with pytest.raises(McpGrpcError):
            await call(server.health_address, None, seconds=0.5)


async def test_the_listener_for_health_tells_of_the_drain_and_then_ends(pair: Pair) -> None:
    server = Server(app(), settings=settings(pair, health="127.0.0.1:0"))
    await server.start()
    async with health_at(server.health_address) as health:
        watch = health.Watch(health_pb2.HealthCheckRequest(), timeout=SECONDS)
        seen = aiter(watch)
        assert (await anext(seen)).status == health_pb2.HealthCheckResponse.SERVING
        await server.drain(grace_seconds=1)
        assert (await anext(seen)).status == health_pb2.HealthCheckResponse.NOT_SERVING


async def test_a_health_address_in_use_stops_the_start_and_leaves_nothing_running(
    pair: Pair,
) -> None:
    async with Server(app(), settings=settings(pair, health="127.0.0.1:0")) as first:
        taken = first.health_address
        second = Server(app(), settings=settings(pair, health=taken))
        with pytest.raises(ListenError):
            await second.start()
