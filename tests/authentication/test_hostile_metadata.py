"""Credentials that only a hostile peer sends, in bare HTTP/2."""

from __future__ import annotations

import logging
from pathlib import Path

import grpc
import pytest

from tests.authentication.key_ring import KeyRing, as_bearer
from tests.authentication.raw_http2 import Header, status_of
from tests.authentication.served import Peer, served

RING = KeyRing()
KEY = RING.good.encode()
UNAUTHENTICATED = 16
OF_A_MEGABYTE = {UNAUTHENTICATED, 8}
"""gRPC refuses headers over its own limit with RESOURCE_EXHAUSTED, in a race with our refusal."""
SESSION = "/mcpgrpc.v1.McpService/Session"
CALL = "/mcpgrpc.v1.McpService/Call"

HOSTILE: dict[str, tuple[Header, ...]] = {
    "a control character": ((b"authorization", b"Bearer " + KEY + b"\x01"),),
    "a NUL": ((b"x-api-key", KEY + b"\0"),),
    "a line break": ((b"authorization", b"Bearer " + KEY + b"\r\nx-admin: true"),),
    "DEL": ((b"x-api-key", b"\x7f" + KEY),),
    "a tab for a space": ((b"authorization", b"Bearer\t" + KEY),),
    "UTF-8": ((b"authorization", b"Bearer " + KEY + "ä".encode()),),
    "full-width letters": ((b"authorization", "\uff22earer ".encode() + KEY),),
    "no UTF-8": ((b"authorization", b"Bearer " + KEY + b"\xff"),),
    "nothing but bytes": ((b"x-api-key", bytes(range(128, 256))),),
    "nothing": ((b"authorization", b""),),
    "a megabyte": ((b"authorization", b"Bearer " + b"x" * 1_000_000),),
    "a hundred values": ((b"authorization", b"Bearer " + KEY),) * 100,
    "two, one of them in binary": (
        (b"authorization", b"Bearer nonsense"),
        (b"authorization-bin", b"QmVhcmVy"),
    ),
}


@pytest.mark.parametrize("method", [SESSION, CALL], ids=["Session", "Call"])
async def test_hostile_metadata_is_refused_quickly_and_stays_out_of_every_log(
    tmp_path: Path, method: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    async with served(api_keys=RING.save(tmp_path / "keys.toml")) as (server, app):
        target = server.addresses[0]
        for name, metadata in HOSTILE.items():
            refusals = OF_A_MEGABYTE if name == "a megabyte" else {UNAUTHENTICATED}
            assert await status_of(target, method, *metadata) in refusals, name
        assert app.callers == []
        async with Peer(target) as peer:
            assert (await peer.call(as_bearer(RING.good))).code is grpc.StatusCode.OK
    assert RING.good not in caplog.text
    assert caplog.text.count("Invalid encoding on [redacted]") > 0, "gRPC words it in another way"


async def test_a_binary_header_is_no_credential(tmp_path: Path) -> None:
    async with served(api_keys=RING.save(tmp_path / "keys.toml")) as (server, app):
        metadata = ((b"authorization-bin", b"QmVhcmVy"), (b"x-api-key-bin", b"QmVhcmVy"))
        assert await status_of(server.addresses[0], CALL, *metadata) == UNAUTHENTICATED
        assert app.callers == []
