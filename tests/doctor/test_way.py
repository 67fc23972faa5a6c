"""What a doctor finds on the way: names, ports, silence, and TLS on one side alone."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from mcpgrpc.channel import ChannelSecurity
from mcpgrpc.doctor import Finding, Level
from mcpgrpc.doctor.tls import SOON_DAYS
from mcpgrpc.errors import UsageError
from tests.doctor.examined import CHECKS, examined, levels, serving
from tests.transport_security.authority import HERE, Authority, Credential

SETTINGS_FRAME = b"\0\0\0\4\0\0\0\0\0"


@asynccontextmanager
async def listening(says: bytes = b"", tls: ssl.SSLContext | None = None) -> AsyncIterator[str]:
    """Something that takes connections, says this, and waits for the other end to leave."""

    async def met(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            writer.write(says)
            await reader.read()
        except OSError:
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(met, "127.0.0.1", 0, ssl=tls)
    async with server:
        yield f"127.0.0.1:{server.sockets[0].getsockname()[1]}"


def failed_at(found: dict[str, Finding], check: str) -> Finding:
    """The one finding that failed; what comes after it was not looked at."""
    assert levels(found, Level.FAILED) == {check}
    assert levels(found, Level.SKIPPED) == set(CHECKS[3:])
    return found[check]


async def test_a_name_without_an_address_ends_it() -> None:
    found = await examined("dns:///no-such-name.invalid:50051")
    assert "no address" in failed_at(found, "resolve").found


async def test_where_nothing_listens_is_said() -> None:
    async with listening() as address:
        pass
    finding = failed_at(await examined(address), "connect")
    assert finding.found == f"{address}: connection refused"
    assert "mcpgrpc serve" in finding.advice


async def test_a_dead_address_beside_a_live_one_is_a_warning() -> None:
    async with listening() as dead:
        pass
    async with serving() as server:
        found = await examined(f"{server.addresses[0]},{dead}")
    assert found["connect"].level is Level.WARNING
    assert found["connect"].found == f"{dead}: connection refused"
    assert found["health"].level is Level.OK


async def test_what_takes_connections_and_says_nothing_is_told_from_a_server() -> None:
    async with listening() as address:
        found = await examined(address, timeout_seconds=0.3)
    assert "says nothing within 0.3 s" in failed_at(found, "tls").found


async def test_what_speaks_another_protocol_is_told_from_a_server() -> None:
    async with listening(b"HTTP/1.1 400 Bad Request\r\n\r\n") as address:
        found = await examined(address)
    assert "does not speak HTTP/2" in failed_at(found, "tls").found


@pytest.mark.parametrize("address", ["nothing", "127.0.0.1:99999", ""])
async def test_what_is_no_address_is_the_users_mistake(address: str) -> None:
    with pytest.raises(UsageError):
        await examined(address)


class Files:
    """Certificates of a server and its authority as files."""

    def __init__(self, folder: Path, credential: Credential | None = None) -> None:
        self.authority = Authority()
        self.server = credential or self.authority.server()
        self.cert, self.key = self.server.files(folder)
        self.ca = folder / "ca.pem"
        self.ca.write_bytes(self.authority.root.pem)


async def test_tls_that_holds_is_fine_and_its_end_is_told(tmp_path: Path) -> None:
    authority = Authority()
    ca = tmp_path / "ca.pem"
    ca.write_bytes(authority.root.pem)
    lasting = authority.signed(
        "localhost", HERE, ends=timedelta(days=SOON_DAYS + 10), names_issuer_key=False
    )
    cert, key = lasting.files(tmp_path)
    async with serving(tls_cert=cert, tls_key=key) as server:
        found = await examined(
            server.addresses[0], security=ChannelSecurity(tls=True, tls_ca=str(ca))
        )
    assert levels(found, Level.OK) == set(CHECKS)
    assert found["tls"].facts["alpn"] == "h2"
    assert found["tls"].facts["version"] == "TLSv1.3"
    ends = lasting.certificate.not_valid_after_utc
    assert found["tls"].facts["expires_at"] == ends.isoformat()


async def test_a_certificate_that_ends_soon_is_warned_of(tmp_path: Path) -> None:
    files = Files(tmp_path)
    async with serving(tls_cert=files.cert, tls_key=files.key) as server:
        security = ChannelSecurity(tls=True, tls_ca=str(files.ca))
        found = await examined(server.addresses[0], security=security)
    assert levels(found, Level.WARNING) == {"tls"}
    assert found["tls"].advice == "renew the server's certificate"


async def test_tls_on_one_side_alone_is_told_from_the_other(tmp_path: Path) -> None:
    files = Files(tmp_path)
    async with serving(tls_cert=files.cert, tls_key=files.key) as server:
        found = await examined(server.addresses[0])
    assert failed_at(found, "tls").advice == "add --tls"
    async with serving() as server:
        found = await examined(server.addresses[0], security=ChannelSecurity(tls=True))
    assert "speaks plaintext" in failed_at(found, "tls").found


async def test_an_authority_that_is_not_trusted_is_told(tmp_path: Path) -> None:
    files = Files(tmp_path)
    async with serving(tls_cert=files.cert, tls_key=files.key) as server:
        found = await examined(server.addresses[0], security=ChannelSecurity(tls=True))
    assert "--tls-ca" in failed_at(found, "tls").advice


async def test_a_name_that_the_certificate_does_not_hold_is_told(tmp_path: Path) -> None:
    files = Files(tmp_path)
    security = ChannelSecurity(tls=True, tls_ca=str(files.ca), tls_server_name="elsewhere.example")
    async with serving(tls_cert=files.cert, tls_key=files.key) as server:
        found = await examined(server.addresses[0], security=security)
    assert "--tls-server-name" in failed_at(found, "tls").advice


async def test_a_certificate_that_has_ended_is_told(tmp_path: Path) -> None:
    authority = Authority()
    ca = tmp_path / "ca.pem"
    ca.write_bytes(authority.root.pem)
    ended = authority.signed("localhost", HERE, ends=timedelta(minutes=-1))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*ended.files(tmp_path))
    context.set_alpn_protocols(["h2"])
    async with listening(SETTINGS_FRAME, context) as address:
        found = await examined(address, security=ChannelSecurity(tls=True, tls_ca=str(ca)))
    assert "certificate has expired" in failed_at(found, "tls").found


async def test_tls_without_http2_is_told(tmp_path: Path) -> None:
    files = Files(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(files.cert, files.key)
    async with listening(b"HTTP/1.1 400\r\n\r\n", context) as address:
        found = await examined(address, security=ChannelSecurity(tls=True, tls_ca=str(files.ca)))
    assert "ALPN" in failed_at(found, "tls").found


async def test_a_server_that_wants_a_certificate_says_so_and_takes_its_own(tmp_path: Path) -> None:
    files = Files(tmp_path)
    mine = files.authority.client().pair(tmp_path, "client")
    foreign = Authority("foreign").client().pair(tmp_path, "foreign")
    settings = {"tls_cert": files.cert, "tls_key": files.key, "tls_client_ca": str(files.ca)}
    async with serving(**settings) as server:

        async def shown(cert: Path | None, key: Path | None) -> dict[str, Finding]:
            security = ChannelSecurity(tls=True, tls_ca=str(files.ca), tls_cert=cert, tls_key=key)
            return await examined(server.addresses[0], security=security)

        without = await shown(None, None)
        wrong = await shown(foreign.certificate, foreign.key)
        good = await shown(mine.certificate, mine.key)
    assert failed_at(without, "tls").advice == "give --tls-cert and --tls-key"
    assert "--tls-client-ca" in failed_at(wrong, "tls").advice
    assert [each for each in good.values() if each.level is Level.FAILED] == []
