"""One command as a child process: started without a shell, in a process group of its own, ended.

It does not know what goes over the pipes, and it does not start a command again. When this process
is killed, the child reads the end of its standard input, and that is all that can be done: Linux
can send a signal as well (PR_SET_PDEATHSIG), but only code between fork and exec can ask for it,
which is not safe beside threads, and it is bound to the thread that forked, not to the process.
"""

from __future__ import annotations

import asyncio
import errno
import logging
import os
import shlex
import shutil
import signal
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Self

from mcpgrpc.errors import ConnectError
from mcpgrpc_server.upstream.bounded_log import BoundedLog
from mcpgrpc_server.upstream.stdio.child_pipes import READ_BUFFER_BYTES, ChildPipes
from mcpgrpc_server.upstream.stdio.environment import secret_values
from mcpgrpc_server.upstream.stdio.lines import Line, LineSplitter, LongLine
from mcpgrpc_server.upstream.stdio.process_group import ProcessGroup

logger = logging.getLogger("mcpgrpc.upstream")

MAX_STDERR_LINE_BYTES: Final = 16 * 1024
"""Kept of a line on standard error, of which less is shown."""

SHOWN_OF_LONG_LINE_BYTES: Final = 512

KILLED_SECONDS: Final = 2.0
"""How long the kernel may take to end what was killed; only a stuck file system takes longer."""

LAST_LINES_SECONDS: Final = 0.5
"""How long standard error is read to its end when a stray process may hold it open."""


@dataclass(frozen=True, slots=True)
class Command:
    """What is started, and how it is ended.

    Attributes:
        argv: the program, looked up on the PATH of `environment`, and its arguments.
        environment: all that the command sees; see `environment.child_environment`.
        directory: where it runs; None for where this process runs.
        grace_seconds: how long it may take to end when its standard input is closed.
        terminate_seconds: how long it may take to end after SIGTERM; SIGKILL follows.
    """

    # Arguments and variables may be credentials: they are no part of what is printed.
    argv: tuple[str, ...] = field(repr=False)
    environment: Mapping[str, str] = field(repr=False)
    directory: str | None = None
    grace_seconds: float = 2.0
    terminate_seconds: float = 2.0


def split_command(text: str) -> tuple[str, ...]:
    """A command line as program and arguments, by the rules of a shell's words; no shell runs.

    Raises:
        ValueError: there is no program in it, or a quotation is not closed; says so in one line.
    """
    try:
        argv = tuple(shlex.split(text))
    except ValueError as error:
        reason = str(error).lower()
        raise ValueError(f"the command cannot be split into words: {reason}") from None
    if not argv or not argv[0]:
        raise ValueError("the command is empty; a program and its arguments are needed")
    if "\0" in text:
        raise ValueError("the command holds a NUL, which no argument can")
    return argv


