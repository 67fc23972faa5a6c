"""Carries requests to a command that speaks MCP over its standard input and output.

It does not start a command again and knows neither methods nor eras: one carrier is one process,
and every message is one line of text that passes as it is.
"""

from __future__ import annotations

import asyncio
import logging
from typing import Any, Final

from mcpgrpc.binding import codec, errors, ids, json_members, json_text
from mcpgrpc.binding.core import CANCELLED_METHOD
from mcpgrpc.binding.errors import Refusal
from mcpgrpc.binding.ids import Id
from mcpgrpc.binding.in_flight import LISTEN_METHOD
from mcpgrpc.errors import ConnectionLost
from mcpgrpc.stream.carrier import Exchange, Inbox
from mcpgrpc.v1 import envelope_pb2, errors_pb2
from mcpgrpc_server.upstream.bounded_log import BoundedLog
from mcpgrpc_server.upstream.stdio.environment import secret_values
from mcpgrpc_server.upstream.stdio.incoming import IncomingMessages, UnattributableMessageError
from mcpgrpc_server.upstream.stdio.limits import DEFAULT_LIMITS, StdioLimits
from mcpgrpc_server.upstream.stdio.lines import LineSplitter
from mcpgrpc_server.upstream.stdio.outgoing_lines import OutgoingLines
from mcpgrpc_server.upstream.stdio.pending import Pending, Waiting, progress_token
from mcpgrpc_server.upstream.stdio.process import ChildProcess, Command

logger = logging.getLogger("mcpgrpc.upstream")

READ_BYTES: Final = 64 * 1024
"""Taken at once: a pipe's capacity. Other work has its turn after as much."""

INITIALIZE_METHOD: Final = "initialize"

LAST_WORDS_SECONDS: Final = 1.0
"""How long the output of a command that has ended is read, since something may hold it open."""


