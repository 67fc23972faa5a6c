"""API keys and signing keys are rotated while calls and streams go on, and none of them fails."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import grpc
import pytest

import mcpgrpc
from mcpgrpc.credentials import ApiKeyFile, TokenFile
from tests.authentication.jwks_server import jwks_server
from tests.authentication.key_ring import HOLDER, KeyRing, as_header
from tests.authentication.served import Metadata, Peer, bearer, served
from tests.authentication.token_issuer import AUDIENCE, ISSUER, ec_key, key_set
from tests.transport_security.authority import replaced
from tests.transport_security.load import Load, load

ROTATIONS = 3
SOON = {"jwks_min_interval_seconds": 1, "jwks_max_age_seconds": 1}
pytestmark = pytest.mark.timeout(180)


async def let_in(peer: Peer, running: Load, metadata: Metadata, *, is_let_in: bool) -> None:
    """Wait until the server takes a credential, or takes it no more."""
    while ((await peer.call(metadata)).code is grpc.StatusCode.OK) is not is_let_in:
        running.assert_well()


async def test_api_keys_are_rotated_under_load_without_a_failed_call(tmp_path: Path) -> None:
    ring = KeyRing()
    kept, used = tmp_path / "keys.toml", tmp_path / "key"
    key = ring.good
    used.write_text(key)
    async with (
        served(api_keys=ring.save(kept)) as (server, app),
        Peer(server.addresses[0]) as peer,
    ):

        def connect(rpc: str) -> mcpgrpc.Client:
            return mcpgrpc.Client(server.addresses[0], token=ApiKeyFile(used), rpc=rpc)

        async with load(connect) as running:
            for _ in range(ROTATIONS):
                renewed = ring.add(HOLDER)
                ring.save(kept)
                await let_in(peer, running, as_header(renewed), is_let_in=True)
                replaced(used, renewed.encode())
                await running.goes_on()
                ring.revoke(key)
                ring.save(kept)
                await let_in(peer, running, as_header(key), is_let_in=False)
                key = renewed
                await running.goes_on()
        assert {caller.subject for caller in app.callers} == {HOLDER}


Publish = Callable[[bytes], None]
Source = Callable[[Path, bytes], AbstractAsyncContextManager[tuple[str, Publish]]]


@asynccontextmanager
async def in_a_file(folder: Path, contents: bytes) -> AsyncIterator[tuple[str, Publish]]:
    path = folder / "jwks.json"
    path.write_bytes(contents)
    yield str(path), lambda contents: replaced(path, contents)


@asynccontextmanager
async def at_a_url(folder: Path, contents: bytes) -> AsyncIterator[tuple[str, Publish]]:
    async with jwks_server(contents) as issuer:

        def publish(contents: bytes) -> None:
            issuer.contents = contents

        yield issuer.jwks_url, publish


@pytest.mark.parametrize("source", [in_a_file, at_a_url])
async def test_signing_keys_are_rotated_under_load_without_a_failed_call(
    tmp_path: Path,
    source: Source,
) -> None:
    used = tmp_path / "token"
    key = ec_key("signing-0")
    used.write_text(key.token())
    async with (
        source(tmp_path, key_set(key)) as (jwks, publish),
        served(jwt_issuer=ISSUER, jwt_audience=[AUDIENCE], jwks=jwks, **SOON) as (server, _),
        Peer(server.addresses[0]) as peer,
    ):

        def connect(rpc: str) -> mcpgrpc.Client:
            return mcpgrpc.Client(server.addresses[0], token=TokenFile(used), rpc=rpc)

        async with load(connect) as running:
            for number in range(1, ROTATIONS + 1):
                renewed = ec_key(f"signing-{number}")
                publish(key_set(key, renewed))
                await let_in(peer, running, bearer(renewed.token()), is_let_in=True)
                former = bearer(key.token())
                replaced(used, renewed.token().encode())
                await running.goes_on()
                publish(key_set(renewed))
                await let_in(peer, running, former, is_let_in=False)
                key = renewed
                await running.goes_on()
