"""The HTTP door over TLS, and what must be said where other machines can connect."""

from __future__ import annotations

import asyncio
import ssl
from pathlib import Path
from typing import Any

import httpx2
import pytest

from mcpgrpc.connection import ConnectionOptions
from mcpgrpc.errors import UsageError
from mcpgrpc.gateway.serving import serving
from mcpgrpc.gateway.settings import GatewaySettings
from mcpgrpc_server import ListenError, ServerSettings, SettingsError
from mcpgrpc_server.http_door import http_door, private_address
from mcpgrpc_server.settings import check_listeners
from tests.transport_security.authority import FilingAuthority, Pair

SECONDS = 20
NOBODY = ConnectionOptions(target="127.0.0.1:1")
FREE = "127.0.0.1:0"


@pytest.fixture
def authority(tmp_path: Path) -> FilingAuthority:
    return FilingAuthority(tmp_path)


@pytest.fixture
def pair(authority: FilingAuthority) -> Pair:
    return authority.issue("door")


def door_settings(pair: Pair) -> GatewaySettings:
    return GatewaySettings(tls_cert=str(pair.certificate), tls_key=str(pair.key))


async def health(url: str, authority: FilingAuthority) -> int:
    """The status of a connection of its own."""
    trusted = ssl.create_default_context(cafile=str(authority.certificate))
    async with httpx2.AsyncClient(verify=trusted, trust_env=False, timeout=SECONDS) as client:
        return (await client.get(f"{url}/health")).status_code


async def test_a_door_with_a_certificate_speaks_https_alone(
    pair: Pair, authority: FilingAuthority
) -> None:
    async with serving(NOBODY, door_settings(pair), FREE) as url:
        assert url.startswith("https://")
        assert await health(url, authority) == 200
        with pytest.raises(httpx2.TransportError):
            await health(url.replace("https", "http"), authority)


async def test_a_renewed_certificate_is_shown_to_new_connections(
    pair: Pair, authority: FilingAuthority, tmp_path: Path
) -> None:
    later = FilingAuthority(tmp_path, "later")
    async with serving(NOBODY, door_settings(pair), FREE) as url:
        assert await health(url, authority) == 200
        pair.replace_by(later.issue("door"))
        async with asyncio.timeout(SECONDS):
            while True:
                try:
                    assert await health(url, later) == 200
                    break
                except httpx2.TransportError:
                    continue
        with pytest.raises(httpx2.TransportError):
            await health(url, authority)


@pytest.mark.parametrize("broken", ["missing", "another key", "encrypted"])
async def test_a_pair_that_cannot_be_used_stops_the_start(
    pair: Pair, authority: FilingAuthority, tmp_path: Path, broken: str
) -> None:
    pairs = {
        "missing": Pair(tmp_path / "none.pem", pair.key),
        "another key": Pair(pair.certificate, authority.issue("other").key),
        "encrypted": authority.issue("encrypted", password=b"passphrase"),
    }
    with pytest.raises(UsageError, match="cannot use the certificate in"):
        async with serving(NOBODY, door_settings(pairs[broken]), FREE):
            pass


def test_a_certificate_without_its_key_is_refused(pair: Pair) -> None:
    with pytest.raises(UsageError, match="go together"):
        GatewaySettings(tls_cert=str(pair.certificate))


@pytest.mark.parametrize(
    ("listen", "scheme"), [(FREE, "https"), (f"plaintext:{FREE}", "http"), (f"tls:{FREE}", "https")]
)
async def test_the_door_of_serve_is_secured_as_the_listeners_are(
    pair: Pair, authority: FilingAuthority, listen: str, scheme: str
) -> None:
    settings = ServerSettings(http=listen, tls_cert=str(pair.certificate), tls_key=str(pair.key))
    with private_address() as address:
        async with http_door(settings, address) as door:
            assert door.url.startswith(f"{scheme}://")
            assert await health(door.url, authority) == 200


async def test_a_door_that_asks_for_tls_without_a_certificate_does_not_start() -> None:
    with pytest.raises(ListenError, match="give --tls-cert"):
        async with http_door(ServerSettings(http=f"tls:{FREE}"), "unix:/nowhere"):
            pass


def exposed(pair: Pair, **settings: Any) -> ServerSettings:
    files = {"tls_cert": str(pair.certificate), "tls_key": str(pair.key)}
    return ServerSettings.model_validate(files | settings)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"listen": ["0.0.0.0:1"]}, "need --allow-anonymous"),
        ({"listen": ["plaintext:0.0.0.0:1"], "allow_anonymous": True}, "need --insecure"),
        ({"http": "plaintext:0.0.0.0:1", "allow_anonymous": True}, "need --insecure"),
        ({"http": "0.0.0.0:1"}, "need --allow-anonymous"),
    ],
    ids=str,
)
def test_what_other_machines_could_abuse_must_be_said(
    pair: Pair, settings: dict[str, Any], said: str
) -> None:
    with pytest.raises(SettingsError, match=said):
        check_listeners(exposed(pair, **settings))


@pytest.mark.parametrize(
    "settings",
    [
        {"listen": ["0.0.0.0:1"], "allow_anonymous": True},
        {"listen": ["0.0.0.0:1"], "api_keys": "keys.toml"},
        {"listen": ["mtls:0.0.0.0:1"], "tls_client_ca": "ca.pem"},
        {"listen": ["plaintext:127.0.0.1:1", "unix:/s"]},
        {"health": "0.0.0.0:1"},
    ],
    ids=str,
)
def test_what_is_secured_needs_no_word(pair: Pair, settings: dict[str, Any]) -> None:
    check_listeners(exposed(pair, **settings))
