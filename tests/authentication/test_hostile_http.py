"""Header fields that only a hostile client sends to a door, byte by byte."""

from __future__ import annotations

import asyncio
import json
import logging
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.authentication.key_ring import KeyRing
from tests.authentication.matrix import assert_hides
from tests.authentication.served import served
from tests.doors.door import initialize_request, legacy_headers, modern_request, open_door
from tests.wire.raw import MAX_SECONDS

RING = KeyRing()
KEY = RING.good.encode()
BEARER = b"authorization: Bearer "
MODERN = modern_request("tools/call", {"name": "greet", "arguments": {}})
LEGACY = (json.dumps({"jsonrpc": "2.0", **initialize_request()}), legacy_headers())

HOSTILE = {
    "a control character": BEARER + KEY + b"\x01\r\n",
    "a NUL": b"x-api-key: " + KEY + b"\0\r\n",
    "a folded line": BEARER + b"x\r\n " + KEY + b"\r\n",
    "DEL": b"x-api-key: \x7f" + KEY + b"\r\n",
    "bytes beyond ASCII": b"x-api-key: " + KEY + "ä".encode() + b"\r\n",
    "no UTF-8": BEARER + KEY + b"\xff\r\n",
    "a megabyte": BEARER + b"x" * 1_000_000 + b"\r\n",
    "what is just too much": BEARER + b"x" * 8_000 + b"\r\n",
    "a hundred values": (BEARER + KEY + b"\r\n") * 100,
    "two fields of a key": b"x-api-key: " + KEY + b"\r\nX-API-Key: " + KEY + b"\r\n",
    "no name": b": " + KEY + b"\r\n",
    "a space behind the name": b"authorization : Bearer " + KEY + b"\r\n",
    "a thousand fields": b"".join(b"x-%d: y\r\n" % number for number in range(1_000)),
    "deep JSON": BEARER + b"W1tb" * 1_000 + b".W1tb.AAAA\r\n",
}


async def status_of(url: str, content: str, fields: dict[str, str], hostile: bytes) -> int:
    """The status of a request with such fields; 0 where the door just hangs up."""
    parts = urlsplit(url)
    assert parts.hostname is not None
    lines = [f"POST {parts.path} HTTP/1.1", f"host: {parts.netloc}"]
    lines += [f"{name}: {value}" for name, value in fields.items()]
    lines += [f"content-length: {len(content)}", ""]
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    try:
        writer.write("\r\n".join(lines).encode() + hostile + b"\r\n" + content.encode())
        line = await reader.readline()
    except ConnectionError:
        return 0
    finally:
        writer.transport.abort()
    return int(line.split()[1]) if line else 0


@pytest.mark.parametrize("request_", [MODERN, LEGACY], ids=["modern", "legacy"])
async def test_hostile_fields_are_refused_and_stay_out_of_every_log(
    tmp_path: Path, request_: tuple[str, dict[str, str]], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "mcpgrpc")
    content, fields = request_
    good = b"x-api-key: " + KEY + b"\r\n"
    async with (
        asyncio.timeout(MAX_SECONDS),
        served(api_keys=RING.save(tmp_path / "keys.toml")) as (server, app),
        open_door(server.addresses[0]) as door,
    ):
        for name, hostile in HOSTILE.items():
            status = await status_of(door.mcp, content, fields, hostile)
            assert status in (0, 400, 401, 431), (name, status)
            assert app.callers == [], name
        assert await status_of(door.mcp, content, fields, good) == 200
        assert len(app.callers) == 1
    assert_hides((("x-api-key", RING.good),), caplog.text)
