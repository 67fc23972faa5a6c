"""Many streams in one process: idle ones that are held, and busy ones that share a count of calls.

What they cost the server is for the driver to ask the kernel.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import time
from typing import Any, Final

import mcpgrpc
from bench.client.callers import lean_client
from bench.client.works import WrongAnswerError, second_term
from bench.process_figures import resident_bytes

OPENING_AT_ONCE: Final = 100
CONNECTIONS_APART: Final = 10
TENTHS: Final = 10


class Holding:
    """Opens streams and keeps them without a word.

    Each has made its handshake, so the server holds all that a client in use has.
    """

    def __init__(self, target: str, options: dict[str, Any]) -> None:
        self._target = target
        self._options = options
        self._stack = contextlib.AsyncExitStack()

    async def __call__(self, command: dict[str, Any]) -> dict[str, Any]:
        """Open `streams` more within `seconds`; all of them stay open until the process ends."""
        began = time.perf_counter()
        opening = asyncio.Semaphore(OPENING_AT_ONCE)
        async with asyncio.timeout(command["seconds"]), asyncio.TaskGroup() as group:
            for _ in range(command["streams"]):
                group.create_task(self._open(opening))
        return {"streams": command["streams"], "seconds": time.perf_counter() - began}

    async def _open(self, opening: asyncio.Semaphore) -> None:
        async with opening:
            client = lean_client(self._target, self._options)
            await client.__aenter__()
        self._stack.push_async_exit(client)


class ManyCalls:
    """So many calls over so many streams; each answer is checked, and executions are counted."""

    def __init__(self, target: str, options: dict[str, Any]) -> None:
        self._target = target
        self._options = options

    async def __call__(self, command: dict[str, Any]) -> dict[str, Any]:
        """Make `calls` over `streams` with `at_once` callers each, within `seconds`.

        Gives the rate, and the server's memory after each tenth of the calls.

        Raises:
            WrongAnswerError: a call got the answer of another, or the server executed one of them
                never or twice.
            TimeoutError: they did not end in time.
        """
        async with contextlib.AsyncExitStack() as stack:
            clients = [
                await stack.enter_async_context(lean_client(self._target, self._options))
                for _ in range(command["streams"])
            ]
            run = _Run(command["calls"], command["server_pid"])
            began = time.perf_counter()
            async with asyncio.timeout(command["seconds"]), asyncio.TaskGroup() as group:
                for client, _ in itertools.product(clients, range(command["at_once"])):
                    group.create_task(run.caller(client))
            elapsed = time.perf_counter() - began
            await _check_executions(clients[0], command["calls"])
        return {"rate": run.answered / elapsed, "seconds": elapsed, "resident": run.resident}


class _Run:
    """The calls of one run and what the server held on the way."""

    def __init__(self, calls: int, server_pid: int) -> None:
        self._numbers = iter(range(1, calls + 1))
        self._server_pid = server_pid
        self._tenth = max(calls // TENTHS, 1)
        self.answered = 0
        self.resident: list[int | None] = []

    async def caller(self, client: mcpgrpc.Client) -> None:
        """Call until the numbers end."""
        for number in self._numbers:
            term = second_term(number)
            result = await client.call_tool("add_once", {"a": number, "b": term})
            content = result.structured_content
            if content is None or content["result"] != number + term:
                raise WrongAnswerError(f"add_once({number}, {term}) gave {content!r}")
            self.answered += 1
            if self.answered % self._tenth == 0:
                self.resident.append(resident_bytes(self._server_pid))


async def _check_executions(client: mcpgrpc.Client, calls: int) -> None:
    result = await client.call_tool("tally", {})
    executed = (result.structured_content or {})["result"]
    # Count, sum and sum of squares of 1 to n: a number left out and another run twice would show.
    wanted = [
        calls,
        calls * (calls + 1) // 2,
        calls * (calls + 1) * (2 * calls + 1) // 6,
    ]
    if executed != wanted:
        raise WrongAnswerError(f"{calls} calls were executed as {executed}, not {wanted}")
