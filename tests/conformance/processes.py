"""Commands as a user types them: started, awaited until they say that they answer, and ended.

It knows no particular command.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import shlex
import signal
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

ANSWER_SECONDS: Final = 60
"""How long a command may take until it answers: several start at once on two cores."""

END_SECONDS: Final = 15
SHOWN_BYTES: Final = 4000
MCPGRPC = str(Path(sys.executable).parent / "mcpgrpc")


class ProcessError(Exception):
    """A command did not answer or ended early; the message has the end of what it wrote."""


@asynccontextmanager
async def started(
    command: Sequence[str], answers: str, log: Path, environment: Mapping[str, str] | None = None
) -> AsyncIterator[str]:
    """Run a command while the context is open; gives what the group of `answers` matched.

    Args:
        command: its words.
        answers: a pattern with one group, searched in each line that the command writes until it
            is found; what it matches is where the command answers.
        log: everything that the command writes, on both streams.
        environment: variables beside those of this process.

    Raises:
        ProcessError: no such line within ANSWER_SECONDS.
    """
    process = await asyncio.create_subprocess_exec(
        *command,
        env=_environment(environment or {}),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        start_new_session=True,
    )
    reading: asyncio.Task[None] | None = None
    try:
        found = await _first(process, re.compile(answers), log, shlex.join(command))
        reading = asyncio.create_task(_read_on(process, log))
        yield found
    finally:
        await _end(process)
        if reading is not None:
            await reading


async def _first(
    process: asyncio.subprocess.Process, answers: re.Pattern[str], log: Path, command: str
) -> str:
    assert process.stdout is not None
    with contextlib.suppress(TimeoutError), log.open("wb", buffering=0) as file:
        async with asyncio.timeout(ANSWER_SECONDS):
            async for line in process.stdout:
                file.write(line)
                if found := answers.search(line.decode(errors="replace")):
                    return found[1]
    raise ProcessError(f"{command} did not say that it answers; it wrote:\n{_end_of(log)}")


def _end_of(log: Path) -> str:
    return log.read_bytes()[-SHOWN_BYTES:].decode(errors="replace")


async def _read_on(process: asyncio.subprocess.Process, log: Path) -> None:
    """Read to the end, so that the command never waits for its reader."""
    assert process.stdout is not None
    with log.open("ab", buffering=0) as file:
        while read := await process.stdout.read(1 << 16):
            file.write(read)


async def _end(process: asyncio.subprocess.Process) -> None:
    """Ask it to end, and end its whole group where it does not."""
    with contextlib.suppress(ProcessLookupError, TimeoutError):
        process.terminate()
        async with asyncio.timeout(END_SECONDS):
            await process.wait()
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    await process.wait()


def _environment(more: Mapping[str, str]) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("MCPGRPC_")}
    return kept | {"NO_COLOR": "1", "COLUMNS": "200", "PYTHONUNBUFFERED": "1"} | dict(more)
