"""Certificates are rotated while calls, streams and handshakes go on, and none of them fails."""

from __future__ import annotations

import asyncio
import ssl
from dataclasses import replace
from pathlib import Path

import grpc
import pytest
from cryptography import x509
from grpc_health.v1 import health_pb2, health_pb2_grpc

import mcpgrpc
from mcpgrpc.channel import ChannelSecurity, open_channel
from mcpgrpc_server import Server, ServerSettings
from tests.authentication.served import greeter
from tests.transport_security.authority import FilingAuthority, Pair, replaced
from tests.transport_security.load import load

ROTATIONS = 3
HEALTH_SECONDS = 30
pytestmark = pytest.mark.timeout(180)


@pytest.fixture
def authority(tmp_path: Path) -> FilingAuthority:
    return FilingAuthority(tmp_path)


@pytest.fixture
def trusting(authority: FilingAuthority) -> ChannelSecurity:
    return ChannelSecurity(tls=True, tls_ca=authority.certificate, tls_server_name="localhost")


def settings(pair: Pair, client_ca: Path | None = None) -> ServerSettings:
    return ServerSettings(
        listen=["127.0.0.1:0"],
        tls_cert=str(pair.certificate),
        tls_key=str(pair.key),
        tls_client_ca="" if client_ca is None else str(client_ca),
    )


async def serial_shown(address: str) -> int:
    """The serial number of the certificate that a new connection is shown."""
    anything = ssl.create_default_context()
    anything.check_hostname, anything.verify_mode = False, ssl.CERT_NONE
    anything.set_alpn_protocols(["h2"])
    host, _, port = address.rpartition(":")
    _, writer = await asyncio.open_connection(host, int(port), ssl=anything)
    try:
        shown = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
        return x509.load_der_x509_certificate(shown).serial_number
    finally:
        # Not closed with good words: the server has already said something that nobody reads.
        writer.transport.abort()


def serial_of(pair: Pair) -> int:
    return x509.load_pem_x509_certificate(pair.certificate.read_bytes()).serial_number


async def test_the_servers_certificate_and_key_are_rotated_under_load_without_a_failed_call(
    authority: FilingAuthority, trusting: ChannelSecurity
) -> None:
    pair = authority.issue("server")
    async with Server(greeter(), settings=settings(pair)) as server:
        address = server.addresses[0]

        def connect(rpc: str) -> mcpgrpc.Client:
            return mcpgrpc.Client(address, security=trusting, rpc=rpc)

        async with load(connect) as running:
            for _ in range(ROTATIONS):
                before = await serial_shown(address)
                pair.replace_by(authority.issue("server"))
                while (shown := await serial_shown(address)) == before:
                    running.assert_well()
                assert shown == serial_of(pair)
                await running.goes_on()


async def is_let_in(address: str, security: ChannelSecurity) -> bool:
    """Whether a connection of its own is: clients with the same files share theirs."""
    async with open_channel(address, security, is_shared=False) as channel:
        asked = health_pb2_grpc.HealthStub(channel).Check(health_pb2.HealthCheckRequest())
        try:
            await asyncio.wait_for(asked, HEALTH_SECONDS)
        except grpc.aio.AioRpcError as error:
            if error.code() is not grpc.StatusCode.UNAVAILABLE:
                raise
            return False
    return True


async def test_the_authority_of_clients_is_rotated_under_load_without_a_failed_call(
    authority: FilingAuthority, trusting: ChannelSecurity, tmp_path: Path
) -> None:
    bundle = tmp_path / "client-ca.pem"
    old = FilingAuthority(tmp_path, "clients-0")
    bundle.write_bytes(old.root.pem)
    used = old.issue("client")
    async with Server(greeter(), settings=settings(authority.issue("server"), bundle)) as server:
        address = server.addresses[0]

        def showing(pair: Pair) -> ChannelSecurity:
            return replace(trusting, tls_cert=pair.certificate, tls_key=pair.key)

        def connect(rpc: str) -> mcpgrpc.Client:
            return mcpgrpc.Client(address, security=showing(used), rpc=rpc)

        async with load(connect) as running:
            for number in range(1, ROTATIONS + 1):
                new = FilingAuthority(tmp_path, f"clients-{number}")
                replaced(bundle, old.root.pem + new.root.pem)
                renewed = new.issue("client")
                while not await is_let_in(address, showing(renewed)):
                    running.assert_well()
                former, used = used, renewed
                await running.goes_on()
                replaced(bundle, new.root.pem)
                while await is_let_in(address, showing(former)):
                    running.assert_well()
                old = new
                await running.goes_on()
