"""API keys over the wire: every RPC against what a caller may present."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import grpc
import pytest

from mcpgrpc_server import Server
from mcpgrpc_server.identity import IdentityKind
from tests.authentication.key_ring import HOLDER, KeyRing, as_bearer, as_header, id_of
from tests.authentication.matrix import HEALTH, WAYS, Rows, Way, assert_hides, assert_shut
from tests.authentication.served import Guarded, Metadata, Peer, served
from tests.wire.raw import LOCAL_CONNECTION

Served = tuple[Server, Guarded]

RING = KeyRing()
GOOD = RING.good
EXPIRED = RING.add("late", lives_seconds=-1)
REVOKED = RING.add("gone")
RING.revoke(REVOKED)
WRONG = f"{GOOD[:-1]}{'q' if GOOD[-1] == 'a' else 'a'}"
UNKNOWN = GOOD.replace(id_of(GOOD), "aaaaaaaa")

INVALID = "the API key is not valid"
ROWS: Rows = {
    "malformed": (as_bearer("mcpgrpc_nonsense"), INVALID),
    "malformed in its header": (as_header("nonsense-that-is-no-key"), INVALID),
    "without a secret": (as_bearer(f"mcpgrpc_{id_of(GOOD)}_"), INVALID),
    "truncated": (as_bearer(GOOD[:-1]), INVALID),
    "in capitals": (as_header(GOOD.upper()), INVALID),
    "of a wrong secret": (as_bearer(WRONG), INVALID),
    "of an unknown id": (as_header(UNKNOWN), INVALID),
    "revoked": (as_bearer(REVOKED), INVALID),
    "expired": (as_bearer(EXPIRED), "the API key has expired"),
    "expired in its header": (as_header(EXPIRED), "the API key has expired"),
    "twice": (as_bearer(GOOD) * 2, "2 credentials are presented"),
    "twice in its header": (as_header(GOOD) * 2, "2 credentials are presented"),
    "a hundred times": (as_bearer("short") * 100, "100 credentials are presented"),
    "in both headers": (as_bearer(GOOD) + as_header(GOOD), "2 credentials are presented"),
    "with a token": (as_header(GOOD) + as_bearer("a.b.c"), "2 credentials are presented"),
    "twice in one value": (
        (("authorization", f"Bearer {GOOD}, Bearer {GOOD}"),),
        "authorization holds no credential",
    ),
    "without a scheme": ((("authorization", GOOD),), "must be Bearer"),
    "as a password": ((("authorization", f"Basic {GOOD}"),), "must be Bearer"),
    "empty": (as_header(""), "x-api-key holds no credential"),
    "empty after Bearer": ((("authorization", "Bearer "),), "authorization"),
    "with a space": (as_header(f"{GOOD} {GOOD}"), "x-api-key holds no credential"),
    "a token, which nobody checks": (as_bearer("aaaa.bbbbbbbbbbbbbbb.cccc"), "no token is taken"),
}
"""What is refused wherever it is presented, health included."""


@pytest.fixture
async def guarded(tmp_path: Path) -> AsyncIterator[Served]:
    async with served(api_keys=RING.save(tmp_path / "keys.toml")) as started:
        yield started


@pytest.fixture
async def peer(guarded: Served) -> AsyncIterator[Peer]:
    async with Peer(guarded[0].addresses[0]) as connected:
        yield connected


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
async def test_a_bad_api_key_is_refused_before_anything_is_touched(
    guarded: Served, peer: Peer, way: Way, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    for metadata, why in ROWS.values():
        await assert_shut(way, peer, guarded[1], metadata, why)
        assert_hides(metadata, caplog.text)
    assert (await way(peer, as_bearer(GOOD))).code is grpc.StatusCode.OK, "the next one is served"


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
@pytest.mark.parametrize("metadata", [as_bearer(GOOD), as_header(GOOD)], ids=["bearer", "header"])
async def test_a_good_api_key_is_let_in(
    peer: Peer, way: Way, metadata: Metadata, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    assert (await way(peer, metadata)).code is grpc.StatusCode.OK
    assert_hides(metadata, caplog.text)


@pytest.mark.parametrize("way", [name for name in WAYS if name not in HEALTH])
async def test_nobody_is_let_in_without_a_credential(guarded: Served, peer: Peer, way: str) -> None:
    await assert_shut(WAYS[way], peer, guarded[1], (), "credentials are needed: an API key")


@pytest.mark.parametrize("way", HEALTH.values(), ids=HEALTH)
async def test_health_is_open_to_who_presents_nothing(peer: Peer, way: Way) -> None:
    assert (await way(peer, ())).code is grpc.StatusCode.OK


async def test_the_app_meets_the_holder_of_the_key_and_not_the_key(
    guarded: Served, peer: Peer
) -> None:
    _, app = guarded
    for metadata in (as_bearer(GOOD), as_header(GOOD)):
        await peer.call(metadata)
        await peer.call_session(metadata)
    for identity in app.callers:
        assert (identity.subject, identity.kind) == (HOLDER, IdentityKind.API_KEY)
        assert identity.scopes == {"tools:read"}
        assert identity.actor is None
        assert identity.claims == {"key_id": id_of(GOOD)}
        assert_hides(as_bearer(GOOD), repr(identity))
    assert len(app.callers) == 4
    assert not {"authorization", "x-api-key"} & app.headers.keys()


async def test_the_scheme_of_an_api_key_is_bearer_in_any_case(peer: Peer) -> None:
    ending = await peer.call((("authorization", f"bEARER {GOOD}"),))
    assert ending.code is grpc.StatusCode.OK


@pytest.mark.parametrize("size_bytes", [9_000, 1_000_000])
async def test_a_huge_credential_is_refused_and_the_next_caller_served(
    guarded: Served, peer: Peer, size_bytes: int
) -> None:
    """Beyond 8 KiB gRPC refuses at random, beyond 16 KiB always."""
    ending = await peer.call(as_bearer("x" * size_bytes))
    assert ending.code in (grpc.StatusCode.UNAUTHENTICATED, grpc.StatusCode.RESOURCE_EXHAUSTED)
    assert guarded[1].callers == []
    async with Peer(guarded[0].addresses[0]) as other:
        assert (await other.call(as_bearer(GOOD))).code is grpc.StatusCode.OK


async def test_who_is_refused_need_not_be_read(guarded: Served) -> None:
    """A message of megabytes that nobody is let in with is neither awaited nor parsed."""
    target = guarded[0].addresses[0]
    async with grpc.aio.insecure_channel(target, options=LOCAL_CONNECTION) as channel:
        call: Any = channel.stream_stream("/mcpgrpc.v1.McpService/Call")
        rpc = call(metadata=as_bearer(WRONG))
        # Not a byte of the message that Call takes was sent.
        assert await rpc.code() is grpc.StatusCode.UNAUTHENTICATED


async def test_a_method_that_is_not_there_is_not_there_for_anybody(guarded: Served) -> None:
    target = guarded[0].addresses[0]
    async with grpc.aio.insecure_channel(target, options=LOCAL_CONNECTION) as channel:
        call: Any = channel.unary_unary("/mcpgrpc.v1.McpService/Nothing")
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await call(b"")
    assert caught.value.code() is grpc.StatusCode.UNIMPLEMENTED
