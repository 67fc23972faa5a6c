"""Constant load of typed unary calls: ghz, one batch after the other until told to end.

Every call of it has an id of its own, as those of the Python client have.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from tests.interop.envoy import descriptor_set
from tests.interop.programs import required

BATCH: Final = 400
BATCH_SECONDS: Final = 60.0
SHOWN_ERRORS: Final = 10


@dataclass(frozen=True)
class TypedFailure:
    """A call that was not answered OK.

    Attributes:
        status: of gRPC.
        message: what came with it.
        began: when it was made, in seconds of Unix time.
        ended: when it failed.
    """

    status: str
    message: str
    began: float
    ended: float


class TypedLoad:
    """A load that goes on; `typed_load` begins it.

    Attributes:
        answered: calls that were answered OK.
        failures: the others.
    """

    def __init__(self, address: str, folder: Path, concurrency: int, seconds: float) -> None:
        self._address = address
        self._concurrency = concurrency
        self._seconds = seconds
        self._descriptors = descriptor_set(folder)
        self._ending = False
        self._batches = asyncio.Condition()
        self.answered = 0
        self.failures: list[TypedFailure] = []
        self._running = asyncio.create_task(self._run())

    async def more_batches(self, count: int = 1) -> None:
        """Wait until so many batches that begin from now on were answered."""
        seen = 0
        async with asyncio.timeout(BATCH_SECONDS * (count + 1)), self._batches:
            while seen <= count and not self._running.done():
                await self._batches.wait()
                seen += 1
        if self._running.done():
            self._running.result()

    async def finish(self) -> list[TypedFailure]:
        """Let the batch that runs be answered, and end; gives what failed."""
        self._ending = True
        await self._running
        return self.failures

    async def close(self) -> None:
        """End at once."""
        self._running.cancel()
        await asyncio.wait({self._running})

    @property
    def story(self) -> str:
        """How it went, for a message."""
        shown = [f"  {each}" for each in self.failures[:SHOWN_ERRORS]]
        return "\n".join([f"{self.answered} typed, {len(self.failures)} failed", *shown])

    async def _run(self) -> None:
        for number in itertools.count(1):
            if self._ending:
                return
            try:
                self._count(await self._batch(number))
            finally:
                async with self._batches:
                    self._batches.notify_all()

    def _count(self, said: Any) -> None:
        for each in said["details"]:
            if each["status"] == "OK":
                self.answered += 1
                continue
            began = datetime.fromisoformat(each["timestamp"]).timestamp()
            ended = began + each["latency"] / 1e9
            self.failures.append(TypedFailure(each["status"], each["error"], began, ended))
        assert said["count"] == BATCH, said

    async def _batch(self, number: int) -> Any:
        arguments = json.dumps({"id": f"typed-{number}-{{{{.RequestNumber}}}}"})
        if self._seconds:
            arguments = arguments[:-1] + f', "seconds": {self._seconds}}}'
        data = json.dumps({"name": "record", "arguments_json": arguments})
        words = ["--insecure", "--call", "mcpgrpc.v1.ToolsService/CallTool", "--data", data]
        words += ["--protoset", str(self._descriptors), "--format", "json"]
        words += ["--total", str(BATCH), "--concurrency", str(self._concurrency)]
        process = await asyncio.create_subprocess_exec(
            *(required("ghz"), *words, self._address),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        try:
            async with asyncio.timeout(BATCH_SECONDS):
                output, errors = await process.communicate()
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        assert process.returncode == 0, errors.decode() + output.decode()
        return json.loads(output)


@asynccontextmanager
async def typed_load(
    folder: Path, address: str, *, concurrency: int = 4, seconds: float = 0.0
) -> AsyncIterator[TypedLoad]:
    """A load while the context is open.

    Args:
        folder: for its files.
        address: where it goes.
        concurrency: calls at once.
        seconds: how long the tool takes.
    """
    load = TypedLoad(address, folder, concurrency, seconds)
    try:
        yield load
    finally:
        await load.close()


def unix_time(monotonic: float) -> float:
    """A time of the monotonic clock as Unix time."""
    return time.time() - time.monotonic() + monotonic
