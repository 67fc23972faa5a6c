"""Settings of tokens and proxies: what does not fit together is refused at start, and why."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from mcpgrpc_server import Server, ServerSettings, SettingsError
from mcpgrpc_server.settings import check_listeners
from mcpgrpc_server.settings_sources import load_settings
from tests.authentication.served import Guarded
from tests.authentication.token_issuer import AUDIENCE, ISSUER, ec_key, key_set
from tests.transport_security.authority import Authority

SOCKET = "unix:/run/proxy.sock"
SPIFFE = "spiffe://mesh.example/envoy"


def refused(**settings: Any) -> str:
    """Why a server does not start with these; the settings by themselves are well formed."""
    told = ServerSettings.model_validate(settings)
    with pytest.raises(SettingsError) as error:
        Server(Guarded(), settings=told)
    assert "\n" not in str(error.value)
    return str(error.value)


@pytest.mark.parametrize(
    ("settings", "why"),
    [
        ({"jwt_issuer": ISSUER}, "jwt_issuer needs jwt_audience"),
        ({"jwt_audience": [AUDIENCE]}, "jwt_audience needs jwt_issuer"),
        ({"jwks": "https://issuer.test/jwks"}, "jwks needs jwt_issuer"),
    ],
    ids=str,
)
def test_part_of_what_tokens_need_is_refused(settings: dict[str, Any], why: str) -> None:
    assert why in refused(**settings)


@pytest.mark.parametrize(
    ("jwks", "why"),
    [
        ("http://keys.test/jwks", "jwks: keys from another machine need https"),
        ("https://user:secret@keys.test/", "jwks: it must not hold a user or password"),
        ("ftp://keys.test/", "jwks: it must be an https URL"),
        ("/nowhere/jwks.json", "cannot use the JSON Web Key Set in /nowhere/jwks.json"),
    ],
)
def test_keys_from_where_they_cannot_be_taken_are_refused(jwks: str, why: str) -> None:
    said = refused(jwt_issuer=ISSUER, jwt_audience=[AUDIENCE], jwks=jwks)
    assert why in said
    assert "secret" not in said


@pytest.mark.parametrize("issuer", ["http://issuer.test", "just-a-name"])
def test_an_issuer_that_cannot_be_asked_for_its_keys_needs_them_named(
    issuer: str, tmp_path: Path
) -> None:
    assert "jwks is not set" in refused(jwt_issuer=issuer, jwt_audience=[AUDIENCE])
    jwks = tmp_path / "jwks.json"
    jwks.write_bytes(key_set(ec_key()))
    told = ServerSettings(jwt_issuer=issuer, jwt_audience=[AUDIENCE], jwks=str(jwks))
    Server(Guarded(), settings=told)


def test_plaintext_to_the_issuer_can_be_meant() -> None:
    told = ServerSettings(jwt_issuer="http://issuer.test", jwt_audience=[AUDIENCE], insecure=True)
    Server(Guarded(), settings=told)


def test_a_file_that_is_no_key_set_is_refused(tmp_path: Path) -> None:
    jwks = tmp_path / "jwks.json"
    jwks.write_text("[]")
    assert "no JWKS" in refused(jwt_issuer=ISSUER, jwt_audience=[AUDIENCE], jwks=str(jwks))


@pytest.mark.parametrize(
    "settings",
    [
        {"jwt_clock_skew_seconds": 301},
        {"jwt_clock_skew_seconds": -1},
        {"jwks_min_interval_seconds": 0},
        {"jwks_max_age_seconds": 90_000},
        {"jwks_max_stale_seconds": 10**6},
        {"jwt_audience": [""]},
        {"jwt_audience": ["a"] * 17},
        {"trusted_proxy": ["10.0.0.1"]},
        {"trusted_proxy": ["10.0.0.0/8"]},
        {"trusted_proxy": ["::1"]},
        {"trusted_proxy": ["*.example"]},
        {"trusted_proxy": ["spiffe://mesh.example"]},
        {"trusted_proxy": [""]},
    ],
    ids=str,
)
def test_a_value_out_of_bounds_is_refused(settings: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        ServerSettings.model_validate(settings)


def test_lists_are_separated_by_commas_in_the_environment() -> None:
    environ = {"MCPGRPC_JWT_AUDIENCE": "a, b", "MCPGRPC_TRUSTED_PROXY": f"{SPIFFE},Envoy.Example"}
    settings = load_settings(None, {}, environ)
    assert settings.jwt_audience == ["a", "b"]
    assert settings.trusted_proxy == [SPIFFE, "envoy.example"]


def test_who_takes_tokens_need_not_allow_anonymous_callers() -> None:
    exposed = {"listen": ["0.0.0.0:0"], "insecure": True}
    with pytest.raises(SettingsError, match="allow-anonymous"):
        check_listeners(ServerSettings.model_validate(exposed))
    check_listeners(ServerSettings.model_validate({**exposed, "jwt_issuer": ISSUER}))


def test_a_proxy_named_by_a_certificate_needs_listeners_that_ask_for_one(tmp_path: Path) -> None:
    assert "give tls_client_ca" in refused(trusted_proxy=[SPIFFE])
    assert "give tls_client_ca" in refused(trusted_proxy=[SPIFFE, SOCKET], listen=[SOCKET])
    cert, key = Authority().server().files(tmp_path)
    tls = {"tls_cert": cert, "tls_key": key, "tls_client_ca": cert}
    Server(Guarded(), settings=ServerSettings.model_validate({"trusted_proxy": [SPIFFE], **tls}))


@pytest.mark.parametrize(
    "listen",
    [
        ["127.0.0.1:0"],
        ["unix:/run/other.sock"],
        [SOCKET, "unix:/run/other.sock"],
    ],
    ids=str,
)
def test_a_proxy_named_by_a_socket_must_be_alone_on_unix_sockets(listen: list[str]) -> None:
    assert "the one unix: listener" in refused(trusted_proxy=[SOCKET], listen=listen)


def test_two_sockets_cannot_be_told_apart() -> None:
    both = [SOCKET, "unix:/run/other.sock"]
    assert "the one unix: listener" in refused(trusted_proxy=both, listen=both)


def test_a_proxy_on_a_socket_and_the_http_door_exclude_each_other() -> None:
    said = refused(trusted_proxy=[SOCKET], listen=[SOCKET], http="127.0.0.1:0")
    assert "exclude each other" in said


@pytest.mark.parametrize("listen", [[SOCKET], ["127.0.0.1:0", SOCKET], [f"plaintext:{SOCKET}"]])
def test_a_proxy_on_the_one_socket_is_trusted(listen: list[str]) -> None:
    Server(Guarded(), settings=ServerSettings(trusted_proxy=[SOCKET], listen=listen))