class ChildProcess:
    """A command that runs; made by `start`. What it writes to standard error goes to the log.

    Attributes:
        pipes: its standard input and output.
    """

    def __init__(
        self,
        name: str,
        command: Command,
        transport: asyncio.SubprocessTransport,
        pipes: ChildPipes,
    ) -> None:
        self.pipes = pipes
        self._name = name
        self._command = command
        self._transport = transport
        self._group = ProcessGroup(transport.get_pid())
        self._ending: asyncio.Task[None] | None = None
        self._logging = asyncio.create_task(self._log_stderr(), name=f"standard error of {name}")

    @classmethod
    async def start(cls, name: str, command: Command) -> Self:
        """Start a command.

        Args:
            name: the upstream's name, for messages and the log.
            command: what to start.

        Raises:
            ConnectError: it cannot be started; says why.
        """
        loop = asyncio.get_running_loop()
        try:
            transport, pipes = await loop.subprocess_exec(
                ChildPipes,
                *command.argv,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env=dict(command.environment),
                cwd=command.directory,
                start_new_session=True,
            )
        except (OSError, ValueError) as error:
            why = _why_not_started(command, error)
            raise ConnectError(f"the upstream {name!r} cannot be started: {why}") from None
        return cls(name, command, transport, pipes)

    @property
    def how_it_ended(self) -> str:
        """How it ended, to follow its name ("ended with status 1"); "is running" until then."""
        status = self._transport.get_returncode()
        if status is None:
            return "is running"
        if status < 0:
            return f"was ended by {_signal_name(-status)}"
        return f"ended with status {status}"

    async def end(self) -> None:
        """End the command and what it has started: end of input, then SIGTERM, then SIGKILL.

        Bounded by the seconds of the command and a little. Cancelling does not keep it from
        ending. Can be called again, and when the command has ended by itself.
        """
        if self._ending is None:
            self._ending = asyncio.create_task(self._end(), name=f"ending {self._name}")
        await asyncio.shield(self._ending)

    async def _end(self) -> None:
        self.pipes.close_stdin()
        self.pipes.stop_listening()
        ended = await self._wait_ended(self._command.grace_seconds)
        if not ended:
            self._group.send(signal.SIGTERM)
            ended = await self._wait_ended(self._command.terminate_seconds)
        if not ended:
            self._group.send(signal.SIGKILL)
            # Not for the others: what is dead counts as one of the group until its parent, which
            # may be any process by now, has taken note.
            await asyncio.wait({self.pipes.exited}, timeout=KILLED_SECONDS)
        if not self.pipes.exited.done():
            logger.warning("%s: it is still there after SIGKILL", self._name)
        # What it said at last is still in the pipe, whose end comes with the last process.
        await asyncio.wait({self._logging}, timeout=LAST_LINES_SECONDS)
        self.pipes.close()
        await self._logging

    async def _wait_ended(self, timeout_seconds: float) -> bool:
        """Wait until the command and everything in its group has ended."""
        give_up = asyncio.get_running_loop().time() + timeout_seconds
        await asyncio.wait({self.pipes.exited}, timeout=timeout_seconds)
        if not self.pipes.exited.done():
            return False
        return await self._group.wait_empty(give_up - asyncio.get_running_loop().time())

    async def _log_stderr(self) -> None:
        log = BoundedLog(self._name, logging.INFO, secret_values(self._command.environment))
        lines = LineSplitter(MAX_STDERR_LINE_BYTES)
        while data := await self.pipes.stderr.read(READ_BUFFER_BYTES):
            for line in lines.feed(data):
                _log_line(log, line)
        rest = lines.rest()
        if rest is not None:
            _log_line(log, rest)
        log.close()


def _log_line(log: BoundedLog, line: Line) -> None:
    if isinstance(line, LongLine):
        beginning = line.head[:SHOWN_OF_LONG_LINE_BYTES].decode("utf-8", "replace")
        log.line(f"a line of {line.size_bytes} bytes, which begins: {beginning}")
    elif text := line.decode("utf-8", "replace").strip():
        log.line(text)


def _why_not_started(command: Command, error: Exception) -> str:
    """Why a command cannot be started, for people. Names the program, never its arguments."""
    program = command.argv[0]
    if isinstance(error, FileNotFoundError | NotADirectoryError | PermissionError):
        if command.directory is not None and error.filename == command.directory:
            return f"it cannot run in {command.directory}, which is no directory open to us"
        return _why_not_found(command, program)
    if isinstance(error, OSError) and error.errno == errno.ENOEXEC:
        return f"{program!r} is no program; a script needs a first line that begins with #!"
    reason = error.strerror if isinstance(error, OSError) else None
    return f"{program!r}: {reason or error}"


def _why_not_found(command: Command, program: str) -> str:
    if os.path.dirname(program):
        path = os.path.join(command.directory or "", program)
        if not os.path.exists(path):
            return f"no command {program!r}"
        if not os.path.isfile(path) or not os.access(path, os.X_OK):
            return f"{program!r} is not executable"
    elif shutil.which(program, path=command.environment.get("PATH", os.defpath)) is None:
        return f"no command {program!r} on PATH"
    return f"{program!r} is there, but not the interpreter that its first line names"


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
