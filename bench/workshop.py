"""What scenarios are run with: processes of contenders by name, in a folder with all they need.

It starts and ends them; what they are asked is the scenario's matter.
"""

from __future__ import annotations

import asyncio
import itertools
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench.contenders import CONTENDERS, SERVERS
from bench.processes import (
    ClientProcess,
    Pinning,
    RunningServer,
    pinned,
    running_client,
    running_server,
)


@dataclass(frozen=True, slots=True)
class Running:
    """A contender that is up."""

    client: ClientProcess
    server: RunningServer


@dataclass(frozen=True, slots=True)
class Scale:
    """How long a run takes its time: the full form, or the quick one.

    Attributes:
        name: "full" or "quick".
        repeats: of each figure; medians are of at least 5.
        block_seconds: each timed block.
        warm_seconds: each block before, which does not count.
        parts: what counts of streams and calls are divided by.
    """

    name: str
    repeats: int
    block_seconds: float
    warm_seconds: float
    parts: int

    @property
    def is_thorough(self) -> bool:
        """Whether everything is measured, whatever time it takes."""
        return self.parts == 1


FULL = Scale("full", 5, 1.0, 0.5, 1)
QUICK = Scale("quick", 5, 0.2, 0.1, 10)


@dataclass(frozen=True, slots=True)
class Workshop:
    """Where a run works.

    Attributes:
        folder: for logs, and the materials of secured variants.
        pinning: who runs where.
        scale: how thoroughly.
    """

    folder: Path
    pinning: Pinning
    scale: Scale
    _counter: itertools.count[int] = field(default_factory=itertools.count)

    @asynccontextmanager
    async def server(self, name: str) -> AsyncIterator[RunningServer]:
        """The server of a name, up while the context is open."""
        spec = SERVERS[name]
        command = pinned(self.pinning.server, [self._filled(word) for word in spec.command])
        log = self._log(f"server-{name}")
        async with running_server(command, spec.answers, log, spec.environment) as server:
            yield server

    @asynccontextmanager
    async def client(self, name: str, server: RunningServer) -> AsyncIterator[ClientProcess]:
        """The client of a contender, connected to a server."""
        contender = CONTENDERS[name]
        options = {key: self._filled(value) for key, value in contender.options.items()}
        spec = {
            "kind": contender.client,
            "target": server.target,
            "options": options,
            "loop": contender.loop,
        }
        log = self._log(f"client-{name}")
        cpus = self.pinning.client
        async with running_client(spec, cpus, log, contender.environment) as client:
            yield client

    @asynccontextmanager
    async def errand(self, kind: str, server: RunningServer) -> AsyncIterator[ClientProcess]:
        """A client process that does what is no timed block."""
        spec = {"kind": kind, "target": server.target}
        log = self._log(f"client-{kind}")
        async with running_client(spec, self.pinning.client, log, {}) as client:
            yield client

    def _log(self, name: str) -> Path:
        return self.folder / f"{next(self._counter):03d}-{name}.log"

    def _filled(self, value: Any) -> Any:
        if not isinstance(value, str):
            return value
        return value.replace("{materials}", str(self.folder))


class Line:
    """Contenders side by side: each is started once, and those of one server share it."""

    def __init__(self, workshop: Workshop, stack: AsyncExitStack) -> None:
        self._workshop = workshop
        self._stack = stack
        self._servers: dict[str, RunningServer] = {}
        self._starting: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self.running: dict[str, Running] = {}

    async def start(self, name: str) -> None:
        """Bring a contender up, also again, and its server where none of the line has.

        Raises:
            ProcessError: one of them does not come up.
        """
        server = await self._server(CONTENDERS[name].server)
        client = await self._stack.enter_async_context(self._workshop.client(name, server))
        self.running[name] = Running(client, server)

    async def _server(self, key: str) -> RunningServer:
        async with self._starting[key]:
            if key not in self._servers:
                server = await self._stack.enter_async_context(self._workshop.server(key))
                self._servers[key] = server
        return self._servers[key]