class StdioCarrier:
    """A `Carrier` over one process, from `open` to the end of the process or `close`.

    The end of the process, or of one of its pipes, is told to `inbox.session_over` once, with how
    the process ended. Timeouts of exchanges are left to whoever asks.

    Args:
        name: the upstream's name, for messages and the log.
        command: what is started.
        inbox: who hears what comes unasked.
        limits: the bounds.
    """

    def __init__(
        self, name: str, command: Command, inbox: Inbox, limits: StdioLimits = DEFAULT_LIMITS
    ) -> None:
        self._name = name
        self._command = command
        self._inbox = inbox
        self._limits = limits
        self._outgoing = OutgoingLines(limits.high_water_bytes)
        self._pending = Pending(limits.settle_seconds)
        self._log = BoundedLog(name, logging.WARNING, secret_values(command.environment))
        self._incoming = IncomingMessages(
            name, inbox, self._pending, self._answer, self._log, limits.max_server_requests
        )
        self._loop = asyncio.get_running_loop()
        self._opening = asyncio.Lock()
        self._over: asyncio.Future[str] = self._loop.create_future()
        self._watching: asyncio.Task[None] | None = None
        self._closed = False

    async def open(self) -> None:
        """Start the command; does nothing when it has been started.

        Raises:
            ConnectError: it cannot be started.
            ConnectionLost: this carrier is closed.
        """
        async with self._opening:
            self._check_not_over()
            if self._watching is None:
                process = await ChildProcess.start(self._name, self._command)
                self._watching = asyncio.create_task(
                    self._watch(process), name=f"upstream {self._name}"
                )
        self._check_not_over()

    async def exchange(self, exchange: Exchange) -> envelope_pb2.Envelope:
        """Carry a request and give the envelope of its response, an answer of this end included.

        Cancelling sends `notifications/cancelled`, except where the request was never sent, and
        for `initialize`, which must not be cancelled.

        Raises:
            ConnectionLost: the process or a pipe of it ended; NOT_STARTED when the request had not
                been written.
            ValueError: the envelope is no request, or its id is under way.
        """
        envelope = exchange.envelope
        data = _line(envelope)
        await self._room()
        if len(self._pending) >= self._limits.max_exchanges:
            return _answer_of(self._overloaded(), envelope)
        waiting = self._submit(envelope, data)
        try:
            return await waiting.answer
        except asyncio.CancelledError:
            self._abandon(waiting, exchange)
            raise

    async def notify(self, envelope: envelope_pb2.Envelope) -> None:
        """Send a notification when there is room; when the process is over, nobody is told.

        Raises:
            ValueError: the envelope is no message.
        """
        data = _line(envelope)
        if self._watching is not None:
            await self._outgoing.room()
            self._outgoing.put(data)

    async def close(self) -> None:
        """End the process; what is under way fails. Bounded by the seconds of the command."""
        self._closed = True
        self._lose(f"the connection to the upstream {self._name!r} was closed")
        async with self._opening:
            watching = self._watching
        if watching is not None:
            await asyncio.shield(watching)

    async def _room(self) -> None:
        if self._watching is None:
            raise ConnectionLost(
                f"the upstream {self._name!r} is not started", execution="NOT_STARTED"
            )
        self._check_not_over()
        await self._outgoing.room()
        self._check_not_over()

    def _check_not_over(self) -> None:
        if self._over.done():
            why = f"{self._over.result()}; nothing was sent"
            raise ConnectionLost(why, execution="NOT_STARTED")

    def _submit(self, envelope: envelope_pb2.Envelope, data: bytes) -> Waiting:
        request = envelope.request
        request_id = ids.from_message(request.id)
        if request_id is None:
            raise ValueError("a request needs an id")
        self._pending.check_free(request_id)
        waiting = Waiting(
            request_id,
            request.method,
            progress_token(request.params_json),
            self._outgoing.put(data),
            self._loop.create_future(),
        )
        self._pending.add(waiting)
        return waiting

    def _abandon(self, waiting: Waiting, exchange: Exchange) -> None:
        if not self._pending.cancel(waiting) or self._outgoing.withdraw(waiting.line):
            return
        if waiting.method == INITIALIZE_METHOD:
            return
        if waiting.method != LISTEN_METHOD:
            self._pending.hold_guesses()
        # Without waiting for room: the task is being cancelled, and it is short.
        self._outgoing.put(_line(_cancellation(waiting.id, exchange.cancellation_json)))

    def _answer(self, response: envelope_pb2.JsonRpcResponse) -> None:
        try:
            data = _line(envelope_pb2.Envelope(response=response))
        except codec.InvalidMessageError as error:
            self._log.line(f"the answer to a request of its own is none: {error}")
            instead = errors.failure(errors.INTERNAL_ERROR, "the client's answer is not JSON-RPC")
            instead.id.CopyFrom(response.id)
            data = _line(envelope_pb2.Envelope(response=instead))
        self._outgoing.put(data)
        if self._outgoing.queued_bytes > self._limits.max_unread_bytes:
            # Later, since whoever answers is not prepared to hear of it in the middle of that.
            why = f"the upstream {self._name!r} does not read its input"
            self._loop.call_soon(self._lose, why)

    def _overloaded(self) -> Refusal:
        under_way = len(self._pending)
        return Refusal(
            errors_pb2.ERROR_REASON_OVERLOADED,
            f"the upstream {self._name!r} has {under_way} requests under way; try again later",
        )

    async def _watch(self, process: ChildProcess) -> None:
        """Read and write until the connection is over; then end what is left of the process."""
        reading = asyncio.create_task(self._read(process), name=f"reading {self._name}")
        writing = asyncio.create_task(self._write(process), name=f"writing to {self._name}")
        exited, input_lost = process.pipes.exited, process.pipes.input_lost
        any_end: set[asyncio.Future[Any]] = {reading, exited, input_lost, self._over}
        try:
            await asyncio.wait(any_end, return_when=asyncio.FIRST_COMPLETED)
            # What is queued from here on goes nowhere, and can say so.
            writing.cancel()
            if not self._over.done():
                # Answers that it has still written count, and how it ended is worth a moment.
                await asyncio.wait({reading, exited}, timeout=LAST_WORDS_SECONDS)
                self._lose(f"the upstream {self._name!r} {_what_happened(process, reading)}")
        finally:
            reading.cancel()
            writing.cancel()
            await process.end()
            self._log.close()

    async def _read(self, process: ChildProcess) -> None:
        lines = LineSplitter(self._limits.max_message_bytes)
        try:
            while data := await process.pipes.stdout.read(READ_BYTES):
                for line in lines.feed(data):
                    self._incoming.take(line)
                    await self._inbox.caught_up()
        except UnattributableMessageError as error:
            self._lose(f"the upstream {self._name!r} sent {error}")
        except Exception:
            # A fault above must leave nobody waiting for what will not be read.
            logger.exception("%s: what it sent could not be passed on", self._name)
            self._lose(f"what the upstream {self._name!r} sent could not be passed on")
        rest = lines.rest()
        if rest is not None:
            self._incoming.cut_off(rest)

    async def _write(self, process: ChildProcess) -> None:
        pipes = process.pipes
        while not pipes.input_lost.done() and (batch := await self._outgoing.next_batch()):
            await pipes.write(batch)

    def _lose(self, why: str) -> None:
        """The connection is over: fail what is under way, and tell who is above."""
        if self._over.done():
            return
        self._over.set_result(why)
        for waiting in self._pending.take_all():
            waiting.fail(_lost(why, waiting.method, sent=not self._outgoing.withdraw(waiting.line)))
        self._outgoing.close()
        if not self._closed:
            self._inbox.session_over(ConnectionLost(why, execution="MAYBE"))


def _line(envelope: envelope_pb2.Envelope) -> bytes:
    text = codec.text_from_envelope(envelope)
    # A line break in JSON can only stand between tokens.
    return text.replace("\n", " ").replace("\r", " ").encode() + b"\n"


def _cancellation(request_id: Id, params_json: str | None) -> envelope_pb2.Envelope:
    """The cancellation as the client sent it, with the id that the request has here."""
    try:
        json_text.parse(params_json or "")
        members = json_members.cut(params_json or "")
    except ValueError:
        members = {"reason": '"the client stopped waiting"'}
    members["requestId"] = json_text.dump(request_id)
    notification = envelope_pb2.JsonRpcNotification(
        method=CANCELLED_METHOD, params_json=json_members.join(members)
    )
    return envelope_pb2.Envelope(notification=notification)


def _answer_of(refusal: Refusal, request: envelope_pb2.Envelope) -> envelope_pb2.Envelope:
    response = refusal.response()
    response.id.CopyFrom(request.request.id)
    return envelope_pb2.Envelope(response=response)


def _lost(why: str, method: str, *, sent: bool) -> ConnectionLost:
    if sent:
        return ConnectionLost(f"{why} under {method}, which may have run", execution="MAYBE")
    return ConnectionLost(f"{why}; {method} was not sent", execution="NOT_STARTED")


def _what_happened(process: ChildProcess, reading: asyncio.Task[None]) -> str:
    if process.pipes.exited.done():
        return process.how_it_ended
    return "closed its output" if reading.done() else "closed its input"
