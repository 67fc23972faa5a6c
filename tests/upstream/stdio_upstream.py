"""A stdio upstream in a test: a command, a carrier over it, and an inbox that keeps what it hears.

It holds no tests. Where a test has to know what a process does, the process says so on a lifeline,
a connection whose end is the process's end.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar

import pytest

from mcpgrpc.binding import ids
from mcpgrpc.binding.ids import Id
from mcpgrpc.errors import ConnectionLost
from mcpgrpc.stream.carrier import Exchange, Reply
from mcpgrpc.v1 import envelope_pb2
from mcpgrpc_server.upstream.stdio.carrier import StdioCarrier
from mcpgrpc_server.upstream.stdio.limits import DEFAULT_LIMITS, StdioLimits
from mcpgrpc_server.upstream.stdio.process import ChildProcess, Command

ANSWER_SECONDS = 20
NAME = "files"

Result = TypeVar("Result")


def request(
    request_id: Id, method: str, params: dict[str, Any] | str | None = None
) -> envelope_pb2.Envelope:
    """The envelope of a request; params that are text go as they are."""
    message = envelope_pb2.JsonRpcRequest(id=ids.to_message(request_id), method=method)
    if params is not None:
        message.params_json = params if isinstance(params, str) else json.dumps(params)
    return envelope_pb2.Envelope(request=message)


def notification(method: str, params: dict[str, Any] | None = None) -> envelope_pb2.Envelope:
    """The envelope of a notification."""
    message = envelope_pb2.JsonRpcNotification(method=method)
    if params is not None:
        message.params_json = json.dumps(params)
    return envelope_pb2.Envelope(notification=message)


def result_of(envelope: envelope_pb2.Envelope) -> Any:
    """The result in the envelope of a response, parsed."""
    assert envelope.response.WhichOneof("outcome") == "result_json", envelope
    return json.loads(envelope.response.result_json)


class RecordingInbox:
    """Keeps what a carrier reports.

    Attributes:
        notifications: envelopes, and the requests that they belong to.
        requests: envelopes, and what takes the answer.
        withdrawn: ids of requests of the server that it has cancelled.
        ends: the errors of `session_over`.
        is_over: set with the first of them.
        gate: `caught_up` waits while it is clear.
    """

    def __init__(self) -> None:
        self.notifications: asyncio.Queue[tuple[envelope_pb2.Envelope, Id | None]] = asyncio.Queue()
        self.requests: asyncio.Queue[tuple[envelope_pb2.Envelope, Reply]] = asyncio.Queue()
        self.withdrawn: asyncio.Queue[Id] = asyncio.Queue()
        self.ends: list[Exception | None] = []
        self.is_over = asyncio.Event()
        self.gate = asyncio.Event()
        self.gate.set()

    def notification(self, envelope: envelope_pb2.Envelope, related: Id | None) -> None:
        stated = envelope.HasField("related_request_id")
        assert (ids.from_message(envelope.related_request_id) if stated else None) == related
        self.notifications.put_nowait((envelope, related))

    def request(self, envelope: envelope_pb2.Envelope, reply: Reply) -> None:
        self.requests.put_nowait((envelope, reply))

    def request_cancelled(self, request_id: Id) -> None:
        self.withdrawn.put_nowait(request_id)

    async def caught_up(self) -> None:
        await self.gate.wait()

    def session_over(self, error: Exception | None) -> None:
        self.ends.append(error)
        self.is_over.set()

    def request_stream_close(self, request_id: Id) -> None:
        raise AssertionError("no stdio server can ask for that")

    def standalone_stream_close(self) -> None:
        raise AssertionError("no stdio server can ask for that")


@dataclass(frozen=True)
class Upstream:
    """A carrier that is open, and what it reports to."""

    carrier: StdioCarrier
    inbox: RecordingInbox
    tasks: list[asyncio.Task[envelope_pb2.Envelope]] = field(default_factory=list)

    def start(
        self,
        request_id: Id,
        method: str = "tools/call",
        params: dict[str, Any] | str | None = None,
        cancellation_json: str | None = None,
    ) -> asyncio.Task[envelope_pb2.Envelope]:
        """Begin an exchange; it has its place in the order when the loop has turned once."""
        exchange = Exchange(
            request(request_id, method, params), cancellation_json=cancellation_json
        )
        task = asyncio.create_task(self.carrier.exchange(exchange), name=f"exchange {request_id}")
        self.tasks.append(task)
        return task

    async def ask(
        self,
        request_id: Id,
        method: str = "tools/call",
        params: dict[str, Any] | str | None = None,
    ) -> envelope_pb2.Envelope:
        """Carry a request and wait for its answer."""
        return await soon(self.start(request_id, method, params))

    async def told(self) -> tuple[envelope_pb2.JsonRpcNotification, Id | None]:
        """The next notification."""
        envelope, related = await soon(self.inbox.notifications.get())
        return envelope.notification, related

    async def asked(self) -> tuple[envelope_pb2.Envelope, Reply]:
        """The next request of the server."""
        return await soon(self.inbox.requests.get())


async def soon(awaitable: Awaitable[Result]) -> Result:
    """Its result, or a failure when it takes too long."""
    async with asyncio.timeout(ANSWER_SECONDS):
        return await awaitable


@asynccontextmanager
async def upstream(
    command: Command, limits: StdioLimits = DEFAULT_LIMITS
) -> AsyncIterator[Upstream]:
    """A carrier over a command, from its start to its end."""
    inbox = RecordingInbox()
    carrier = StdioCarrier(NAME, command, inbox, limits)
    await carrier.open()
    opened = Upstream(carrier, inbox)
    try:
        yield opened
    finally:
        inbox.gate.set()
        await soon(carrier.close())
        await soon(asyncio.gather(*opened.tasks, return_exceptions=True))


class Lifelines:
    """Where processes report; each line that they send, and the end of each.

    Attributes:
        port: on 127.0.0.1, to be given to the process.
    """

    def __init__(self) -> None:
        self.port = 0
        self._lines: asyncio.Queue[str] = asyncio.Queue()
        self._ends: asyncio.Queue[None] = asyncio.Queue()
        self._writers: list[asyncio.StreamWriter] = []

    async def line(self) -> str:
        """The next line that a process reports."""
        line: str = await soon(self._lines.get())
        return line

    async def end(self) -> None:
        """Wait until one more process has ended."""
        await soon(self._ends.get())

    def send(self, data: bytes) -> None:
        """Send something to the process that reported last."""
        self._writers[-1].write(data)

    async def take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.append(writer)
        while line := await reader.readline():
            self._lines.put_nowait(line.decode().strip())
        self._ends.put_nowait(None)
        writer.close()


@asynccontextmanager
async def lifelines() -> AsyncIterator[Lifelines]:
    """Somewhere for processes to report to."""
    lines = Lifelines()
    server = await asyncio.start_server(lines.take, "127.0.0.1", 0)
    lines.port = server.sockets[0].getsockname()[1]
    try:
        yield lines
    finally:
        server.close()


async def lost(task: asyncio.Task[envelope_pb2.Envelope]) -> ConnectionLost:
    """Why an exchange was lost."""
    with pytest.raises(ConnectionLost) as error:
        await soon(task)
    return error.value


async def output_of(command: Command) -> bytes:
    """What a command writes until it ends by itself."""
    process = await soon(ChildProcess.start(NAME, command))
    written: bytes = await soon(process.pipes.stdout.read())
    await process.end()
    return written
