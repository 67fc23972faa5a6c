"""Constant load of the Python client as a test holds it: begun, waited for by count, and ended.

The calls are made by `load_process`; this neither calls nor counts executions.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).parents[2]
WAIT_SECONDS: Final = 120.0
SHOWN_FAILURES: Final = 20
LINE_BYTES: Final = 1 << 20


class LoadError(Exception):
    """The load did not begin, go on or end; the message says what failed."""


@dataclass(frozen=True)
class Work:
    """What a load does.

    Attributes:
        target: the ADDRESS that every client is given.
        answered_ids: the file for the ids of calls that were answered.
        name: begins each id.
        clients: how many there are, each with streams of its own.
        callers: of each client; each calls again when it was answered.
        seconds: how long the tool takes.
        timeout_seconds: of each call.
        keepalive_seconds: of each client.
        balancing: of each client.
    """

    target: str
    answered_ids: str
    name: str = "stream"
    clients: int = 4
    callers: int = 4
    seconds: float = 0.0
    timeout_seconds: float = 60.0
    keepalive_seconds: float = 60.0
    balancing: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Failure:
    """A call that was not answered; times are of the monotonic clock.

    Attributes:
        id: of the call.
        kind: the class of its exception.
        execution: what the exception says of it.
        message: of the exception.
        began: when it was made.
        ended: when it failed.
    """

    id: str
    kind: str
    execution: str
    message: str
    began: float
    ended: float


class Load:
    """A load that goes on; `loaded` begins it."""

    def __init__(self, process: asyncio.subprocess.Process, work: Work, log: Path) -> None:
        self._process = process
        self._work = work
        self._log = log
        self._said = asyncio.Event()
        self._is_loading = False
        self.answered = 0
        self.failures: list[Failure] = []
        self.has_ended = False
        self._reading = asyncio.create_task(self._read())

    @property
    def ids(self) -> list[str]:
        """The ids of every call that was answered; whole once it has ended."""
        return Path(self._work.answered_ids).read_text(encoding="utf-8").split()

    async def loading(self) -> None:
        """Wait until every client is connected."""
        await self.until(lambda: self._is_loading, "connected")

    async def more(self, calls: int) -> None:
        """Wait until so many more calls were answered."""
        wanted = self.answered + calls
        await self.until(lambda: self.answered >= wanted, f"answered {calls} calls more")

    async def reached(self, calls: int) -> None:
        """Wait until so many calls were answered in all."""
        await self.until(lambda: self.answered >= calls, f"answered {calls} calls")

    async def until(
        self, holds: Callable[[], bool], what: str, seconds: float = WAIT_SECONDS
    ) -> None:
        """Wait until something holds, which is asked with every word of the load.

        Raises:
            LoadError: it does not in time, or the load has ended.
        """
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while not holds():
                    if self.has_ended or self._reading.done():
                        break
                    self._said.clear()
                    await self._said.wait()
        if not holds():
            raise LoadError(f"the load has not {what} within {seconds:g} s: {self.story}")

    async def finish(self) -> list[Failure]:
        """Let what is in flight be answered, and end; gives what failed."""
        assert self._process.stdin is not None
        with contextlib.suppress(ConnectionError):
            self._process.stdin.close()
        await self.until(lambda: self.has_ended, "ended")
        return self.failures

    @property
    def story(self) -> str:
        """How it went, for a message."""
        shown = [
            f"  {each.id}: {each.kind} {each.execution} after {each.ended - each.began:.3f} s,"
            f" at {each.ended:.3f}: {each.message}"
            for each in self.failures[:SHOWN_FAILURES]
        ]
        written = self._log.read_text(encoding="utf-8", errors="replace")[-2_000:]
        return "\n".join(
            [f"{self.answered} answered, {len(self.failures)} failed", *shown, written]
        )

    async def close(self) -> None:
        """End its process for certain."""
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()
        await self._process.wait()
        await self._reading

    async def _read(self) -> None:
        assert self._process.stdout is not None
        async for line in self._process.stdout:
            self._hear(json.loads(line))
            self._said.set()
        self._said.set()

    def _hear(self, word: dict[str, Any]) -> None:
        self._is_loading = True
        if "failed" in word:
            self.failures.append(Failure(**word["failed"]))
        elif "ended" in word:
            self.answered = word["ended"]
            self.has_ended = True
        else:
            self.answered = word.get("answered", self.answered)


@asynccontextmanager
async def loaded(
    folder: Path, target: str, *, within: Sequence[str] = (), **work: Any
) -> AsyncIterator[Load]:
    """A load while the context is open, every client of it connected.

    Args:
        folder: for its files.
        target: the ADDRESS that every client is given.
        within: a command that runs another one, in whose surroundings the load shall run.
        work: the other attributes of `Work`.
    """
    told = Work(target, str(folder / "answered.ids"), **work)
    log = folder / "load.log"
    with log.open("wb") as errors:
        process = await asyncio.create_subprocess_exec(
            *(*within, sys.executable, "-m", "tests.mesh.load_process", json.dumps(asdict(told))),
            cwd=ROOT,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=errors,
            limit=LINE_BYTES,
        )
    load = Load(process, told, log)
    try:
        await load.loading()
        yield load
    finally:
        await load.close()
