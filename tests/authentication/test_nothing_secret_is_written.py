"""Everything that a server process writes at its most talkative, searched for every secret used."""

from __future__ import annotations

import asyncio
import itertools
import re
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import httpx2
import pytest

from mcpgrpc.gateway.serving import RunningDoor
from tests.authentication.key_ring import HOLDER, KeyRing
from tests.authentication.served import Peer, bearer
from tests.authentication.test_door_matrix import ROWS, legacy, modern, websocket
from tests.authentication.token_issuer import AUDIENCE, ISSUER, ec_key, key_set
from tests.conformance.processes import MCPGRPC, started
from tests.doors.door import Door

SECONDS = 55
MIN_SECRET_CHARACTERS = 12
APP = """
from mcp.server import MCPServer

app = MCPServer("guarded")


@app.tool()
def greet() -> str:
    return "hello"


@app.tool()
def fail() -> str:
    raise RuntimeError("the tool broke")
"""
REDIS_PASSWORD = "password-of-the-redis-server"


@pytest.fixture
def ring() -> KeyRing:
    return KeyRing()


def options(tmp_path: Path, ring: KeyRing) -> list[str]:
    """A server with everything on that knows secrets."""
    app, policy, jwks = (tmp_path / name for name in ("app.py", "policy.toml", "jwks.json"))
    app.write_text(APP)
    policy.write_text('[[rules]]\nsubjects = ["*"]\ntools = ["*"]\n')
    jwks.write_bytes(key_set(ec_key()))
    return [
        *(str(app), "--listen", "127.0.0.1:0", "--http", "127.0.0.1:0"),
        *("--api-keys", ring.save(tmp_path / "keys.toml"), "--policy", str(policy)),
        *("--jwt-issuer", ISSUER, "--jwt-audience", AUDIENCE, "--jwks", str(jwks)),
        *("--audit", "arguments", "--log-level", "debug", "--log-format", "json"),
        *("--rate-limit", "100000/minute"),
    ]


async def test_a_process_writes_none_of_the_secrets_it_was_given(
    tmp_path: Path, ring: KeyRing
) -> None:
    log = tmp_path / "serve.log"
    words = [MCPGRPC, "serve", *options(tmp_path, ring)]
    environment = {"MCPGRPC_REDIS": f"redis://:{REDIS_PASSWORD}@127.0.0.1:1/0"}
    token = ec_key().token()
    async with (
        asyncio.timeout(SECONDS),
        started(words, r"(http://\S+)/mcp", log, environment) as url,
        Peer(_address(log)) as peer,
        httpx2.AsyncClient(trust_env=False, timeout=SECONDS) as http,
    ):
        # In a process of its own: what the tests of the door need of it here is where it listens.
        door = Door(cast("RunningDoor", SimpleNamespace(url=url)), http)
        ways = itertools.cycle((modern, legacy, websocket))
        presented = [row for row, _ in ROWS.values()] + [bearer(ring.good), bearer(token)]
        for metadata, way in zip(presented, ways, strict=False):
            await peer.call_session(metadata)
            await peer.call(metadata)
            await way(door, metadata)
    written = log.read_text(encoding="utf-8")
    assert written.count('"event": "request"') >= 2
    assert HOLDER in written
    used = {ring.good, token, REDIS_PASSWORD, *_secrets()}
    assert sorted(secret for secret in used if secret in written) == []


async def test_the_settings_show_none_of_the_secrets(tmp_path: Path, ring: KeyRing) -> None:
    log = tmp_path / "config.log"
    words = [MCPGRPC, "serve", *options(tmp_path, ring), "--print-config"]
    environment = {"MCPGRPC_REDIS": f"redis://:{REDIS_PASSWORD}@127.0.0.1:1/0"}
    async with started(words, r"^(redis = .*)$", log, environment) as shown:
        assert "********" in shown
    written = log.read_text(encoding="utf-8")
    assert REDIS_PASSWORD not in written
    assert ring.good not in written


def _secrets() -> Iterator[str]:
    """Each part of what the rows present that is long enough to be nothing else."""
    for presented, _ in ROWS.values():
        for _, value in presented:
            for word in value.replace(".", " ").replace(",", " ").split():
                if len(word) > MIN_SECRET_CHARACTERS:
                    yield word


def _address(log: Path) -> str:
    """Where gRPC is, from the banner, which says it before the door's URL."""
    found = re.search(r"^ +address +(\S+)$", log.read_text(encoding="utf-8"), re.MULTILINE)
    assert found is not None
    return found[1]
