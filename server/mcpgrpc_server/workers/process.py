"""One worker as its supervisor sees it: a process, what it says of itself, and how it ended.

It is started by exec: gRPC's threads and locks do not survive a fork. It does not decide what
becomes of the place of a worker that ended.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import socket
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from mcpgrpc_server.workers.frames import BrokenFrameError, framed, read_message
from mcpgrpc_server.workers.orders import Orders

logger = logging.getLogger("mcpgrpc.workers")

LOOKS: Final = 8
"""At a worker, before it counts as stuck. Looks are counted and not seconds: a supervisor that was
stopped itself has looked once meanwhile."""

FAILED: Final = 1
"""What a command exits with that could not do its work."""

LAST_WORDS_SECONDS: Final = 5.0
"""How long what a worker that ended has said may take to be read."""

ABORT_SECONDS: Final = 1.0
"""How long a stuck worker has to say where it is stuck, before it is killed."""


@dataclass(frozen=True, slots=True)
class Ended:
    """How a worker ended.

    Attributes:
        code: what the process exited with; below 0 the signal that ended it.
        served_seconds: since it began to serve; 0 where it never did.
        reason: what it said why it cannot serve; "" where it said nothing.
        reason_code: what the command is to exit with for that.
        is_stuck: whether it was ended since its event loop did nothing.
    """

    code: int
    served_seconds: float = 0.0
    reason: str = ""
    reason_code: int = 0
    is_stuck: bool = False

    def text(self) -> str:
        """For people, to stand after "worker 1"."""
        if self.reason:
            return f"cannot serve ({self.reason})"
        if self.is_stuck:
            return "was stuck and is ended"
        if self.code < 0:
            return f"was ended by {_signal_name(-self.code)}"
        return f"ended with exit code {self.code}"


def not_started(error: OSError) -> Ended:
    """The end of a worker whose process the system did not start."""
    return Ended(FAILED, reason=f"no process can be started: {error.strerror}", reason_code=FAILED)


class WorkerProcess:
    """A worker that runs, from `started` to what `ended` gives.

    Attributes:
        number: which of the workers it is.
        is_serving: whether it has said that it serves.
        banner: what it would print, once it serves.
        metrics_address: where its own metrics are, once it serves; "" without.
        health: its status of each service, as it last said.
    """

    def __init__(
        self,
        number: int,
        process: asyncio.subprocess.Process,
        pipe: tuple[asyncio.StreamReader, asyncio.StreamWriter],
        changed: Callable[[], None],
    ) -> None:
        self.number = number
        self.is_serving = False
        self.banner = ""
        self.metrics_address = ""
        self.health: Mapping[str, int] = {}
        self._process = process
        self._reader, self._writer = pipe
        self._changed = changed
        self._began = 0.0
        self._reason = ""
        self._reason_code = 0
        self._silent_looks = 0
        self._is_stuck = False

    @classmethod
    async def started(cls, orders: Orders, changed: Callable[[], None]) -> WorkerProcess:
        """Start a worker.

        Args:
            orders: what it is told.
            changed: called whenever it said something of its health.

        Raises:
            OSError: the system starts no process.
        """
        ours, theirs = socket.socketpair()
        with theirs:
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                # What lies in the current folder must not stand in for a module of ours.
                "-P",
                *("-m", "mcpgrpc_server.workers", str(theirs.fileno())),
                stdin=asyncio.subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
            )
        pipe = await asyncio.open_unix_connection(sock=ours)
        pipe[1].write(framed(orders.packed()))
        return cls(orders.number, process, pipe, changed)

    @property
    def pid(self) -> int:
        """Its process."""
        return self._process.pid

    def drain(self) -> None:
        """Let it finish what runs, and end."""
        self._signal(signal.SIGTERM)

    def kill(self) -> None:
        """End it now, whatever runs."""
        self._signal(signal.SIGKILL)

    async def ended(self, hang_seconds: float) -> Ended:
        """Wait until it has ended, by itself or since its loop did nothing for so long.

        A cancellation kills it.
        """
        reading = asyncio.create_task(self._read(), name=f"worker {self.number}")
        watching = asyncio.create_task(self._watch(hang_seconds), name=f"watch {self.number}")
        try:
            code = await self._process.wait()
            # What it said last is still to be read.
            await asyncio.wait({reading}, timeout=LAST_WORDS_SECONDS)
        finally:
            self.kill()
            watching.cancel()
            reading.cancel()
            self._writer.close()
        served = time.monotonic() - self._began if self.is_serving else 0.0
        self.is_serving = False
        self._changed()
        return Ended(code, served, self._reason, self._reason_code, self._is_stuck)

    async def _read(self) -> None:
        try:
            while (message := await read_message(self._reader)) is not None:
                self._silent_looks = 0
                self._hear(message)
        except (BrokenFrameError, AttributeError, KeyError, TypeError, ValueError) as error:
            logger.error("worker %d makes no sense and is ended: %s", self.number, error)
            self.kill()

    def _hear(self, message: Mapping[str, Any]) -> None:
        kind = message["kind"]
        if kind == "serving":
            self.banner = str(message["banner"])
            self.metrics_address = str(message["metrics"])
            self._began = time.monotonic()
            self.is_serving = True
        elif kind == "failed":
            self._reason = str(message["message"])
            self._reason_code = int(message["code"])
        elif "health" in message:
            self.health = {str(name): int(status) for name, status in message["health"].items()}
        else:
            return
        self._changed()

    async def _watch(self, hang_seconds: float) -> None:
        """A start may take as long as the app needs; whoever has served must go on."""
        while self._silent_looks < LOOKS:
            await asyncio.sleep(hang_seconds / LOOKS)
            if self.is_serving:
                self._silent_looks += 1
        self._is_stuck = True
        logger.error(
            "worker %d (pid %d) did nothing for %g s and is ended; where it was, it says itself",
            *(self.number, self.pid, hang_seconds),
        )
        self._signal(signal.SIGABRT)
        await asyncio.sleep(ABORT_SECONDS)
        self.kill()

    def _signal(self, number: int) -> None:
        if self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
