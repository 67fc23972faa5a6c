"""TLS to several addresses of one name: the name is verified, not the address."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from cryptography import x509

from mcpgrpc.channel import ChannelSecurity
from mcpgrpc.errors import ConnectError
from tests.balancing.conftest import Connect
from tests.balancing.replicas import MAX_SECONDS, Names, Replicas
from tests.transport_security.authority import Authority


class Secured:
    """Replicas whose certificate has one name."""

    def __init__(self, folder: Path, name: str) -> None:
        authority = Authority()
        self.ca = folder / "ca.pem"
        self.ca.write_bytes(authority.root.pem)
        certificate, key = authority.signed(name, [x509.DNSName(name)]).files(folder)
        self.replicas = Replicas(tls_cert=certificate, tls_key=key)


@pytest.fixture(params=["tools.example", "elsewhere.example"])
async def secured(request: pytest.FixtureRequest, tmp_path: Path) -> Secured:
    """The certificate's name is the parameter."""
    return Secured(tmp_path, request.param)


@pytest.mark.parametrize("secured", ["tools.example"], indirect=True)
async def test_the_name_is_verified_at_every_address(secured: Secured, connect: Connect) -> None:
    replicas = secured.replicas
    try:
        names = Names(*await replicas.start(1, 2, 3))
        security = ChannelSecurity(tls=True, tls_ca=secured.ca)
        client = await connect(names, security=security)
        async with asyncio.timeout(MAX_SECONDS):
            while len(replicas.executions.by_replica) < 3:
                await client.call_tool("count", {"call": "c"})
    finally:
        await replicas.close()


@pytest.mark.parametrize("secured", ["elsewhere.example"], indirect=True)
@pytest.mark.parametrize("given", [None, "elsewhere.example"], ids=["not given", "given"])
async def test_another_name_is_refused_unless_it_was_given(
    secured: Secured, connect: Connect, given: str | None
) -> None:
    replicas = secured.replicas
    try:
        names = Names(*await replicas.start(1, 2))
        security = ChannelSecurity(tls=True, tls_ca=secured.ca, tls_server_name=given)
        options = {"security": security, "connect_timeout_seconds": 3}
        if given is None:
            with pytest.raises(ConnectError, match="no server answers"):
                await connect(names, **options)
        else:
            client = await connect(names, **options)
            await client.call_tool("count", {"call": "c"})
    finally:
        await replicas.close()


@pytest.mark.parametrize("secured", ["tools.example"], indirect=True)
async def test_addresses_of_a_list_are_verified_as_what_they_are(
    secured: Secured, connect: Connect
) -> None:
    replicas = secured.replicas
    try:
        addresses = await replicas.start(1, 2)
        security = ChannelSecurity(tls=True, tls_ca=secured.ca)
        with pytest.raises(ConnectError, match="no server answers"):
            await connect(",".join(addresses), security=security, connect_timeout_seconds=3)
    finally:
        await replicas.close()
