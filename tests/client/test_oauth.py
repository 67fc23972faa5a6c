"""Tokens by the client-credentials grant, from an authorization server on loopback."""

from __future__ import annotations

import asyncio
import base64
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest

from mcpgrpc import ClientCredentials
from mcpgrpc.errors import ConnectError, UsageError

SECRET = "the-secret-of-the-client"


@dataclass
class AuthorizationServer:
    """What it answers, and what it was asked."""

    url: str = ""
    status: int = 200
    answer: Any = field(default_factory=lambda: {"access_token": "one", "expires_in": 3600})
    asked: list[tuple[str, dict[str, list[str]]]] = field(default_factory=list)


@pytest.fixture
def server() -> Iterator[AuthorizationServer]:
    state = AuthorizationServer()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            form = self.rfile.read(int(self.headers["content-length"])).decode()
            state.asked.append((self.headers["authorization"], parse_qs(form)))
            body = state.answer if isinstance(state.answer, bytes) else json.dumps(state.answer)
            self.send_response(state.status)
            self.end_headers()
            self.wfile.write(body if isinstance(body, bytes) else body.encode())

        def log_message(self, *_: Any) -> None:
            pass

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=http.serve_forever, args=(0.01,))
    thread.start()
    state.url = f"http://127.0.0.1:{http.server_address[1]}/token"
    yield state
    http.shutdown()
    thread.join()
    http.server_close()


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    path = tmp_path / "secret"
    path.write_text(f"{SECRET}\n")
    return path


async def test_a_token_is_asked_for_once_and_kept(
    server: AuthorizationServer, secret: Path
) -> None:
    source = ClientCredentials(server.url, "agent:1", secret, scope="a b", audience="mcp")
    tokens = await asyncio.gather(*(source() for _ in range(10)))
    assert tokens == ["one"] * 10
    ((authorization, form),) = server.asked
    pair = base64.b64decode(authorization.removeprefix("Basic ")).decode()
    assert pair == f"agent%3A1:{SECRET}"
    assert form == {
        "grant_type": ["client_credentials"],
        "scope": ["a b"],
        "audience": ["mcp"],
        "resource": ["mcp"],
    }


async def test_a_token_that_ends_soon_is_asked_for_again(
    server: AuthorizationServer, secret: Path
) -> None:
    source = ClientCredentials(server.url, "agent", secret)
    server.answer = {"access_token": "one", "expires_in": 0.000001}
    assert await source() == "one"
    server.answer = {"access_token": "two", "expires_in": 3600}
    rotate(secret)
    assert await source() == "two"
    assert base64.b64decode(server.asked[1][0].removeprefix("Basic ")) == b"agent:rotated"


def rotate(secret: Path) -> None:
    secret.write_text("rotated")


@pytest.mark.parametrize(
    ("status", "answer", "said"),
    [
        (401, {"error": "invalid_client", "error_description": SECRET}, "invalid_client"),
        (500, b"<html>", "HTTP 500"),
        (200, b"not json", "HTTP 200"),
        (200, ["list"], "HTTP 200"),
        (200, {"access_token": 7}, "HTTP 200"),
        (200, {"access_token": "x", "token_type": "mac"}, "no bearer tokens"),
        (200, b"x" * 100_000, "more than 65536 bytes"),
        (302, b"", "HTTP 302"),
    ],
    ids=str,
)
async def test_a_server_that_gives_none_is_said_without_secrets(
    server: AuthorizationServer, secret: Path, status: int, answer: Any, said: str
) -> None:
    server.status, server.answer = status, answer
    source = ClientCredentials(server.url, "agent", secret)
    with pytest.raises(ConnectError, match=said) as refused:
        await source()
    assert SECRET not in str(refused.value)
    assert SECRET not in repr(source)
    server.status, server.answer = 200, {"access_token": "back"}
    assert await source() == "back"


async def test_a_server_that_is_away_is_named(secret: Path) -> None:
    source = ClientCredentials("http://127.0.0.1:1/token", "agent", secret)
    with pytest.raises(ConnectError, match=r"no token from http://127\.0\.0\.1:1/token"):
        await source()


@pytest.mark.parametrize(
    "url", ["http://issuer.example/token", "ftp://x/token", "token", "https://u:p@issuer/token"]
)
def test_a_url_that_would_leak_the_secret_is_refused(url: str, secret: Path) -> None:
    with pytest.raises(UsageError) as refused:
        ClientCredentials(url, "agent", secret)
    assert "u:p" not in str(refused.value)


async def test_a_missing_secret_is_named(server: AuthorizationServer, tmp_path: Path) -> None:
    source = ClientCredentials(server.url, "agent", tmp_path / "none")
    with pytest.raises(UsageError, match="none"):
        await source()
