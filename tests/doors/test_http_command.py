"""The HTTP door as a process: `mcpgrpc gateway`, and `mcpgrpc serve --http`."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx2
import mcp
import pytest

from tests.authentication.key_ring import KeyRing
from tests.authentication.served import served
from tests.doors.conftest import EXAMPLES, ServerProcess
from tests.doors.door import (
    ANSWER_SECONDS,
    initialize_request,
    legacy_headers,
    modern_request,
)


@asynccontextmanager
async def command(*words: str, **more: str) -> AsyncIterator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "mcpgrpc.cli.main", *words),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=os.environ | more,
    )
    try:
        async with asyncio.timeout(3 * ANSWER_SECONDS):
            yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.communicate()


async def url_of(process: asyncio.subprocess.Process) -> str:
    """What the command says about where it is."""
    assert process.stdout is not None
    while line := (await process.stdout.readline()).decode():
        words = line.split()
        if "is in front of" in line:
            return words[0]
        if words[0] == "http":
            return words[1]
    raise AssertionError("the command ended")


async def used_until_a_signal(process: asyncio.subprocess.Process, word: signal.Signals) -> None:
    """Use the door at both eras, end it under an open stream, and see a clean end."""
    url = await url_of(process)
    for mode in ("auto", "legacy"):
        async with mcp.Client(url, mode=mode) as client:
            added = await client.call_tool("add", {"a": 1, "b": 2})
        assert added.structured_content == {"result": 3}
    async with httpx2.AsyncClient(trust_env=False) as http:
        initialize = {"jsonrpc": "2.0", **initialize_request()}
        opened = await http.post(url, json=initialize, headers=legacy_headers())
        headers = legacy_headers(opened.headers["mcp-session-id"])
        async with http.stream("GET", url, headers=headers) as listening:
            process.send_signal(word)
            await listening.aread()
    assert await process.wait() == 0


@pytest.mark.parametrize("word", [signal.SIGTERM, signal.SIGINT])
async def test_it_serves_until_a_signal_and_ends_cleanly_under_open_streams(
    everything: ServerProcess, word: signal.Signals
) -> None:
    async with command("gateway", everything.address, "--listen", "127.0.0.1:0") as process:
        await used_until_a_signal(process, word)


async def test_serve_has_the_door_in_its_own_process_and_leaves_nothing_behind(
    tmp_path: Path,
) -> None:
    words = ("serve", str(EXAMPLES / "everything.py"), "--listen", "127.0.0.1:0")
    async with command(*words, "--http", "127.0.0.1:0", TMPDIR=str(tmp_path)) as process:
        await used_until_a_signal(process, signal.SIGTERM)
    assert not os.listdir(tmp_path)


async def test_serve_says_that_the_doors_port_is_taken_and_serves_nothing() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        words = ("serve", str(EXAMPLES / "everything.py"), "--listen", "127.0.0.1:0")
        async with command(*words, "--http", address) as process:
            out, said = await process.communicate()
            assert process.returncode == 1
    assert not out
    assert said.decode().startswith(f"mcpgrpc: cannot listen on {address}: ")
    assert said.decode().endswith("choose another with --http\n")
    assert said.count(b"\n") == 1


async def test_a_port_that_is_taken_is_said_in_one_line() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        listen = f"127.0.0.1:{taken.getsockname()[1]}"
        async with command("gateway", "--listen", listen) as process:
            _, said = await process.communicate()
            assert process.returncode == 2
    assert said.decode().startswith(f"mcpgrpc: cannot listen on {listen}: ")
    assert said.count(b"\n") == 1


@pytest.mark.parametrize(
    "words",
    [
        ("--listen", "nonsense"),
        ("--allow-origin", "app.example"),
        ("--max-sessions", "0"),
        ("--max-body-bytes", "4MiB"),
        ("--streams-per-connection", "0"),
        ("--drain-grace", "soon"),
        ("no address",),
        ("--token-file", "lent"),
        ("--probe-token-file", "not there"),
        ("--probe-token-file", __file__, "--probe-api-key-file", __file__),
    ],
)
async def test_what_is_written_wrongly_is_said_in_one_line(words: tuple[str, ...]) -> None:
    async with command("gateway", *words) as process:
        _, said = await process.communicate()
        assert process.returncode == 2
    assert said.startswith(b"mcpgrpc: ")
    assert said.count(b"\n") == 1


async def test_a_door_asks_for_health_with_a_credential_that_it_lends_to_nobody(
    tmp_path: Path,
) -> None:
    ring = KeyRing()
    key = tmp_path / "key"
    key.write_text(ring.good)
    keys = ring.save(tmp_path / "keys.toml")
    async with (
        served(api_keys=keys, authenticate_health=True) as (server, app),
        httpx2.AsyncClient(trust_env=False, timeout=ANSWER_SECONDS) as http,
    ):
        words = ("gateway", server.addresses[0], "--listen", "127.0.0.1:0")
        async with command(*words) as without:
            ready = (await url_of(without)).replace("/mcp", "/ready")
            answer = await http.get(ready)
            assert (answer.status_code, answer.json()) == (503, {"status": "UNAUTHENTICATED"})
        async with command(*words, "--probe-api-key-file", str(key)) as process:
            url = await url_of(process)
            answer = await http.get(url.replace("/mcp", "/ready"))
            assert (answer.status_code, answer.json()) == (200, {"status": "SERVING"})
            initialize = {"jsonrpc": "2.0", **initialize_request()}
            opening = await http.post(url, json=initialize, headers=legacy_headers())
            assert opening.status_code == 401
            content, fields = modern_request("tools/list")
            refused = await http.post(url, content=content, headers=fields)
            assert refused.status_code == 401
            own = fields | {"x-api-key": ring.good}
            assert (await http.post(url, content=content, headers=own)).status_code == 200
        assert len(app.callers) == 1
