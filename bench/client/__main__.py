"""`python -m bench.client SPEC`: connects once, then does what each line of standard input asks.

It answers each line with a line of JSON, and ends when standard input does, so it never outlives
whoever started it.
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import json
import resource
import sys
import traceback
from collections.abc import Awaitable, Callable
from typing import Any, Final

from bench.client.blocks import Block, fresh_numbers
from bench.client.works import Work, work_of
from bench.processes import REPOSITORY

LINE_BYTES: Final = 1 << 20
MAX_FAILURE_CHARACTERS: Final = 200

CALLERS: Final = {
    "lean": "bench.client.callers:lean",
    "sdk_grpc": "bench.client.callers:sdk_grpc",
    "sdk_http": "bench.client.callers:sdk_http",
    "rapid": "bench.client.rapid:rapid",
    "echo": "bench.client.echoes:echo",
    "unary": "bench.client.echoes:unary",
}
"""Loaded when asked for: a client process holds one library and no other."""

ERRANDS: Final = {
    "hold": "bench.client.streams:Holding",
    "many": "bench.client.streams:ManyCalls",
    "never_read": "bench.client.unread:NeverReading",
}
"""What is not a timed block: made of (target, options), then called with each command."""


def loaded(name: str) -> Callable[..., Any]:
    """What a `module:function` names."""
    module, _, function = name.partition(":")
    found: Callable[..., Any] = getattr(importlib.import_module(module), function)
    return found


class Timed:
    """A connected caller and its blocks."""

    def __init__(self, caller: Any) -> None:
        self._caller = caller
        self._numbers = fresh_numbers()

    async def __call__(self, command: dict[str, Any]) -> dict[str, Any]:
        """Run the block of a command, and work beside it where it names some."""
        block = Block(self._work(command["work"]), self._numbers)
        timed = block.run(command["at_once"], command["seconds"], command["server_pid"])
        if "beside" not in command:
            return await timed
        other = Block(self._work(command["beside"]), self._numbers)
        beside = asyncio.create_task(other.background())
        try:
            return await self._unless_failed(timed, beside)
        finally:
            beside.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await beside

    async def _unless_failed(
        self, timed: Awaitable[dict[str, Any]], beside: asyncio.Task[None]
    ) -> dict[str, Any]:
        figures = await timed
        if beside.done():
            # It ends by failing alone; what ran beside nothing does not count.
            beside.result()
        return figures

    def _work(self, wanted: dict[str, Any]) -> Work:
        name, options = wanted["name"], wanted.get("options", {})
        if hasattr(self._caller, "work"):
            work: Work = self._caller.work()
            return work
        return work_of(self._caller, name, options)


async def serve_lines(answer: Callable[[dict[str, Any]], Awaitable[dict[str, Any]]]) -> None:
    """Answer each line until there are no more."""
    reader = asyncio.StreamReader(limit=LINE_BYTES)
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    say({"ready": True})
    while line := await reader.readline():
        try:
            say(await answer(json.loads(line)))
        except Exception as error:  # noqa: BLE001 - whatever a peer raises is the block's failure
            say({"failure": failure_of(error)})


def failure_of(error: BaseException) -> str:
    """One line that names what went wrong at the root."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    where = traceback.extract_tb(error.__traceback__)
    place = f" ({where[-1].name})" if where else ""
    # What a peer's trace names on this machine is nobody's matter.
    text = str(error).replace(str(REPOSITORY), "…").replace("\n", " ")
    return f"{type(error).__name__}: {text}"[:MAX_FAILURE_CHARACTERS] + place


def say(message: dict[str, Any]) -> None:
    """A line for whoever asked."""
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()


def raise_file_limit() -> None:
    """As many files as the machine lets this process have: thousands of connections need them."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


async def main(spec: dict[str, Any]) -> None:
    """Connect as the spec says, and serve."""
    kind, target, options = spec["kind"], spec["target"], spec.get("options", {})
    if kind in ERRANDS:
        await serve_lines(loaded(ERRANDS[kind])(target, options))
        return
    async with loaded(CALLERS[kind])(target, options) as caller:
        await serve_lines(Timed(caller))


if __name__ == "__main__":
    given = json.loads(sys.argv[1])
    raise_file_limit()
    factory = loaded("uvloop:new_event_loop") if given.get("loop") == "uvloop" else None
    with asyncio.Runner(loop_factory=factory) as runner:
        runner.run(main(given))
