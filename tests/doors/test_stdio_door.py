"""The stdio door as a desktop host uses it: a process that is an MCP server."""

from __future__ import annotations

import asyncio
import io
import json
import os
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, closing
from typing import Any, BinaryIO, Protocol

import mcp
import pytest
from mcp.client.stdio import StdioServerParameters

from mcpgrpc.connection import ConnectionOptions
from mcpgrpc.relay import stdio
from tests.contract.line_transports import piped_door

ANSWER_SECONDS = 20

INITIALIZE = {
    "protocolVersion": "2025-11-25",
    "capabilities": {},
    "clientInfo": {"name": "host", "version": "1"},
}


class Server(Protocol):
    """A server process of the fixtures."""

    address: str

    async def start(self) -> None: ...
    async def kill(self) -> None: ...


def door(address: str) -> StdioServerParameters:
    """What a host's configuration holds."""
    return StdioServerParameters(
        command=sys.executable, args=["-m", "mcpgrpc.cli.main", "bridge", address]
    )


class Host:
    """A host that reads and writes lines by hand."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._stdout = reader
        self._stdin = writer

    async def write(self, text: str, end: str = "\n") -> None:
        """Write a line as it is."""
        self._stdin.write(f"{text}{end}".encode())
        await self._stdin.drain()

    async def send(self, method: str, params: dict[str, Any] | None, request_id: object) -> None:
        """Write a request, or a notification where the id is None."""
        message: dict[str, Any] = {"jsonrpc": "2.0", "method": method}
        if params is not None:
            message["params"] = params
        if request_id is not None:
            message["id"] = request_id
        await self.write(json.dumps(message))

    async def read(self) -> dict[str, Any]:
        """The next message."""
        async with asyncio.timeout(ANSWER_SECONDS):
            line = await self._stdout.readline()
        assert line, "the door closed"
        message: dict[str, Any] = json.loads(line)
        return message

    async def ask(self, method: str, params: dict[str, Any], request_id: object) -> dict[str, Any]:
        """Write a request and read on to its answer."""
        await self.send(method, params, request_id)
        while (message := await self.read()).get("id") != request_id:
            pass
        return message

    async def initialize(self) -> None:
        """Perform the handshake of the legacy era."""
        answer = await self.ask("initialize", INITIALIZE, "init")
        assert "result" in answer
        await self.send("notifications/initialized", None, None)

    def close(self) -> None:
        """Close the door's input."""
        self._stdin.close()


class ProcessHost(Host):
    """A host that has started the door as a process."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        super().__init__(process.stdout, process.stdin)
        self.process = process


@asynccontextmanager
async def hosting(address: str) -> AsyncIterator[ProcessHost]:
    """Start the door by hand."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "mcpgrpc.cli.main", "bridge", address),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        yield ProcessHost(process)
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


@pytest.mark.parametrize("mode", ["legacy", "auto"])
async def test_the_official_client_works_through_the_door_at_both_eras(
    everything: Server, mode: str
) -> None:
    reports: list[float] = []

    async def on_progress(progress: float, total: float | None, message: str | None) -> None:
        reports.append(progress)

    async with mcp.Client(door(everything.address), mode=mode) as client:
        added = await client.call_tool("add", {"a": 9007199254740993, "b": 1})
        counted = await client.call_tool("countdown", {"start": 3}, progress_callback=on_progress)
        resources = await client.list_resources()
    assert added.structured_content == {"result": 9007199254740994}
    assert counted.is_error is not True
    assert reports
    assert resources.resources


