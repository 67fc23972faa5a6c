"""Constant load of the Python client, in a process of its own: `python -m tests.mesh.load_process`.

It says on stdout how many calls were answered so far, and at the end of stdin, once what is in
flight was answered, what failed. It judges nothing.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import threading
import time
from contextlib import AsyncExitStack
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final, TextIO

# Before grpc is loaded: its core would write about every connection that is lost.
os.environ.setdefault("GRPC_VERBOSITY", "ERROR")

from mcpgrpc import Client
from mcpgrpc.balancing import BalancingConfig
from mcpgrpc.errors import ConnectionLost, McpGrpcError, ServiceError
from tests.mesh.load import Failure, Work

SAID_EACH: Final = 50
"""Answers between two words about them."""

MAX_FAILURES: Final = 500
"""A load that fails so often has shown enough."""


@dataclass
class Running:
    """The load while it goes on."""

    work: Work
    ids: TextIO
    answered: int = 0
    failures: list[Failure] = field(default_factory=list)
    ending: bool = False

    async def run(self) -> None:
        """Call until the end, from every client at once."""
        balancing = BalancingConfig(**self.work.balancing)
        clients = [
            Client(
                self.work.target,
                balancing=balancing,
                mode="2026-07-28",
                timeout_seconds=self.work.timeout_seconds,
                keepalive_seconds=self.work.keepalive_seconds,
            )
            for _ in range(self.work.clients)
        ]
        async with AsyncExitStack() as stack:
            for client in clients:
                await stack.enter_async_context(client)
            tell({"loading": True})
            callers = [
                self._call(client, f"{self.work.name}-{number}-{caller}")
                for number, client in enumerate(clients)
                for caller in range(self.work.callers)
            ]
            await asyncio.gather(*callers)

    async def _call(self, client: Client, caller: str) -> None:
        number = 0
        while not self.ending and len(self.failures) < MAX_FAILURES:
            number += 1
            name = f"{caller}-{number}"
            began = time.monotonic()
            try:
                result = await client.call_tool(
                    "record", {"id": name, "seconds": self.work.seconds}
                )
                if result.is_error or result.content[0].text != name:
                    raise McpGrpcError(f"a wrong answer: {result}")
            except McpGrpcError as error:
                self._failed(name, error, began)
            else:
                self.ids.write(f"{name}\n")
                self._count()

    def _count(self) -> None:
        self.answered += 1
        if self.answered % SAID_EACH == 0:
            tell({"answered": self.answered})

    def _failed(self, name: str, error: McpGrpcError, began: float) -> None:
        execution = error.execution if isinstance(error, (ConnectionLost, ServiceError)) else ""
        failure = Failure(
            name, type(error).__name__, execution, str(error), began, time.monotonic()
        )
        self.failures.append(failure)
        tell({"failed": asdict(failure)})


def tell(word: dict[str, Any]) -> None:
    """One line for the test."""
    sys.stdout.write(json.dumps(word) + "\n")
    sys.stdout.flush()


async def main() -> None:
    """Do the work that the command line says."""
    work = Work(**json.loads(sys.argv[1]))
    with Path(work.answered_ids).open("w", encoding="utf-8") as ids:  # noqa: ASYNC230  # it is local
        await load(Running(work, ids))


async def load(running: Running) -> None:
    """Run it, and end it with stdin."""
    loop = asyncio.get_running_loop()

    def end() -> None:
        running.ending = True

    def wait_for_the_end() -> None:
        sys.stdin.read()
        loop.call_soon_threadsafe(end)

    threading.Thread(target=wait_for_the_end, daemon=True).start()
    await running.run()
    running.ids.flush()
    tell({"ended": running.answered})


if __name__ == "__main__":
    asyncio.run(main())
