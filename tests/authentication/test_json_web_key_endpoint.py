"""Fetching a JWKS over HTTP: from where it may come, and what is neither awaited nor read."""

from __future__ import annotations

import gzip
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from mcpgrpc_server.authentication import jwks_endpoint
from mcpgrpc_server.authentication.json_web_keys import MAX_SET_BYTES
from mcpgrpc_server.authentication.jwks_endpoint import JwksEndpoint, check_url
from mcpgrpc_server.authentication.jwks_source import KeyFetchError
from tests.authentication.jwks_server import JwksServer, jwks_server
from tests.authentication.token_issuer import ec_key, key_set
from tests.transport_security.authority import Authority

KEYS = key_set(ec_key())


@pytest.fixture
async def server() -> AsyncIterator[JwksServer]:
    async with jwks_server(KEYS) as serving:
        yield serving


@pytest.fixture
def issuer(server: JwksServer) -> str:
    """The issuer that the server's OpenID configuration is of."""
    server.configuration = {"issuer": f"{server.url}/realm", "jwks_uri": server.jwks_url}
    return f"{server.url}/realm"


async def failure(endpoint: JwksEndpoint) -> str:
    with pytest.raises(KeyFetchError) as failed:
        await endpoint()
    assert "\n" not in str(failed.value)
    return str(failed.value)


async def test_a_key_set_is_fetched_as_it_is(server: JwksServer) -> None:
    fetched = await JwksEndpoint(server.jwks_url)()
    assert fetched.contents == KEYS
    assert fetched.max_age_seconds is None
    assert server.asked == {"/jwks": 1}


TOLD: dict[str, float | None] = {
    "max-age=60": 60,
    "public, Max-Age=60, must-revalidate": 60,
    'max-age="60"': 60,
    "s-maxage=60": None,
    "no-store": 0,
    "max-age=60, no-cache": 0,
    "max-age=sixty": None,
    "max-age=-1": None,
    f"max-age={'9' * 4_000}": None,
    "": None,
}


async def test_how_long_it_is_fresh_is_as_the_answer_says(server: JwksServer) -> None:
    fetch = JwksEndpoint(server.jwks_url)
    for told, seconds in TOLD.items():
        server.headers = {"cache-control": told}
        assert (await fetch()).max_age_seconds == seconds, told


async def test_an_issuer_says_where_its_keys_are(server: JwksServer, issuer: str) -> None:
    assert (await JwksEndpoint(issuer, discovers=True)()).contents == KEYS
    assert server.asked == {"/realm/.well-known/openid-configuration": 1, "/jwks": 1}


async def test_an_issuer_that_ends_with_a_slash_is_the_issuer_with_it(
    server: JwksServer, issuer: str
) -> None:
    assert server.configuration is not None
    server.configuration = {**server.configuration, "issuer": f"{issuer}/"}
    assert (await JwksEndpoint(f"{issuer}/", discovers=True)()).contents == KEYS
    assert "another issuer's" in await failure(JwksEndpoint(issuer, discovers=True))


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"issuer": "https://evil.test"}, "another issuer's"),
        ({"issuer": None}, "another issuer's"),
        ({"jwks_uri": None}, "no jwks_uri"),
        ({"jwks_uri": 7}, "no jwks_uri"),
        ({"jwks_uri": "http://keys.test/jwks"}, "https"),
        ({"jwks_uri": "file:///etc/passwd"}, "https"),
        ({"jwks_uri": "https://user:secret@keys.test/"}, "user or password"),
    ],
    ids=lambda each: None if isinstance(each, dict) else each,
)
async def test_an_openid_configuration_that_says_something_else_is_refused(
    server: JwksServer, issuer: str, changed: dict[str, Any], why: str
) -> None:
    assert server.configuration is not None
    server.configuration = {**server.configuration, **changed}
    said = await failure(JwksEndpoint(issuer, discovers=True))
    assert why in said
    assert "secret" not in said
    assert server.asked["/jwks"] == 0