async def test_ids_and_text_pass_untouched(everything: Server) -> None:
    async with hosting(everything.address) as host:
        await host.initialize()
        arguments = {"name": "add", "arguments": {"a": 1, "b": 2}}
        for request_id in ("7", 7, "Ünïcode-\u2028", -1):
            answer = await host.ask("tools/call", arguments, request_id)
            assert answer["id"] == request_id
            assert answer["result"]["structuredContent"] == {"result": 3}


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("rubbish", -32700),
        ("[]", -32600),
        ('{"jsonrpc":"2.0","id":1.5,"method":"ping"}', -32600),
        ('{"jsonrpc":"2.0","id":null,"method":"ping"}', -32600),
        ('{"jsonrpc":"2.0","id":3,"method":"ping","params":[]}', -32602),
        ("{" * 10_000, -32700),
    ],
)
async def test_what_is_no_message_is_answered_and_the_session_goes_on(
    everything: Server, text: str, code: int
) -> None:
    async with hosting(everything.address) as host:
        await host.initialize()
        await host.write(text)
        refusal = await host.read()
        assert refusal["error"]["code"] == code
        assert "result" in await host.ask("ping", {}, "after")


async def test_a_host_that_closes_gets_its_answers_and_the_door_ends_cleanly(
    everything: Server,
) -> None:
    async with hosting(everything.address) as host:
        await host.initialize()
        await host.send("tools/call", {"name": "add", "arguments": {"a": 1, "b": 2}}, 5)
        host.close()
        answer = await host.read()
        assert answer["id"] == 5
        async with asyncio.timeout(ANSWER_SECONDS):
            assert await host.process.wait() == 0


async def test_a_host_that_closes_in_the_middle_of_a_line_ends_the_door_cleanly(
    everything: Server,
) -> None:
    async with hosting(everything.address) as host:
        await host.initialize()
        await host.write('{"jsonrpc":"2.0","id":9,"meth', end="")
        host.close()
        async with asyncio.timeout(ANSWER_SECONDS):
            assert await host.process.wait() == 0


async def test_a_legacy_session_is_carried_on_after_the_server_was_killed(
    everything: Server,
) -> None:
    async with hosting(everything.address) as host:
        await host.initialize()
        await host.send("tools/call", {"name": "slow", "arguments": {"seconds": 30}}, "lost")
        # An answer to a later request shows that the slow one is under way.
        await host.ask("ping", {}, "under way")
        await everything.kill()
        lost = await host.read()
        assert lost["id"] == "lost"
        assert lost["error"]["data"] == {"reason": "CONNECTION_LOST", "execution": "MAYBE"}
        assert everything.address in lost["error"]["message"]

        await everything.start()
        call = {"name": "add", "arguments": {"a": 1, "b": 2}}
        again = await host.ask("tools/call", call, "again")
        assert again["result"]["structuredContent"] == {"result": 3}


async def test_a_server_that_is_not_there_is_said_and_the_next_request_finds_it(
    everything: Server,
) -> None:
    await everything.kill()
    options = ConnectionOptions(target=everything.address, connect_timeout_seconds=0.5)
    async with piped_door(options) as ends:
        host = Host(*ends)
        refused = await host.ask("initialize", INITIALIZE, 1)
        assert everything.address in refused["error"]["message"]
        await everything.start()
        answer = await host.ask("initialize", INITIALIZE, 2)
        while "error" in answer:
            answer = await host.ask("initialize", INITIALIZE, 2)
        assert "result" in await host.ask("ping", {}, 3)


def closed_input() -> BinaryIO:
    """An input that its owner closed under the door."""
    source = io.BytesIO()
    source.close()
    return source


def terminal_that_went_away() -> BinaryIO:
    """A terminal whose other end is closed: reading it is an error, not an end."""
    ours, theirs = os.openpty()
    os.close(theirs)
    return os.fdopen(ours, "rb")


@pytest.mark.parametrize("lost_input", [closed_input, terminal_that_went_away])
async def test_an_input_that_can_no_longer_be_read_ends_the_door(
    everything: Server, lost_input: Callable[[], BinaryIO]
) -> None:
    async with asyncio.timeout(ANSWER_SECONDS):
        with closing(lost_input()) as source:
            await stdio.bridge(ConnectionOptions(everything.address), source, io.BytesIO())
