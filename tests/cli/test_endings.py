"""Commands that end in the middle: Ctrl-C, and a reader that goes away."""

from __future__ import annotations

import asyncio
import os
import signal

import pytest

from tests.cli.app import Watched
from tests.cli.conftest import COMMAND, MAX_SECONDS, environment


async def start(*words: str, stdout: int = asyncio.subprocess.PIPE) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        *COMMAND,
        *words,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=stdout,
        stderr=asyncio.subprocess.PIPE,
        env=environment(),
    )


async def test_ctrl_c_cancels_the_call_on_the_server_and_exits_130(
    address: str, watched: Watched
) -> None:
    async with asyncio.timeout(MAX_SECONDS):
        process = await start("call", address, "wait")
        await watched.started.wait()
        process.send_signal(signal.SIGINT)
        out, err = await process.communicate()
        await watched.cancelled.wait()
    assert (process.returncode, out, err) == (130, b"", b"")


async def test_a_reader_that_goes_away_ends_the_command_without_a_word(address: str) -> None:
    read_end, write_end = os.pipe()
    os.close(read_end)
    async with asyncio.timeout(MAX_SECONDS):
        process = await start("call", address, "long", "lines=100000", stdout=write_end)
        os.close(write_end)
        _, err = await process.communicate()
    assert (process.returncode, err) == (1, b"")


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="a full disk that Linux provides")
async def test_output_that_cannot_be_written_is_one_line(address: str) -> None:
    full = os.open("/dev/full", os.O_WRONLY)
    async with asyncio.timeout(MAX_SECONDS):
        process = await start("tools", address, stdout=full)
        os.close(full)
        _, err = await process.communicate()
    assert (process.returncode, len(err.splitlines())) == (1, 1)
    assert b"No space left" in err