@pytest.mark.parametrize("contents", [b"[]", b"", b"\xff", b"[" * 100_000], ids=lambda _: None)
async def test_an_openid_configuration_that_is_none_is_refused(
    server: JwksServer, contents: bytes
) -> None:
    server.contents = contents
    said = await failure(JwksEndpoint(f"{server.url}/other-realm", discovers=True))
    assert said.startswith(f"cannot fetch the JSON Web Key Set of {server.url}/other-realm: ")


def answers(server: JwksServer, **changed: Any) -> None:
    for name, value in changed.items():
        setattr(server, name, value)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"status": 404}, "answers 404"),
        ({"status": 500}, "answers 500"),
        ({"status": 204, "contents": b""}, "answers 204"),
        (
            {"status": 302, "headers": {"location": "https://evil.test/jwks"}},
            "redirects to https://evil.test/jwks; name the last address",
        ),
        (
            {"headers": {"content-encoding": "gzip"}, "contents": gzip.compress(b"[" * 10**7)},
            "compressed",
        ),
        ({"contents": b" " * (MAX_SET_BYTES + 1)}, f"more than {MAX_SET_BYTES} bytes"),
    ],
    ids=lambda each: None if isinstance(each, dict) else each,
)
async def test_an_answer_that_is_no_key_set_says_what_it_is(
    server: JwksServer, change: dict[str, Any], why: str
) -> None:
    answers(server, **change)
    assert why in await failure(JwksEndpoint(server.jwks_url))
    assert server.asked == {"/jwks": 1}


async def test_a_redirect_is_followed_nowhere(server: JwksServer) -> None:
    answers(server, status=307, headers={"location": "/elsewhere"})
    await failure(JwksEndpoint(server.jwks_url))
    assert server.asked == {"/jwks": 1}


async def test_an_endpoint_that_does_not_answer_is_not_waited_for(
    server: JwksServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.may_answer.clear()
    monkeypatch.setattr(jwks_endpoint, "FETCH_TIMEOUT_SECONDS", 0.2)
    assert "took longer than 0.2 s" in await failure(JwksEndpoint(server.jwks_url))


async def test_an_endpoint_that_is_not_there_is_named() -> None:
    async with jwks_server() as server:
        url = server.jwks_url
    assert (await failure(JwksEndpoint(url))).startswith(
        f"cannot fetch the JSON Web Key Set of {url}"
    )


async def test_over_tls_the_endpoint_must_be_who_it_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    authority = Authority()
    trusted = tmp_path / "authority.pem"
    trusted.write_bytes(authority.root.pem)
    async with jwks_server(KEYS, authority.server().files(tmp_path)) as server:
        assert "CERTIFICATE_VERIFY_FAILED" in await failure(JwksEndpoint(server.jwks_url))
        monkeypatch.setenv("SSL_CERT_FILE", str(trusted))
        assert (await JwksEndpoint(server.jwks_url)()).contents == KEYS


async def test_a_proxy_of_the_environment_is_not_for_this_machine(
    server: JwksServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    assert (await JwksEndpoint(server.jwks_url)()).contents == KEYS


GOOD_URLS = (
    "https://keys.test/jwks",
    "http://127.0.0.1:8080/",
    "http://[::1]/",
    "http://localhost/x",
)


@pytest.mark.parametrize("url", GOOD_URLS)
def test_keys_come_over_https_or_from_this_machine(url: str) -> None:
    check_url(url, insecure=False)


@pytest.mark.parametrize(
    "url",
    [
        "http://keys.test/jwks",
        "http://10.0.0.1/jwks",
        "http://localhost.test/",
        "http://127.0.0.1.test/",
        "ftp://keys.test/",
        "https://",
        "https://user:secret@keys.test/",
        "keys.test/jwks",
        "https://[::1",
        "https://keys.test:port/",
        "https://keys.test/\x00",
        "",
    ],
)
def test_keys_come_from_nowhere_else(url: str) -> None:
    for make in (lambda: check_url(url, insecure=False), lambda: JwksEndpoint(url)):
        with pytest.raises(ValueError, match=r"\w") as refused:
            make()
        assert "secret" not in str(refused.value)


def test_plaintext_from_another_machine_can_be_meant() -> None:
    check_url("http://keys.test/jwks", insecure=True)
