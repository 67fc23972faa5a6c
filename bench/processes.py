"""The server and client processes of a scenario: started, pinned, spoken to, and ended for certain.

It knows no scenario. Whatever a process does, no wait here is without a bound.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
import signal
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

REPOSITORY: Final = Path(__file__).resolve().parent.parent
START_SECONDS: Final = 60.0
END_SECONDS: Final = 5.0
ANSWER_GRACE_SECONDS: Final = 90.0
LINE_BYTES: Final = 1 << 20
SHOWN_BYTES: Final = 1_000


class ProcessError(Exception):
    """A process did not start, answer or stay; the message says which and what it wrote last."""


@dataclass(frozen=True, slots=True)
class Pinning:
    """Which processors processes run on.

    Attributes:
        server: those of servers; empty where nothing can be pinned.
        client: those of clients.
        note: what a reader of results must know.
    """

    server: tuple[int, ...]
    client: tuple[int, ...]
    note: str

    @classmethod
    def of(cls, cpus: Sequence[int]) -> Pinning:
        """A processor each, where there are two."""
        if len(cpus) < 2:
            return cls((), (), f"not pinned: {len(cpus) or 'no'} processor can be chosen")
        server, client = cpus[0], cpus[1]
        note = f"servers on processor {server}, clients on processor {client}"
        return cls((server,), (client,), note)


def pinned(cpus: Sequence[int], command: Sequence[str]) -> list[str]:
    """A command that runs on these processors, and ends with this process."""
    chosen = ",".join(map(str, cpus)) or "any"
    return [sys.executable, "-m", "bench.pinned", chosen, "--", *command]


@dataclass(frozen=True, slots=True)
class RunningServer:
    """A server that answers.

    Attributes:
        target: where.
        pid: its process, for what the kernel says of it.
    """

    target: str
    pid: int


@asynccontextmanager
async def running_server(
    command: Sequence[str], answers: str, log: Path, environment: Mapping[str, str]
) -> AsyncIterator[RunningServer]:
    """A server process while the context is open; what it writes goes to the log.

    Args:
        command: its words.
        answers: a pattern; the first line in which it is found says where it answers.
        log: for both of its streams.
        environment: variables beside those of this process.

    Raises:
        ProcessError: it did not say where it answers within START_SECONDS.
    """
    with log.open("wb") as errors:
        process = await _start(
            command, environment, stderr=errors, stdin=asyncio.subprocess.DEVNULL
        )
        reading: asyncio.Task[None] | None = None
        try:
            target = await _answering(process, re.compile(answers), log)
            reading = asyncio.create_task(_discard(process))
            yield RunningServer(target, process.pid)
        finally:
            await _end(process)
            if reading is not None:
                await reading


class ClientProcess:
    """A client process that answers lines with lines; `running_client` starts it."""

    def __init__(self, process: asyncio.subprocess.Process, log: Path) -> None:
        self._process = process
        self._log = log

    @property
    def has_ended(self) -> bool:
        """Whether the process is gone, and with it every answer to come."""
        return self._process.returncode is not None

    async def ask(self, command: dict[str, Any], seconds: float) -> dict[str, Any]:
        """Have a command done that should take `seconds`; gives its figures.

        Raises:
            ProcessError: it failed, ended, or did not answer ANSWER_GRACE_SECONDS after.
        """
        assert self._process.stdin is not None
        with contextlib.suppress(ConnectionError):
            self._process.stdin.write(json.dumps(command).encode() + b"\n")
            await self._process.stdin.drain()
        return await self.answer(seconds + ANSWER_GRACE_SECONDS)

    async def answer(self, timeout_seconds: float) -> dict[str, Any]:
        """The next line, as JSON.

        Raises:
            ProcessError: it says that it failed, or there is none.
        """
        assert self._process.stdout is not None
        try:
            async with asyncio.timeout(timeout_seconds):
                line = await self._process.stdout.readline()
        except TimeoutError:
            raise ProcessError(f"the client did not answer in {timeout_seconds:.0f} s") from None
        if not line:
            raise ProcessError(f"the client ended: {last_line(self._log)}")
        answer: dict[str, Any] = json.loads(line)
        if "failure" in answer:
            raise ProcessError(answer["failure"])
        return answer


@asynccontextmanager
async def running_client(
    spec: dict[str, Any], cpus: Sequence[int], log: Path, environment: Mapping[str, str]
) -> AsyncIterator[ClientProcess]:
    """A client process while the context is open, connected.

    Raises:
        ProcessError: it could not connect.
    """
    command = pinned(cpus, [sys.executable, "-m", "bench.client", json.dumps(spec)])
    with log.open("wb") as errors:
        process = await _start(command, environment, stderr=errors, stdin=asyncio.subprocess.PIPE)
        try:
            client = ClientProcess(process, log)
            await client.answer(START_SECONDS)
            yield client
        finally:
            await _end(process)


def last_line(log: Path) -> str:
    """The last line of a log that says something, for a message of one line."""
    written = log.read_bytes()[-SHOWN_BYTES:].decode(errors="replace")
    # Groups of exceptions are drawn with a frame around them.
    lines = [line for line in (each.strip(" |+-") for each in written.splitlines()) if line]
    return lines[-1] if lines else "it wrote nothing"


async def _start(
    command: Sequence[str], environment: Mapping[str, str], *, stdin: int, stderr: Any
) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        *command,
        cwd=REPOSITORY,
        env=_environment(environment),
        stdin=stdin,
        stdout=asyncio.subprocess.PIPE,
        stderr=stderr,
        limit=LINE_BYTES,
        start_new_session=True,
    )


async def _answering(
    process: asyncio.subprocess.Process, answers: re.Pattern[str], log: Path
) -> str:
    assert process.stdout is not None
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(START_SECONDS):
            async for line in process.stdout:
                if found := answers.search(line.decode(errors="replace")):
                    return found[1]
    raise ProcessError(f"the server did not say where it answers: {last_line(log)}")


async def _discard(process: asyncio.subprocess.Process) -> None:
    """Read on, so that the server never waits for its reader."""
    assert process.stdout is not None
    while await process.stdout.read(1 << 16):
        pass


async def _end(process: asyncio.subprocess.Process) -> None:
    """Ask it to end, and end its group where it does not."""
    with contextlib.suppress(ProcessLookupError, TimeoutError):
        process.terminate()
        async with asyncio.timeout(END_SECONDS):
            await process.wait()
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    await process.wait()


def _environment(more: Mapping[str, str]) -> dict[str, str]:
    """This process's variables, but for those that would configure the servers behind our back."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("MCPGRPC_")}
    plain = {"NO_COLOR": "1", "COLUMNS": "200", "PYTHONUNBUFFERED": "1", "GRPC_VERBOSITY": "ERROR"}
    return kept | plain | dict(more)
