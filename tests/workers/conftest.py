"""`mcpgrpc serve --workers`, as a process group of its own, and calls that choose their worker."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any, Final

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from mcpgrpc.v1 import tools_service_pb2, tools_service_pb2_grpc

SECONDS: Final = 120
APP: Final = str(Path(__file__).with_name("served_app.py"))
COMMAND: Final = (sys.executable, "-P", "-m", "mcpgrpc.cli.main", "serve")
OWN_CONNECTION: Final = (("grpc.use_local_subchannel_pool", 1),)


def text_of(answer: Any) -> str:
    """The text of a complete answer."""
    assert answer.HasField("complete"), answer
    assert not answer.complete.is_error, answer
    return str(answer.complete.content[0].text.text)


class Connection:
    """One connection, and so one worker."""

    def __init__(self, channel: grpc.aio.Channel) -> None:
        self._channel = channel
        self._tools: Any = tools_service_pb2_grpc.ToolsServiceStub(channel)

    async def call(self, tool: str, **arguments: Any) -> str:
        """The text that a tool gives."""
        request = tools_service_pb2.CallToolRequest(name=tool, arguments_json=json.dumps(arguments))
        return text_of(await self.ask(request))

    async def ask(self, request: tools_service_pb2.CallToolRequest) -> Any:
        """The answer to a request of one's own."""
        return await self._tools.CallTool(request, timeout=SECONDS)

    async def pid(self) -> int:
        """The worker that answers on this connection."""
        return int(await self.call("pid"))


@asynccontextmanager
async def connection(address: str) -> AsyncIterator[Connection]:
    """A connection that is shared with nobody."""
    async with grpc.aio.insecure_channel(address, options=OWN_CONNECTION) as channel:
        yield Connection(channel)


@asynccontextmanager
async def one_to_each(address: str, count: int) -> AsyncIterator[dict[int, Connection]]:
    """Connections to so many workers, by process; opened until the kernel has chosen each."""
    async with AsyncExitStack() as stack:
        found: dict[int, Connection] = {}
        async with asyncio.timeout(SECONDS):
            while len(found) < count:
                opened = await stack.enter_async_context(connection(address))
                found.setdefault(await opened.pid(), opened)
        yield found


async def health_of(address: str, service: str = "") -> str:
    """What health says of a service."""
    async with grpc.aio.insecure_channel(address, options=OWN_CONNECTION) as channel:
        check = health_pb2_grpc.HealthStub(channel).Check
        answer = await check(health_pb2.HealthCheckRequest(service=service), timeout=SECONDS)
        return str(health_pb2.HealthCheckResponse.ServingStatus.Name(answer.status))


@asynccontextmanager
async def watched_health(address: str, service: str = "") -> AsyncIterator[Any]:
    """A watch of a service's health; iterating gives each status by name."""

    async def statuses(call: Any) -> AsyncIterator[str]:
        async for answer in call:
            yield str(health_pb2.HealthCheckResponse.ServingStatus.Name(answer.status))

    async with grpc.aio.insecure_channel(address, options=OWN_CONNECTION) as channel:
        request = health_pb2.HealthCheckRequest(service=service)
        call = health_pb2_grpc.HealthStub(channel).Watch(request, timeout=SECONDS)
        yield statuses(call)
        call.cancel()


class Workers:
    """A `mcpgrpc serve --workers` that was started, and what it has written."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self.banner: dict[str, str] = {}
        self.out: list[str] = []
        self.lines: list[str] = []
        self._wrote = asyncio.Condition()
        self._reading = asyncio.gather(
            self._read(process.stdout, self.out), self._read(process.stderr, self.lines)
        )

    @property
    def address(self) -> str:
        return self.banner["address"]

    async def serving(self) -> None:
        """Wait for the banner."""
        await self.until(lambda: any(line.strip().startswith("try") for line in self.out))
        rows = (line.strip().partition(" ") for line in self.out)
        self.banner = {label: text.strip() for label, _, text in rows}

    async def logged(self, message: str, **more: Any) -> dict[str, Any]:
        """Wait for a line of the log that begins so; gives its fields."""
        found: list[dict[str, Any]] = []

        def look() -> bool:
            found[:] = [each for each in self.records() if fits(each)]
            return bool(found)

        def fits(record: Mapping[str, Any]) -> bool:
            begins = str(record["message"]).startswith(message)
            return begins and more.items() <= record.items()

        await self.until(look)
        return found[0]

    def records(self) -> list[dict[str, Any]]:
        """The lines of the log so far."""
        return [json.loads(line) for line in self.lines if line.startswith("{")]

    async def told_address(self, what: str) -> str:
        """Where the supervisor says that health, or metrics, are."""
        prefix = f"{what} of all workers at "
        return str((await self.logged(prefix))["message"]).removeprefix(prefix)

    async def ended(self) -> int:
        """Wait for its end; gives the exit code."""
        async with asyncio.timeout(SECONDS):
            await self._reading
            return await self.process.wait()

    async def until(self, look: Callable[[], bool]) -> None:
        """Wait until what was written makes this true."""
        try:
            async with asyncio.timeout(SECONDS), self._wrote:
                while not look():
                    assert not self._reading.done(), (self.out, self.lines)
                    await self._wrote.wait()
        except TimeoutError:
            raise AssertionError((self.out, self.lines)) from None

    async def _read(self, stream: asyncio.StreamReader | None, into: list[str]) -> None:
        assert stream is not None
        async for line in stream:
            async with self._wrote:
                into.append(line.decode().rstrip("\n"))
                self._wrote.notify_all()


@asynccontextmanager
async def started(*words: str, app: str = APP, **variables: str) -> AsyncIterator[Workers]:
    """Starts `mcpgrpc serve --workers` in a group of its own, as a terminal does."""
    kept = {name: text for name, text in os.environ.items() if not name.startswith("MCPGRPC_")}
    process = await asyncio.create_subprocess_exec(
        *COMMAND,
        app,
        *("--listen", "127.0.0.1:0", *words),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=kept | {"NO_COLOR": "1", "COLUMNS": "200", "GRPC_VERBOSITY": "ERROR"} | variables,
        start_new_session=True,
        limit=1 << 20,
    )
    workers = Workers(process)
    try:
        yield workers
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await workers.ended()


@asynccontextmanager
async def serving(*words: str, count: int = 2, **variables: str) -> AsyncIterator[Workers]:
    """Workers that serve."""
    async with started("--workers", str(count), *words, **variables) as workers:
        await workers.serving()
        yield workers


async def gone(pid: int) -> None:
    """Wait until a process that is no child of this one has ended."""
    with contextlib.suppress(ProcessLookupError):
        watched = os.pidfd_open(pid)
        try:
            loop = asyncio.get_running_loop()
            over = asyncio.Event()
            loop.add_reader(watched, over.set)
            try:
                await asyncio.wait_for(over.wait(), SECONDS)
            finally:
                loop.remove_reader(watched)
        finally:
            os.close(watched)


@pytest.fixture
def flag(tmp_path: Path) -> Path:
    """A file that is not there yet."""
    return tmp_path / "flag"
