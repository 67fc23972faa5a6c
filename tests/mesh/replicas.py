"""Replicas of one service: processes of `mcpgrpc serve`, ended, killed, stopped and started.

It puts no load on them and routes nothing to them.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
import signal
import time
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from tests.conformance.processes import MCPGRPC

APP: Final = Path(__file__).parent / "apps" / "counting.py"
PORT: Final = 50051
START_SECONDS: Final = 60.0
END_SECONDS: Final = 60.0
LOOK_SECONDS: Final = 0.005
SHOWN_BYTES: Final = 3_000
ANSWERS: Final = b"answers over gRPC"


class ReplicaError(Exception):
    """A replica did not start or end; the message has the end of its log."""


def network() -> str:
    """The first three bytes of loopback addresses that nobody else uses.

    A port of an address of its own stays free while its replica is down, which a free port of
    127.0.0.1 does not: any connection may be given it meanwhile.
    """
    return f"127.{secrets.randbelow(254) + 1}.{secrets.randbelow(256)}"


class Replica:
    """One process of the service, at an address that it keeps over restarts.

    Args:
        address: where it listens.
        folder: for its log and its executions.
        options: of `mcpgrpc serve`.
        environment: variables beside those of this process.

    Attributes:
        address: where it listens.
        log: everything that its processes have written.
    """

    def __init__(
        self,
        address: str,
        folder: Path,
        options: Sequence[str] = (),
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.address = address
        self.log = folder / f"{address}.log"
        self._executions = folder / f"{address}.executions"
        self._executions.touch()
        self._options = options
        self._environment = environment or {}
        self._process: asyncio.subprocess.Process | None = None
        self._reading: asyncio.Task[None] | None = None
        self._answers = asyncio.Event()

    @property
    def ids(self) -> list[str]:
        """What it has executed, over all of its processes, in order."""
        return self._executions.read_text(encoding="utf-8").split()

    async def start(self) -> None:
        """Start a process, and wait until it answers."""
        await self.begin()
        await self.answering()

    async def begin(self) -> None:
        """Start a process."""
        self._answers = asyncio.Event()
        self._process = await asyncio.create_subprocess_exec(
            *(MCPGRPC, "serve", str(APP), "--listen", self.address, *self._options),
            env=self._variables(),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            start_new_session=True,
        )
        self._reading = asyncio.create_task(self._read(self._process, self._answers))

    async def answering(self) -> None:
        """Wait until it says that it answers. Raises ReplicaError when it does not."""
        assert self._reading is not None
        answers = asyncio.create_task(self._answers.wait())
        await asyncio.wait(
            {answers, self._reading},
            timeout=START_SECONDS,
            return_when=asyncio.FIRST_COMPLETED,
        )
        answers.cancel()
        if not self._answers.is_set():
            raise ReplicaError(f"{self.address} does not answer; {self.last_words}")

    async def executing(self) -> None:
        """Wait until it executes something more."""
        before = self._executions.stat().st_size
        async with asyncio.timeout(START_SECONDS):
            while self._executions.stat().st_size == before:  # noqa: ASYNC110  # a file is silent
                await asyncio.sleep(LOOK_SECONDS)

    def signal(self, number: int) -> float:
        """Send a signal; gives when, by the monotonic clock: nothing that it did was earlier."""
        assert self._process is not None
        at = time.monotonic()
        self._process.send_signal(number)
        return at

    async def ended(self) -> int:
        """Wait until its process is over; gives its exit code."""
        assert self._process is not None
        assert self._reading is not None
        try:
            async with asyncio.timeout(END_SECONDS):
                code = await self._process.wait()
                await self._reading
        except TimeoutError:
            raise ReplicaError(f"{self.address} does not end; {self.last_words}") from None
        return code

    async def drained(self) -> None:
        """Send SIGTERM, and wait until it has ended well."""
        self.signal(signal.SIGTERM)
        code = await self.ended()
        if code != 0:
            raise ReplicaError(f"{self.address} ended with {code}; {self.last_words}")

    async def close(self) -> None:
        """End its process for certain."""
        if self._process is None:
            return
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)
        await self.ended()

    @property
    def last_words(self) -> str:
        """The end of its log, for a message."""
        written = self.log.read_bytes() if self.log.exists() else b""
        return f"the log of {self.address}:\n{written[-SHOWN_BYTES:].decode(errors='replace')}"

    def _variables(self) -> dict[str, str]:
        kept = {name: text for name, text in os.environ.items() if not name.startswith("MCPGRPC_")}
        own = {"MESH_EXECUTIONS": str(self._executions), "NO_COLOR": "1", "PYTHONUNBUFFERED": "1"}
        return kept | own | dict(self._environment)

    async def _read(self, process: asyncio.subprocess.Process, answers: asyncio.Event) -> None:
        """Read to the end, so that the process never waits for its reader."""
        assert process.stdout is not None
        with self.log.open("ab", buffering=0) as log:
            async for line in process.stdout:
                log.write(line)
                if ANSWERS in line:
                    answers.set()


class Replicas:
    """Every replica of a service; ids of executions are counted over all of them."""

    def __init__(self, each: Sequence[Replica]) -> None:
        self.each = each

    @property
    def addresses(self) -> list[str]:
        """Where they listen."""
        return [replica.address for replica in self.each]

    @property
    def listed(self) -> str:
        """All of them as one ADDRESS."""
        return ",".join(self.addresses)

    def executions(self) -> Counter[str]:
        """How often each id was executed."""
        return Counter(name for replica in self.each for name in replica.ids)

    def counts(self) -> list[int]:
        """How many executions each replica had."""
        return [len(replica.ids) for replica in self.each]

    @property
    def last_words(self) -> str:
        """The end of every log, for a message."""
        return "\n".join(replica.last_words for replica in self.each)


@asynccontextmanager
async def replicas(
    folder: Path,
    options: Sequence[str] = (),
    *,
    count: int = 3,
    started: int | None = None,
    environment: Mapping[str, str] | None = None,
) -> AsyncIterator[Replicas]:
    """So many replicas while the context is open, the first `started` of them running."""
    own = network()
    each = [
        Replica(f"{own}.{number}:{PORT}", folder, options, environment)
        for number in range(1, count + 1)
    ]
    try:
        await asyncio.gather(*(replica.start() for replica in each[:started]))
        yield Replicas(each)
    finally:
        await asyncio.gather(*(replica.close() for replica in each))
