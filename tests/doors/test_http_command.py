"""The command `mcpgrpc gateway` as a process."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx2
import mcp
import pytest

from tests.doors.conftest import ServerProcess
from tests.doors.door import ANSWER_SECONDS, initialize_request, legacy_headers


@asynccontextmanager
async def command(*words: str) -> AsyncIterator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "mcpgrpc.cli.main", "gateway", *words),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        async with asyncio.timeout(3 * ANSWER_SECONDS):
            yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.communicate()


async def url_of(process: asyncio.subprocess.Process) -> str:
    """What the first line of the command says."""
    assert process.stdout is not None
    url, _, rest = (await process.stdout.readline()).decode().partition(" ")
    assert "is in front of" in rest
    return url


@pytest.mark.parametrize("word", [signal.SIGTERM, signal.SIGINT])
async def test_it_serves_until_a_signal_and_ends_cleanly_under_open_streams(
    everything: ServerProcess, word: signal.Signals
) -> None:
    async with command(everything.address, "--listen", "127.0.0.1:0") as process:
        url = await url_of(process)
        async with mcp.Client(url) as client:
            added = await client.call_tool("add", {"a": 1, "b": 2})
        assert added.structured_content == {"result": 3}
        async with httpx2.AsyncClient(trust_env=False) as http:
            opened = await http.post(
                url,
                json={"jsonrpc": "2.0", **initialize_request()},
                headers=legacy_headers(),
            )
            headers = legacy_headers(opened.headers["mcp-session-id"])
            async with http.stream("GET", url, headers=headers) as listening:
                process.send_signal(word)
                await listening.aread()
        assert await process.wait() == 0


async def test_a_port_that_is_taken_is_said_in_one_line() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        listen = f"127.0.0.1:{taken.getsockname()[1]}"
        async with command("--listen", listen) as process:
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
        ("no address",),
        ("--token-file", "lent"),
    ],
)
async def test_what_is_written_wrongly_is_said_in_one_line(words: tuple[str, ...]) -> None:
    async with command(*words) as process:
        _, said = await process.communicate()
        assert process.returncode == 2
    assert said.startswith(b"mcpgrpc: ")
    assert said.count(b"\n") == 1
